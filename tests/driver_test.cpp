// SPDX-License-Identifier: BSL-1.0
// The drivers of real time: the clock, waiting, waking, cancelling, closing.
// (driver_transfer_test.cpp: what operations do.)
#include "tests/driver_fixture.hpp"
#include "tests/signal_storm.hpp"

#include <atomic>
#include <csignal>
#include <thread>

namespace galley_test {
namespace {

template <class Driver>
class driver_test : public driver_suite<Driver> {};
TYPED_TEST_SUITE(driver_test, both_drivers, driver_names);

TYPED_TEST(driver_test, clock_starts_near_zero_and_does_not_go_back) {
    instant last = galley::epoch;
    for (int i = 0; i < 1000; ++i) {
        const instant now = this->driver.now();
        ASSERT_GE(now, last);
        last = now;
    }
}

// TIME-2, O1: nanoseconds that are cut off to milliseconds, or to microseconds, show here.
TYPED_TEST(driver_test, no_timeout_is_early) {
    for (const galley::duration d : {0ns, 1ns, 999ns, 100'001ns, 999'999ns, 1'000'001ns, 1'999'999ns, 3'141'592ns}) {
        for (int i = 0; i < 10; ++i) {
            const instant until = this->driver.now() + d;
            this->wait(until);
            ASSERT_GE(this->driver.now(), until) << d.count() << " ns";
        }
    }
}

TYPED_TEST(driver_test, a_time_that_is_past_does_not_block) {
    this->wait(galley::epoch);
    this->ask();
    EXPECT_TRUE(this->reported.empty());
}

TYPED_TEST(driver_test, for_ever_is_a_timeout_like_any) {
    this->driver.get_waker()->wake();
    this->wait(galley::end_of_time);
}

// WAIT-3: the token is sticky, the next wait consumes it, and it is one token however often it was set.
TYPED_TEST(driver_test, wakes_before_a_wait_end_that_wait_and_no_other) {
    for (int i = 0; i < 1000; ++i) {
        this->driver.get_waker()->wake();
    }
    const instant limit = this->driver.now() + for_ever;
    this->wait(limit);
    EXPECT_LT(this->driver.now(), limit);

    const instant until = this->driver.now() + 3ms;
    this->wait(until);
    EXPECT_GE(this->driver.now(), until) << "a token was left over";
}

// W7: a kernel that has room for no more tokens has enough of them. A pipe holds 65,536.
TYPED_TEST(driver_test, more_wakes_than_the_kernel_holds_are_one_token) {
    for (int i = 0; i < 70'000; ++i) {
        this->driver.get_waker()->wake();
    }
    const instant limit = this->driver.now() + for_ever;
    this->wait(limit);
    EXPECT_LT(this->driver.now(), limit);
    const instant until = this->driver.now() + 3ms;
    this->wait(until);
    EXPECT_GE(this->driver.now(), until) << "a token was left over";
}

TYPED_TEST(driver_test, asking_leaves_the_token_to_the_wait) {
    const pair p = make_pipe();
    test_op& read = this->op(io::read, p.a, 1);
    ASSERT_TRUE(this->in_flight(read));
    for (int i = 0; i < 3; ++i) {
        this->driver.get_waker()->wake();
        this->ask();
        this->ask();
        const instant limit = this->driver.now() + for_ever;
        this->wait(limit);
        ASSERT_LT(this->driver.now(), limit);
    }
    this->expect_silence();
}

TYPED_TEST(driver_test, a_completion_and_a_wake_do_not_hide_each_other) {
    const pair p = make_pipe();
    for (int i = 0; i < 100; ++i) {
        test_op& read = this->op(io::read, p.a, 1);
        ASSERT_TRUE(this->in_flight(read));
        send_all(p.b, "x");
        this->driver.get_waker()->wake();
        this->wait_until_reported(static_cast<std::size_t>(i) + 1);
    }
}

// W1, W2, W6: each wake from another thread ends a wait that was under way or is to come.
TYPED_TEST(driver_test, no_wake_of_another_thread_is_lost) {
    constexpr int rounds = 20'000;
    std::atomic<int> asked_for{0};
    std::atomic<int> woken{0};
    std::thread other{[&, waker = this->driver.get_waker()] {
        for (int i = 1; i <= rounds; ++i) {
            while (asked_for.load() < i) {
                std::this_thread::yield();
            }
            woken.store(i);
            waker->wake();
        }
    }};
    const instant limit = this->driver.now() + for_ever;
    for (int i = 1; i <= rounds; ++i) {
        asked_for.store(i);
        while (woken.load() < i && this->driver.now() < limit) {
            this->wait(limit);
        }
    }
    EXPECT_LT(this->driver.now(), limit);
    asked_for.store(rounds);
    other.join();
}

// POST-4, L1: the sanitizers see what goes wrong here.
TEST(driver_waker, may_be_used_while_and_after_its_driver_is_destroyed) {
    const auto over = []<class Driver>(std::type_identity<Driver>) {
        for (int i = 0; i < 100; ++i) {
            auto driver = std::make_unique<Driver>();
            std::atomic<bool> go_on{true};
            std::thread other{[&, waker = driver->get_waker()] {
                while (go_on.load()) {
                    waker->wake();
                }
                waker->wake();
            }};
            galley::operation_list done;
            driver->wait(std::nullopt, done);
            driver.reset();
            const pair reused = make_socketpair();  // takes the numbers that became free, if any did
            go_on.store(false);
            other.join();
            ASSERT_EQ(read_available(reused.a) + read_available(reused.b), "")
                << "a wake for somebody else's descriptor";
            ASSERT_GE(::fcntl(reused.a.get(), F_GETFD), 0) << "somebody else's descriptor was closed";
            ASSERT_GE(::fcntl(reused.b.get(), F_GETFD), 0) << "somebody else's descriptor was closed";
        }
    };
    over(std::type_identity<galley::ref::poll_driver>{});
    over(std::type_identity<galley::fast::epoll_driver>{});
}

// IO-3
TYPED_TEST(driver_test, cancelling_is_reported_by_the_next_ask_once) {
    const pair p = make_socketpair();
    test_op& read = this->op(io::read, p.a, 8);
    ASSERT_TRUE(this->in_flight(read));
    this->driver.cancel(read);
    this->driver.cancel(read);
    this->ask();
    ASSERT_EQ(this->reported.size(), 1U);
    EXPECT_TRUE(read.is_cancelled());
    this->expect_silence();

    send_all(p.b, "later");
    this->expect_silence();
    EXPECT_EQ(read_available(p.a), "later") << "IO-2: the buffer is not touched any more, and nothing is swallowed";
}

TYPED_TEST(driver_test, cancelling_ends_a_blocking_wait_and_spares_the_others) {
    const pair p = make_socketpair();
    test_op& first = this->op(io::read, p.a, 8);
    test_op& second = this->op(io::read, p.a, 8);
    test_op& third = this->op(io::readable, p.a);
    for (test_op* const op : {&first, &second, &third}) {
        ASSERT_TRUE(this->in_flight(*op));
    }
    this->driver.cancel(second);
    this->wait(std::nullopt);
    EXPECT_EQ(this->reported, (std::vector<galley::operation*>{&second}));
    send_all(p.b, "for the first");
    this->wait_until_reported(3);
    EXPECT_EQ(first.text(), "for the ");
    EXPECT_TRUE(third.is_ok());
}

// IO-6: what was in flight ends with ECANCELED, reads before writes.
TYPED_TEST(driver_test, closing_ends_what_is_in_flight) {
    pair p = make_socketpair();
    fill(p.a);
    test_op& write = this->op(p.a, "no room");
    test_op& read = this->op(io::read, p.a, 8);
    ASSERT_TRUE(this->in_flight(write));
    ASSERT_TRUE(this->in_flight(read));
    EXPECT_EQ(this->driver.close(p.a.release()), 0);
    this->driver.cancel(read);  // too late, harmless
    EXPECT_TRUE(this->reported.empty());
    this->wait(std::nullopt);
    EXPECT_EQ(this->reported, (std::vector<galley::operation*>{&read, &write}));
    EXPECT_EQ(read.error(), ECANCELED);
    EXPECT_EQ(write.error(), ECANCELED);
    this->expect_silence();
}

TYPED_TEST(driver_test, closing_what_is_not_open_is_an_error) {
    EXPECT_EQ(this->driver.close(-1), EBADF);
    const int number = make_pipe().a.get();
    EXPECT_EQ(this->driver.close(number), EBADF);
}

// Not what `close` is for, but no reason to wait for ever.
TYPED_TEST(driver_test, what_was_closed_without_the_driver_is_an_error_of_the_next_operation) {
    pair p = make_socketpair();
    const int number = p.a.get();
    test_op& before = this->op(io::writable, number, "");
    this->run(before);
    EXPECT_TRUE(before.is_ok());
    p.a.close();
    test_op& after = this->op(io::writable, number, "");
    this->run(after);
    EXPECT_EQ(after.error(), EBADF);
}

// One that was pending before is the program's own.
TYPED_TEST(driver_test, a_signal_that_was_pending_before_is_left_there) {
    sigset_t only_pipe;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&only_pipe);
    sigaddset(&only_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &only_pipe, &before);
    ::raise(SIGPIPE);
    pair p = make_pipe();
    this->close(p.a);
    test_op& write = this->op(p.b, "nobody listens");
    this->run(write);
    EXPECT_EQ(write.error(), EPIPE);
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGPIPE), 1);
    const timespec at_once{};
    EXPECT_EQ(sigtimedwait(&only_pipe, nullptr, &at_once), SIGPIPE);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// IO-6, O2: the old file lives on in a duplicate, its number is reused, and both have much to say.
