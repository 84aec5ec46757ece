// SPDX-License-Identifier: BSL-1.0
// A kernel that refuses what it hardly ever refuses: whoever asked is told, and everything else goes on. System calls
// are scripted.
#include "tests/scripted_kernel.hpp"

#include "galley/fast/loop.hpp"
#include "galley/ref/loop.hpp"
#include "tests/driver_fixture.hpp"

#include <galley/run.hpp>
#include <galley/tcp.hpp>

#include <gmock/gmock.h>

#include <deque>
#include <optional>
#include <system_error>

#include <sys/mman.h>

namespace galley_test {
namespace {

template <class Driver>
class kernel_refusals_test : public driver_suite<Driver> {
protected:
    void TearDown() override { EXPECT_TRUE(kernel.is_used_up()) << "a fault that was scripted did not come to pass"; }
};
TYPED_TEST_SUITE(kernel_refusals_test, both_drivers, driver_names);

// IO-5
TYPED_TEST(kernel_refusals_test, a_connection_of_which_nothing_can_be_learned_ends_with_that_error) {
    const owned listener = make_listener();
    const owned client = make_tcp_socket();
    test_op& connect = this->op(client, address_of(listener));
    ASSERT_TRUE(this->in_flight(connect));
    kernel.fail(call::option, client.get(), {ENOBUFS});
    this->wait_until_reported(1);
    EXPECT_EQ(connect.error(), ENOBUFS);
}

// A driver that cannot be made leaves nothing behind.
TEST(kernel_refusals_epoll, a_driver_that_is_refused_its_waker_says_so_and_closes_what_it_had) {
    const auto open_descriptors = [] {
        int count = 0;
        for (int i = 0; i < 1024; ++i) {
            count += ::fcntl(i, F_GETFD) >= 0 ? 1 : 0;
        }
        return count;
    };
    const int before = open_descriptors();
    kernel.fail(call::watch, -1, {ENOSPC});
    try {
        const galley::fast::epoll_driver driver;
        FAIL() << "it was made";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), ENOSPC);
    }
    EXPECT_EQ(open_descriptors(), before);
}

// IO-5: what epoll does not take is never announced, so waiting for it would be for ever.
TEST(kernel_refusals_epoll, a_file_that_is_not_ready_and_cannot_be_watched_is_an_error) {
    const owned file{check(::memfd_create("galley", MFD_CLOEXEC), "memfd_create")};
    for (const call what : {call::read, call::write}) {
        galley::fast::epoll_driver driver;
        // A first write is attempted before it is watched, as there mostly is room.
        kernel.fail(what, file.get(), std::deque<int>(what == call::write ? 2 : 1, EAGAIN));
        test_op op{what == call::read ? io::read : io::write, file.get(), "text"};
        EXPECT_TRUE(driver.start(op));
        EXPECT_EQ(op.error(), EPERM);
        EXPECT_TRUE(kernel.is_used_up());
    }
}

using kernel_refusals_poll = kernel_refusals_test<galley::ref::poll_driver>;

// IO-1, IO-5: one error for all, and nobody is left waiting.
TEST_F(kernel_refusals_poll, a_poll_that_fails_is_the_error_of_everything_in_flight) {
    const pair p = make_socketpair();
    test_op& read = op(io::read, p.a, 8);
    test_op& accept = op(io::accept, p.b);
    ASSERT_TRUE(in_flight(read));
    ASSERT_TRUE(in_flight(accept));
    kernel.fail(call::wait, -1, {ENOMEM});
    wait(std::nullopt);
    EXPECT_THAT(reported, ::testing::ElementsAre(&read, &accept));
    EXPECT_EQ(read.error(), ENOMEM);
    EXPECT_EQ(accept.error(), ENOMEM);

    test_op& again = op(io::read, p.a, 8);
    ASSERT_TRUE(in_flight(again));
    send_all(p.b, "again");
    wait_until_reported(3);
    EXPECT_EQ(again.text(), "again");
}

// A connection may be given up between the other side's request and accept(2).
template <class Loop>
void passes_over_what_was_given_up() {
    Loop loop;
    const galley::tcp_listener listener{loop, galley::endpoint{"127.0.0.1", 0}};
    const owned client = connect_to(loopback(listener.local_port()));
    kernel.fail(call::accept, listener.native_handle(), {ECONNABORTED, EINTR, ECONNABORTED});
    const galley::stream_result came = galley::run(loop, listener.accept());
    EXPECT_FALSE(came.error) << came.error.message();
    EXPECT_GE(came.stream.native_handle(), 0);
    EXPECT_TRUE(kernel.is_used_up());
}
TEST(kernel_refusals_tcp, a_connection_that_was_given_up_is_passed_over) {
    passes_over_what_was_given_up<galley::ref::loop>();
    passes_over_what_was_given_up<galley::fast::loop>();
}

}  // namespace
}  // namespace galley_test
