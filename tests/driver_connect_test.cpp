// SPDX-License-Identifier: BSL-1.0
// The drivers of real time: connecting and accepting.
#include "tests/driver_fixture.hpp"

namespace galley_test {
namespace {

template <class Driver>
class driver_connect_test : public driver_suite<Driver> {};
TYPED_TEST_SUITE(driver_connect_test, both_drivers, driver_names);

TYPED_TEST(driver_connect_test, connects_and_accepts) {
    const owned listener = make_listener();
    test_op& accept = this->op(io::accept, listener);
    ASSERT_TRUE(this->in_flight(accept));
    const owned client = make_tcp_socket();
    test_op& connect = this->op(client, address_of(listener));
    this->in_flight(connect);
    this->wait_until_reported(2);
    ASSERT_TRUE(connect.is_ok()) << connect.error();
    ASSERT_TRUE(accept.is_ok()) << accept.error();
    const owned server{static_cast<int>(accept.result.count)};
    EXPECT_NE(::fcntl(server.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(server.get(), F_GETFD) & FD_CLOEXEC, 0);

    test_op& read = this->op(io::read, client, 100);
    test_op& write = this->op(server, "welcome");
    this->in_flight(read);
    this->in_flight(write);
    this->wait_until_reported(4);
    EXPECT_EQ(read.text(), "welcome");
}

TYPED_TEST(driver_connect_test, connecting_to_nobody_is_refused) {
    const sockaddr_in nobody = address_of(make_listener());
    const owned client = make_tcp_socket();
    test_op& connect = this->op(client, nobody);
    this->run(connect);
    EXPECT_EQ(connect.error(), ECONNREFUSED);
}

// What lies on this machine only needs no wait.
TYPED_TEST(driver_connect_test, a_connection_that_is_made_at_once_is_reported_at_once) {
    const auto make_socket = [] {
        return owned{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")};
    };
    const owned listener = make_socket();
    sockaddr_storage storage{};
    auto& address = reinterpret_cast<sockaddr&>(storage);
    address.sa_family = AF_UNIX;  // and no more: the kernel finds a name, unix(7), autobind
    check(::bind(listener.get(), &address, sizeof address.sa_family), "bind");
    socklen_t size = sizeof storage;
    check(::getsockname(listener.get(), &address, &size), "getsockname");
    check(::listen(listener.get(), 1), "listen");

    const owned client = make_socket();
    test_op& connect = this->op(client, address, size);
    EXPECT_FALSE(this->in_flight(connect));
    EXPECT_TRUE(connect.is_ok()) << connect.error();
    test_op& accept = this->op(io::accept, listener);
    this->run(accept);
    ASSERT_TRUE(accept.is_ok()) << accept.error();
    const owned server{static_cast<int>(accept.result.count)};
    test_op& write = this->op(client, "at once");
    test_op& read = this->op(io::read, server, 16);
    this->run(write);
    this->run(read);
    EXPECT_EQ(read.text(), "at once");
}

// A listener whose queue is full leaves connects in progress: that is not success.
TYPED_TEST(driver_connect_test, a_connect_in_progress_waits_and_can_be_cancelled) {
    const owned listener = make_listener(0);
    std::vector<owned> clients;
    std::vector<test_op*> connects;
    for (int i = 0; i < 4; ++i) {
        connects.push_back(&this->op(clients.emplace_back(make_tcp_socket()), address_of(listener)));
        this->in_flight(*connects.back());
    }
    this->wait(this->driver.now() + 5ms);
    this->ask();
    ASSERT_LT(this->reported.size(), 4U) << "the listener's queue was longer than expected";
    ASSERT_GE(this->reported.size(), 1U);
    const std::size_t before = this->reported.size();
    test_op& behind = this->op(clients.back(), "once connected");
    ASSERT_TRUE(this->in_flight(behind));
    test_op& stuck = *connects.back();
    this->driver.cancel(stuck);
    this->ask();
    ASSERT_EQ(this->reported.size(), before + 1);
    EXPECT_TRUE(stuck.is_cancelled());
}

TYPED_TEST(driver_connect_test, accepting_fails_once_per_operation_when_descriptors_run_out) {
    const owned listener = make_listener();
    const owned client = make_tcp_socket(0);
    const sockaddr_in address = address_of(listener);
    test_op& accept = this->op(io::accept, listener);
    ASSERT_TRUE(this->in_flight(accept));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const owned lowest{check(::dup(client.get()), "dup")};
    const rlimit full{static_cast<rlim_t>(lowest.get()) + 1, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
    this->wait_until_reported(1);
    EXPECT_EQ(accept.error(), EMFILE);
    this->expect_silence();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

    test_op& again = this->op(io::accept, listener);
    this->run(again);
    ASSERT_TRUE(again.is_ok()) << "the connection is still there";
    const owned server{static_cast<int>(again.result.count)};
}

TYPED_TEST(driver_connect_test, accepting_on_what_does_not_listen_is_an_error) {
    const owned socket = make_tcp_socket();
    test_op& accept = this->op(io::accept, socket);
    this->run(accept);
    EXPECT_EQ(accept.error(), EINVAL);
}

}  // namespace
}  // namespace galley_test
