// SPDX-License-Identifier: BSL-1.0
// A kernel that interrupts, errs and announces what is not there, and a clock that moves only while a driver waits:
// what real signals and sockets do by chance is done here on purpose.
#include "tests/scripted_kernel.hpp"

#include "tests/driver_fixture.hpp"

#include <gmock/gmock.h>

#include <array>
#include <deque>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>
#include <vector>

namespace galley_test {
namespace {

template <class Driver>
class kernel_faults_test : public driver_suite<Driver> {
protected:
    void TearDown() override {
        EXPECT_TRUE(kernel.is_used_up()) << "a fault that was scripted did not come to pass";
        EXPECT_EQ(std::exchange(kernel.patient_looks, 0), 0) << "the loop was blocked outside of its wait";
        kernel.claimed.clear();
    }
    /// Waits, and expects that this operation is reported with success.
    void expect_done(test_op& op) {
        this->wait_until_reported(this->reported.size() + 1);
        EXPECT_EQ(this->reported.back(), &op);
        EXPECT_TRUE(op.is_ok()) << op.error();
    }
};
TYPED_TEST_SUITE(kernel_faults_test, both_drivers, driver_names);

const std::deque<int> three_interruptions{EINTR, EINTR, EINTR};

// IO-5
TYPED_TEST(kernel_faults_test, an_interrupted_transfer_goes_on) {
    for (const pair& p : {make_socketpair(), make_tcp_pair(), make_pipe()}) {
        test_op& read = this->op(io::read, p.a, 8);
        ASSERT_TRUE(this->in_flight(read));
        kernel.fail(call::read, p.a.get(), three_interruptions);
        send_all(p.b, "to read");
        this->expect_done(read);
        EXPECT_EQ(read.text(), "to read");

        test_op* write = nullptr;
        do {  // what TCP has sent, and is acknowledged only now, makes room once more
            fill(p.b);
            write = &this->op(p.b, "!");
        } while (!this->in_flight(*write));
        kernel.fail(call::write, p.b.get(), three_interruptions);
        read_available(p.a);
        this->expect_done(*write);
        EXPECT_EQ(read_available(p.a), "!");
    }
}

TYPED_TEST(kernel_faults_test, an_interrupted_look_goes_on) {
    const pair p = make_socketpair();
    test_op& readable = this->op(io::readable, p.a);
    ASSERT_TRUE(this->in_flight(readable));
    kernel.fail(call::poll, p.a.get(), three_interruptions);
    send_all(p.b, "x");
    this->expect_done(readable);

    fill(p.a);
    test_op& writable = this->op(io::writable, p.a);
    this->in_flight(writable);
    kernel.fail(call::poll, p.a.get(), three_interruptions);
    read_available(p.b);
    this->expect_done(writable);
}

TYPED_TEST(kernel_faults_test, an_interrupted_connection_is_made) {
    const owned listener = make_listener();
    test_op& accept = this->op(io::accept, listener);
    ASSERT_TRUE(this->in_flight(accept));
    kernel.fail(call::accept, listener.get(), three_interruptions);
    const owned client = make_tcp_socket();
    kernel.fail(call::connect, client.get(), {EINTR});
    test_op& connect = this->op(client, address_of(listener));
    this->in_flight(connect);
    this->wait_until_reported(2);
    EXPECT_TRUE(connect.is_ok()) << connect.error();
    EXPECT_TRUE(accept.is_ok()) << accept.error();
    const owned server{static_cast<int>(accept.result.count)};
    send_all(client, "connected");
    test_op& read = this->op(io::read, server, 16);
    this->run(read);
    EXPECT_EQ(read.text(), "connected");
}

// IO-6: closed once more, it would be somebody else's.
TYPED_TEST(kernel_faults_test, an_interrupted_close_has_closed) {
    pair p = make_socketpair();
    const int number = p.a.get();
    test_op& read = this->op(io::read, p.a, 8);
    ASSERT_TRUE(this->in_flight(read));
    kernel.fail(call::close, number, {EINTR});
    kernel.closed.clear();
    EXPECT_EQ(this->driver.close(p.a.release()), 0);
    EXPECT_EQ(kernel.closed.count(number), 1U);
    this->wait_until_reported(1);
    EXPECT_EQ(read.error(), ECANCELED);
}

// IO-4: one that is announced, and then finds nothing, keeps its place: what comes just after its attempt is its own.
TYPED_TEST(kernel_faults_test, nobody_overtakes_one_that_found_nothing) {
    const pair p = make_socketpair(SOCK_SEQPACKET);
    test_op& first = this->op(io::read, p.a, 8);
    test_op& second = this->op(io::read, p.a, 8);
    ASSERT_TRUE(this->in_flight(first));
    ASSERT_TRUE(this->in_flight(second));
    kernel.fail(call::read, p.a.get(), {EAGAIN});
    send_all(p.b, "first");
    this->ask();
    EXPECT_TRUE(this->reported.empty());
    send_all(p.b, "second");
    this->wait_until_reported(2);
    EXPECT_EQ(first.text(), "first");
    EXPECT_EQ(second.text(), "second");

    fill(p.a);
    test_op& one = this->op(p.a, "one");
    test_op& two = this->op(p.a, "two");
    ASSERT_TRUE(this->in_flight(one));
    ASSERT_TRUE(this->in_flight(two));
    kernel.fail(call::write, p.a.get(), {EAGAIN});
    read_available(p.b);
    this->ask();
    EXPECT_EQ(this->reported.size(), 2U);
    fill(p.a);
    read_available(p.b);
    this->wait_until_reported(4);
    std::array<char, 8> packet{};
    ASSERT_EQ(::read(p.b.get(), packet.data(), packet.size()), 3);
    EXPECT_EQ(std::string(packet.data(), 3), "one");
}

// O3, O2: whatever the kernel announces, an operation that can do nothing is in flight.
TYPED_TEST(kernel_faults_test, what_is_announced_is_not_believed) {
    const pair p = make_socketpair();
    const owned listener = make_listener();
    fill(p.a);
    std::vector<test_op*> all{&this->op(io::read, p.a, 16), &this->op(io::readable, p.a), &this->op(p.a, "no room"),
                              &this->op(io::writable, p.a), &this->op(io::accept, listener)};
    for (test_op* const op : all) {
        ASSERT_TRUE(this->in_flight(*op));
    }
    this->expect_silence();
    kernel.claimed = {p.a.get(), listener.get()};
    for (int i = 0; i < 3; ++i) {
        this->ask();
        this->wait(this->driver.now());
        EXPECT_TRUE(this->reported.empty());
    }
    kernel.claimed.clear();
    read_available(p.b);
    const owned client = connect_to(address_of(listener));
    this->wait_until_reported(3);
    send_all(p.b, "for the read");
    this->wait_until_reported(4);
    send_all(p.b, "left there");
    this->wait_until_reported(5);
    EXPECT_THAT(this->reported, ::testing::UnorderedElementsAreArray(all));
    for (const test_op* const op : all) {
        EXPECT_TRUE(op->is_ok()) << op->error();
    }
    ::close(static_cast<int>(all[4]->result.count));
}

// O3: a connect in progress has no error yet, which must not be taken for success.
TYPED_TEST(kernel_faults_test, a_connection_is_not_made_by_announcing_it) {
    const owned listener = make_listener(0);
    std::deque<owned> clients;
    test_op* last = nullptr;
    while (this->reported.size() == clients.size() && clients.size() < 10) {  // until one finds no place in the backlog
        clients.push_back(make_tcp_socket());
        last = &this->op(clients.back(), address_of(listener));
        this->in_flight(*last);
        this->wait(this->driver.now() + 1ms);
    }
    ASSERT_EQ(this->reported.size() + 1, clients.size());
    kernel.claimed = {clients.back().get()};
    this->ask();
    EXPECT_EQ(this->reported.size() + 1, clients.size()) << "it was never accepted";
    kernel.claimed.clear();
}

// O1: a wait that was interrupted goes on for the rest of its time.
TYPED_TEST(kernel_faults_test, an_interrupted_wait_waits_for_the_rest) {
    kernel.timeouts.clear();
    kernel.interrupt(4, 1'000'003);
    const instant until = this->driver.now() + 5ms;
    this->wait(until);
    EXPECT_EQ(kernel.timeouts, (std::vector<std::int64_t>{5'000'000, 3'999'997, 2'999'994, 1'999'991, 999'988}));
    EXPECT_EQ(this->driver.now(), until);
}

// TIME-2, WAIT-2, O1: one call for a wait, not early, and not late by its own doing.
TYPED_TEST(kernel_faults_test, a_wait_takes_its_time_in_one_call) {
    for (const galley::duration d :
         {1ns, 999'999ns, 1'000'000ns, 1'000'001ns, 3'141'592'653ns, galley::duration{200 * 24h} + 1ns}) {
        kernel.timeouts.clear();
        const instant until = this->driver.now() + d;
        this->wait(until);
        EXPECT_EQ(kernel.timeouts, (std::vector<std::int64_t>{d.count()}));
    }
}

TEST(kernel_faults_epoll, an_old_kernel_waits_in_milliseconds_and_is_not_early) {
    for (const int what_it_says : {ENOSYS, EPERM}) {
        galley::fast::epoll_driver driver;
        galley::operation_list done;
        kernel.fail(call::wait, -1, {what_it_says});
        driver.wait(driver.now() + 1ns, done);
        for (const galley::duration d : {1ns, 1'000'000ns, 1'000'001ns}) {
            kernel.timeouts.clear();
            driver.wait(driver.now() + d, done);
            EXPECT_EQ(kernel.timeouts, (std::vector<std::int64_t>{d > 1ms ? 2'000'000 : 1'000'000}));
        }
        kernel.timeouts.clear();
        kernel.interrupt(1, 1'000'000);
        driver.wait(driver.now() + 3ms, done);
        driver.wait(std::nullopt, done);
        EXPECT_EQ(kernel.timeouts, (std::vector<std::int64_t>{3'000'000, 2'000'000, scripted_kernel::no_timeout}));
    }
}

// W2, W6, W8, WAIT-3: a token ends one wait, whenever and however often it was set, and whoever looked meanwhile.
TYPED_TEST(kernel_faults_test, a_wake_ends_one_wait) {
    const pair p = make_pipe();
    test_op& read = this->op(io::read, p.a, 1);
    ASSERT_TRUE(this->in_flight(read));
    for (int wakes = 1; wakes < 4; ++wakes) {
        for (int i = 0; i < wakes; ++i) {
            this->driver.get_waker()->wake();
            this->ask();
        }
        const instant before = this->driver.now();
        this->wait(before + for_ever);
        EXPECT_EQ(this->driver.now(), before);
        this->wait(before + 1ms);
        EXPECT_EQ(this->driver.now(), before + 1ms) << "a token was left over";
    }
}

// W8: what is there already ends a wait before it begins.
TYPED_TEST(kernel_faults_test, a_wait_does_not_block_when_something_has_completed) {
    const pair p = make_pipe();
    test_op& read = this->op(io::read, p.a, 1);
    ASSERT_TRUE(this->in_flight(read));
    this->driver.cancel(read);
    const instant before = this->driver.now();
    this->wait(std::nullopt);
    EXPECT_EQ(this->driver.now(), before);
    EXPECT_EQ(this->reported.size(), 1U);
}

// IO-6, O2
TYPED_TEST(kernel_faults_test, a_number_that_is_used_again_starts_anew) {
    pair old = make_socketpair();
    test_op& first = this->op(io::read, old.a, 8);
    ASSERT_TRUE(this->in_flight(first));
    const pair fresh = make_socketpair();
    const int number = old.a.release();
    EXPECT_EQ(this->driver.close(number), 0);
    ASSERT_EQ(::dup3(fresh.a.get(), number, O_CLOEXEC), number);
    const owned reused{number};
    test_op& second = this->op(io::read, reused, 8);
    ASSERT_TRUE(this->in_flight(second));
    send_all(fresh.b, "fresh");
    this->wait_until_reported(2);
    EXPECT_EQ(first.error(), ECANCELED);
    EXPECT_EQ(second.text(), "fresh");
}

// epoll_ctl(2), ENOMEM, ENOSPC
TEST(kernel_faults_epoll, a_driver_that_cannot_watch_its_waker_is_not_made_and_leaves_nothing_open) {
    const auto open_descriptors = [] {
        return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
    };
    const auto before = open_descriptors();
    kernel.fail(call::watch, -1, {ENOMEM});
    EXPECT_THROW(galley::fast::epoll_driver{}, std::system_error);
    EXPECT_TRUE(kernel.is_used_up());
    EXPECT_EQ(open_descriptors(), before);
}

using kernel_faults_poll = kernel_faults_test<galley::ref::poll_driver>;

// WAIT-3: a token that was not taken would end the next wait, too.
TEST_F(kernel_faults_poll, a_token_is_taken_even_if_that_is_interrupted) {
    driver.get_waker()->wake();
    kernel.fail(call::read, -1, three_interruptions);
    const instant before = driver.now();
    wait(before + for_ever);
    EXPECT_EQ(driver.now(), before);
    wait(before + 1ms);
    EXPECT_EQ(driver.now(), before + 1ms) << "the token was left over";
}

// W7, WAIT-3
TEST_F(kernel_faults_poll, a_wake_that_is_interrupted_wakes) {  // a write to an eventfd never waits
    kernel.fail(call::write, -1, three_interruptions);
    driver.get_waker()->wake();
    const instant before = driver.now();
    wait(before + for_ever);
    EXPECT_EQ(driver.now(), before);
    expect_silence();
}

// WAIT-2
TEST_F(kernel_faults_poll, what_is_in_flight_no_more_ends_no_wait) {  // with epoll it may end one
    const pair p = make_socketpair();
    test_op& readable = op(io::readable, p.a);
    ASSERT_TRUE(in_flight(readable));
    expect_silence();
    driver.cancel(readable);
    wait_until_reported(1);
    send_all(p.b, "for nobody");
    // Nor does number zero, in a program that has closed its standard input: poll(2) would report it at once.
    const owned standard_input{::fcntl(0, F_DUPFD_CLOEXEC, 3)};
    ::close(0);
    const instant until = driver.now() + 1s;
    wait(until);
    EXPECT_EQ(driver.now(), until);
    if (standard_input.get() >= 0) {
        ::dup2(standard_input.get(), 0);
    }
}

}  // namespace
}  // namespace galley_test