TYPED_TEST(driver_test, a_reused_number_gets_nothing_stale) {
    pair old = make_socketpair();
    const owned duplicate{check(::dup(old.a.get()), "dup")};
    test_op& first = this->op(io::read, old.a, 8);
    ASSERT_TRUE(this->in_flight(first));
    send_all(old.b, "stale");
    const pair fresh = make_socketpair();
    const int number = old.a.release();
    ASSERT_EQ(this->driver.close(number), 0);
    ASSERT_EQ(::dup3(fresh.a.get(), number, O_CLOEXEC), number);
    const owned reused{number};
    test_op& second = this->op(io::read, reused, 8);
    test_op& third = this->op(io::readable, reused);
    this->in_flight(second);
    this->in_flight(third);
    this->wait_until_reported(1);
    EXPECT_EQ(first.error(), ECANCELED);
    send_all(old.b, "more");
    this->expect_silence();

    send_all(fresh.b, "fresh");
    this->wait_until_reported(2);
    EXPECT_EQ(second.text(), "fresh");
    send_all(fresh.b, "!");
    this->wait_until_reported(3);
    EXPECT_EQ(read_available(duplicate), "stalemore");
}

TYPED_TEST(driver_test, a_reused_number_may_be_another_kind_of_file) {
    pair old = make_tcp_pair();
    test_op& read = this->op(io::read, old.a, 8);
    test_op& write = this->op(old.a, "to a socket");
    ASSERT_TRUE(this->in_flight(read));
    this->run(write);
    const pair in = make_pipe();
    const pair out = make_pipe();
    for (const bool writes : {false, true, false}) {
        const int number = old.a.release();
        ASSERT_EQ(this->driver.close(number), 0);
        this->ask();
        old.a = owned{number};
        ASSERT_EQ(::dup3(writes ? out.b.get() : in.a.get(), number, O_CLOEXEC), number);
        test_op& op = writes ? this->op(old.a, "to a pipe") : this->op(io::read, old.a, 100);
        if (!writes) {
            send_all(in.b, "from a pipe");
        }
        this->run(op);
        EXPECT_TRUE(op.is_ok()) << op.error();
        EXPECT_EQ(writes ? read_available(out.a) : op.text(), writes ? "to a pipe" : "from a pipe");
    }
}

