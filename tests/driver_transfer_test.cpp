// SPDX-License-Identifier: BSL-1.0
// The drivers of real time: what operations do, and in which order they are reported. Each descriptor here
// is a real one.
#include "tests/driver_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <random>

namespace galley_test {
namespace {

template <class Driver>
class driver_transfer_test : public driver_suite<Driver> {};
TYPED_TEST_SUITE(driver_transfer_test, both_drivers, driver_names);

using operations = std::vector<galley::operation*>;

TYPED_TEST(driver_transfer_test, reads_what_is_there_and_what_comes) {
    for (const bool tcp : {true, false}) {
        pair p = tcp ? make_tcp_pair() : make_pipe();
        send_all(p.b, "there");
        test_op& first = this->op(io::read, p.a, 100);
        this->run(first);
        EXPECT_EQ(first.text(), "there") << "IO-5: a short transfer is one";

        test_op& second = this->op(io::read, p.a, 3);
        ASSERT_TRUE(this->in_flight(second));
        this->expect_silence();
        send_all(p.b, "comes");
        this->wait_until_reported(this->reported.size() + 1);
        EXPECT_EQ(second.text(), "com");
        test_op& third = this->op(io::read, p.a, 3);
        this->run(third);
        EXPECT_EQ(third.text(), "es");
        this->close(p.a);
    }
}

TYPED_TEST(driver_transfer_test, a_write_waits_for_room_and_may_be_short) {
    for (const bool tcp : {true, false}) {
        pair p = tcp ? make_tcp_pair() : make_socketpair();
        const std::string much(16 << 20, 'w');  // more than any socket buffer
        test_op& first = this->op(p.b, much);
        this->run(first);
        ASSERT_TRUE(first.is_ok());
        EXPECT_GT(first.result.count, 0);
        EXPECT_LT(first.result.count, static_cast<std::int64_t>(much.size()));

        const std::size_t filled = static_cast<std::size_t>(first.result.count) + fill(p.b);
        test_op& second = this->op(p.b, much);
        const std::size_t before = this->reported.size();
        const bool waits = this->in_flight(second);
        if (!tcp) {  // TCP makes room by itself, as its windows grow
            ASSERT_TRUE(waits);
            this->expect_silence();
        }
        std::size_t got = 0;
        while (this->reported.size() == before) {
            got += read_available(p.a).size();
            this->wait(this->driver.now() + 1ms);
        }
        ASSERT_TRUE(second.is_ok());
        EXPECT_GT(second.result.count, 0);
        for (int i = 0; i < 1'000'000 && got < filled + static_cast<std::size_t>(second.result.count); ++i) {
            got += read_available(p.a).size();
        }
        EXPECT_EQ(got, filled + static_cast<std::size_t>(second.result.count)) << "nothing more, nothing less was sent";
        this->close(p.b);
    }
}

// The edge of an end may come together with that of the last data: then a short read must not be taken
// for "nothing is left".
TYPED_TEST(driver_transfer_test, the_end_is_seen_however_it_comes) {
    for (const bool with_data : {true, false}) {
        for (const bool waiting : {true, false}) {
            pair p = make_tcp_pair();
            test_op& read = this->op(io::read, p.a, 100);
            if (waiting) {
                ASSERT_TRUE(this->in_flight(read));
            }
            if (with_data) {
                send_all(p.b, "last words");
            }
            p.b.close();
            if (waiting) {
                this->wait_until_reported(this->reported.size() + 1);
            } else {
                this->run(read);
            }
            EXPECT_EQ(read.text(), with_data ? "last words" : "");
            for (int i = 0; i < 3; ++i) {
                test_op& end = this->op(io::read, p.a, 100);
                this->run(end);
                EXPECT_TRUE(end.is_ok());
                EXPECT_EQ(end.result.count, 0);
            }
            this->close(p.a);
        }
    }
}

// Urgent data cut a read short though more is there (tcp(7)).
TYPED_TEST(driver_transfer_test, an_urgent_mark_does_not_hide_what_is_behind_it) {
    const pair p = make_tcp_pair();
    test_op& first = this->op(io::read, p.a, 100);
    ASSERT_TRUE(this->in_flight(first));
    send_all(p.b, "before");
    ASSERT_EQ(::send(p.b.get(), "!", 1, MSG_OOB), 1);
    send_all(p.b, "behind");
    this->wait_until_reported(1);
    test_op& second = this->op(io::read, p.a, 100);
    this->run(second);
    EXPECT_EQ(first.text() + second.text(), "beforebehind");
}

TYPED_TEST(driver_transfer_test, packets_are_read_one_by_one) {
    const pair p = make_socketpair(SOCK_DGRAM);
    for (const char* const packet : {"one", "two", "three"}) {
        send_all(p.b, packet);
    }
    for (const char* const packet : {"one", "two", "three"}) {
        test_op& read = this->op(io::read, p.a, 100);
        this->run(read);
        EXPECT_EQ(read.text(), packet);
    }
}

// A signal would end this process: SIGPIPE has its default action here.
TYPED_TEST(driver_transfer_test, writing_without_reader_is_an_error_and_no_signal) {
    pair ends[] = {make_pipe(), make_socketpair(), make_tcp_pair()};
    for (pair& p : ends) {
        const bool tcp = &p == &ends[2];
        if (tcp) {  // closing with unread data resets the connection
            send_all(p.b, "unread");
            test_op& ready = this->op(io::readable, p.a);
            this->run(ready);
        }
        this->close(p.a);
        int error = 0;
        for (int i = 0; i < 100 && error == 0; ++i) {
            test_op& write = this->op(p.b, "nobody listens");
            this->run(write);
            error = write.error();
        }
        EXPECT_TRUE(error == EPIPE || (tcp && error == ECONNRESET)) << std::strerror(error);
        sigset_t pending;
        sigpending(&pending);
        EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
    }
    struct sigaction action{};
    ::sigaction(SIGPIPE, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_DFL);
}

// A full pipe without reader is not writable, it has failed (poll(2), POLLERR).
TYPED_TEST(driver_transfer_test, the_reader_goes_while_a_write_waits) {
    pair p = make_pipe();
    fill(p.b);
    test_op& write = this->op(p.b, "no room");
    ASSERT_TRUE(this->in_flight(write));
    p.a.close();
    this->wait_until_reported(1);
    EXPECT_EQ(write.error(), EPIPE);
}

TYPED_TEST(driver_transfer_test, a_reset_connection_is_an_error_of_the_read_in_flight) {
    pair p = make_tcp_pair();
    test_op& read = this->op(io::read, p.a, 100);
    ASSERT_TRUE(this->in_flight(read));
    const linger at_once{1, 0};
    ASSERT_EQ(::setsockopt(p.b.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    p.b.close();
    this->wait_until_reported(1);
    EXPECT_EQ(read.error(), ECONNRESET);
}

TYPED_TEST(driver_transfer_test, a_bad_descriptor_is_an_error_of_each_operation) {
    const int closed = make_pipe().a.get();
    for (const int number : {-1, closed, 1'000'000'000}) {
        for (const io kind : {io::read, io::accept, io::readable, io::write, io::writable}) {
            test_op& bad = this->op(kind, number, std::string(8, '\0'));
            this->run(bad);
            EXPECT_EQ(bad.error(), EBADF) << number;
        }
    }
    test_op& connect = this->op(io::connect, closed, std::string(sizeof(sockaddr_in), '\0'));
    this->run(connect);
    EXPECT_EQ(connect.error(), EBADF);

    const owned higher{check(::fcntl(make_pipe().b.get(), F_DUPFD_CLOEXEC, closed + 100), "fcntl")};
    test_op& good = this->op(io::writable, higher);
    this->run(good);
    EXPECT_TRUE(good.is_ok()) << good.error();
    test_op& below_a_good_one = this->op(io::write, closed, "nowhere");
    this->run(below_a_good_one);
    EXPECT_EQ(below_a_good_one.error(), EBADF);
}

// epoll does not take them (EPERM): they are always ready.
TYPED_TEST(driver_transfer_test, regular_files_and_directories) {
    char name[] = "/tmp/galley_driver_test_XXXXXX";
    const owned file{check(::mkstemp(name), "mkstemp")};
    test_op& write = this->op(file, "in a file");
    this->run(write);
    EXPECT_EQ(write.result.count, 9);
    test_op& writable = this->op(io::writable, file);
    this->run(writable);
    EXPECT_TRUE(writable.is_ok());

    const owned again{check(::open(name, O_RDONLY | O_CLOEXEC), "open")};
    ::unlink(name);
    test_op& readable = this->op(io::readable, again);
    this->run(readable);
    EXPECT_TRUE(readable.is_ok());
    for (const char* const expected : {"in a", " fil", "e", "", ""}) {
        test_op& read = this->op(io::read, again, 4);
        this->run(read);
        EXPECT_EQ(read.text(), expected);
    }
    const owned directory{check(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open /")};
    test_op& read = this->op(io::read, directory, 4);
    this->run(read);
    EXPECT_EQ(read.error(), EISDIR);
}

// IO-4
TYPED_TEST(driver_transfer_test, reads_come_before_writes_at_equal_time) {
    const pair p = make_socketpair();
    fill(p.a);
    test_op& write = this->op(p.a, "started first");
    test_op& read = this->op(io::read, p.a, 100);
    ASSERT_TRUE(this->in_flight(write));
    ASSERT_TRUE(this->in_flight(read));
    send_all(p.b, "x");
    read_available(p.b);
    this->wait_until_reported(2);
    EXPECT_EQ(this->reported, (operations{&read, &write}));
}

// O3: what another operation took is not there, whatever was announced.
TYPED_TEST(driver_transfer_test, a_readiness_that_is_used_up_is_not_believed) {
    const pair p = make_socketpair();
    const owned duplicate{check(::dup(p.a.get()), "dup")};
    test_op& first = this->op(io::read, p.a, 100);
    test_op& second = this->op(io::read, p.a, 100);
    test_op& third = this->op(io::read, duplicate, 100);
    for (test_op* const op : {&first, &second, &third}) {
        ASSERT_TRUE(this->in_flight(*op));
    }
    for (const std::size_t count : {1U, 2U, 3U}) {
        send_all(p.b, "one message");
        this->wait_until_reported(count);
        EXPECT_EQ(static_cast<test_op*>(this->reported.back())->text(), "one message");
        this->expect_silence();
    }
    test_op& read = this->op(io::read, p.a, 100);
    test_op& readable = this->op(io::readable, p.a);
    ASSERT_TRUE(this->in_flight(read));
    ASSERT_TRUE(this->in_flight(readable));
    send_all(p.b, "for the read");
    this->wait_until_reported(4);
    EXPECT_EQ(this->reported.back(), &read);
    this->expect_silence();
    send_all(p.b, "left there");
    this->wait_until_reported(5);
    EXPECT_TRUE(readable.is_ok());
}

TYPED_TEST(driver_transfer_test, operations_of_one_kind_are_served_in_start_order) {
    const pair p = make_socketpair();
    test_op& first = this->op(io::read, p.a, 2);
    ASSERT_TRUE(this->in_flight(first));
    send_all(p.b, "abcdef");
    test_op& second = this->op(io::read, p.a, 2);
    test_op& third = this->op(io::read, p.a, 2);
    EXPECT_TRUE(this->in_flight(second)) << "it may not overtake the first";
    EXPECT_TRUE(this->in_flight(third));
    this->wait_until_reported(3);
    EXPECT_EQ(this->reported, (operations{&first, &second, &third}));
    EXPECT_EQ(first.text() + second.text() + third.text(), "abcdef");

    fill(p.b);
    test_op& one = this->op(p.b, "1");
    test_op& two = this->op(p.b, "2");
    ASSERT_TRUE(this->in_flight(one));
    ASSERT_TRUE(this->in_flight(two));
    read_available(p.a);
    this->wait_until_reported(5);
    EXPECT_EQ(read_available(p.a), "12");
}

TYPED_TEST(driver_transfer_test, readiness_is_as_it_is_now) {
    const pair p = make_socketpair();
    test_op& writable = this->op(io::writable, p.a);
    this->run(writable);
    EXPECT_TRUE(writable.is_ok());
    fill(p.a);
    test_op& full = this->op(io::writable, p.a);
    ASSERT_TRUE(this->in_flight(full));
    test_op& empty = this->op(io::readable, p.a);
    ASSERT_TRUE(this->in_flight(empty));
    this->expect_silence();
    read_available(p.b);
    this->wait_until_reported(2);
    send_all(p.b, "x");
    this->wait_until_reported(3);

    // The program itself reads, behind the driver's back; and then leaves something.
    ASSERT_EQ(read_available(p.a), "x");
    test_op& again = this->op(io::readable, p.a);
    ASSERT_TRUE(this->in_flight(again));
    send_all(p.b, "yz");
    this->wait_until_reported(4);
    char y{};
    ASSERT_EQ(::read(p.a.get(), &y, 1), 1);
    test_op& rest = this->op(io::readable, p.a);
    this->run(rest);
    EXPECT_TRUE(rest.is_ok());
}

TYPED_TEST(driver_transfer_test, many_descriptors_each_once) {
    constexpr std::size_t count = 700;  // more than any batch
    ASSERT_TRUE(allow_descriptors(2 * count + 100)) << "this test needs a higher descriptor limit (ulimit -n)";
    std::vector<pair> pairs;
    std::vector<test_op*> reads;
    for (std::size_t i = 0; i < count; ++i) {
        pairs.push_back(make_socketpair());
        reads.push_back(&this->op(io::read, pairs.back().a, 16));
        ASSERT_TRUE(this->in_flight(*reads.back()));
    }
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) {
        order[i] = i;
    }
    std::shuffle(order.begin(), order.end(), std::mt19937{7});
    for (const std::size_t i : order) {
        send_all(pairs[i].b, std::to_string(i));
    }
    this->wait_until_reported(count);
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(reads[i]->text(), std::to_string(i));
    }
    std::sort(this->reported.begin(), this->reported.end());
    EXPECT_EQ(std::unique(this->reported.begin(), this->reported.end()), this->reported.end());
}

}  // namespace
}  // namespace galley_test