TYPED_TEST(driver_test, shut_ends_everything) {
    const pair p = make_socketpair();
    const pair q = make_pipe();
    test_op& first = this->op(io::read, p.a, 8);
    test_op& second = this->op(io::readable, q.a);
    ASSERT_TRUE(this->in_flight(first));
    ASSERT_TRUE(this->in_flight(second));
    this->driver.shut();
    this->wait(std::nullopt);
    EXPECT_EQ(this->reported.size(), 2U);
    EXPECT_TRUE(first.is_cancelled());
    EXPECT_TRUE(second.is_cancelled());
}

// WAIT-5, O1
TYPED_TEST(driver_test, interruptions_change_nothing) {
    const signal_storm storm{200us};
    const instant until = this->driver.now() + 30ms;
    this->wait(until);  // would not return during the storm if each retry waited for the whole time again
    EXPECT_GE(this->driver.now(), until);
    EXPECT_LT(this->driver.now(), until + for_ever);
    EXPECT_GT(signal_storm::count, 1);
    EXPECT_LT(signal_storm::count, signal_storm::limit);

    const pair p = make_pipe();
    std::string got;
    const int before = signal_storm::count;
    for (int i = 0; signal_storm::count < before + 50 || i < 1000; ++i) {
        test_op& read = this->op(io::read, p.a, 64);
        test_op& write = this->op(p.b, "0123456789");
        const std::size_t reported = this->reported.size();
        this->in_flight(read);
        this->in_flight(write);
        this->wait_until_reported(reported + 2);
        ASSERT_TRUE(read.is_ok() && write.is_ok()) << read.error() << ' ' << write.error();
        ASSERT_EQ(read.text(), "0123456789");
    }
}

}  // namespace
}  // namespace galley_test
