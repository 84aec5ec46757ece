// SPDX-License-Identifier: BSL-1.0
// I/O as tasks see it, on both loops, each on its own driver: results, errors as values, cancellation,
// and who closes what.
#include "galley/fast/loop.hpp"
#include "galley/ref/loop.hpp"
#include "tests/socket_fixture.hpp"

#include <galley/galley.hpp>
#include <galley/io.hpp>
#include <galley/tcp.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <netinet/tcp.h>

namespace galley_test {
namespace {

using namespace std::chrono_literals;
using galley::task;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }
std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class Loop>
class io_test : public ::testing::Test {
protected:
    /// Runs `body` as the main task.
    template <class F>
    void run(F body) {
        galley::run(loop, galley::invoke(std::move(body)));
    }
    /// Hands a descriptor over to the loop.
    galley::descriptor adopt(owned& from) { return {loop, from.release()}; }

    Loop loop;
};
struct loop_names {
    template <class Loop>
    static std::string GetName(int) {
        return std::is_same_v<Loop, galley::ref::loop> ? "ref" : "fast";
    }
};
using both_loops = ::testing::Types<galley::ref::loop, galley::fast::loop>;
TYPED_TEST_SUITE(io_test, both_loops, loop_names);

TYPED_TEST(io_test, one_task_reads_what_another_writes) {
    pair p = make_pipe();
    std::string got;
    this->run([&]() -> task<> {
        const galley::descriptor from = this->adopt(p.a);
        galley::descriptor to = this->adopt(p.b);
        auto writer = co_await galley::spawn_here(galley::invoke([&]() -> task<> {
            for (const char* const part : {"one ", "two ", "three"}) {
                const auto [error, n] = co_await galley::write(to.get(), bytes_of(part));
                EXPECT_FALSE(error);
                EXPECT_EQ(n, std::strlen(part));
                co_await galley::yield();
            }
            to.close();
        }));
        std::byte some[5];
        for (;;) {
            const auto [error, n] = co_await galley::read(from.get(), some);
            EXPECT_FALSE(error) << error.message();
            if (error || n == 0) {
                break;
            }
            got += text_of({some, n});
        }
        co_await writer.join();
    });
    EXPECT_EQ(got, "one two three");
}

TYPED_TEST(io_test, errors_are_values) {
    pair p = make_pipe();
    this->run([&]() -> task<> {
        const galley::descriptor to = this->adopt(p.b);
        p.a.close();
        const auto broken = co_await galley::write(to.get(), bytes_of("x"));
        EXPECT_EQ(broken.error, std::errc::broken_pipe);
        std::byte some[1];
        const auto bad = co_await galley::read(-1, some);
        EXPECT_EQ(bad.error, std::errc::bad_file_descriptor);
        const std::error_code unready = co_await galley::readable(-1);
        EXPECT_EQ(unready, std::errc::bad_file_descriptor);
        const galley::accepted none = co_await galley::accept(to.get());
        EXPECT_EQ(none.error, std::errc::not_a_socket);
        EXPECT_EQ(none.descriptor, -1);
        const std::error_code nowhere = co_await galley::connect(to.get(), galley::endpoint{"127.0.0.1", 1});
        EXPECT_EQ(nowhere, std::errc::not_a_socket);
    });
}

// CANCEL-1, IO-3: the cancelled read swallows nothing.
TYPED_TEST(io_test, a_read_can_be_cancelled_and_cut_off) {
    const pair p = make_socketpair();
    this->run([&]() -> task<> {
        std::byte some[16];
        auto reader = co_await galley::spawn_here(galley::invoke([&]() -> task<std::size_t> {
            const galley::transferred got = co_await galley::read(p.a.get(), some);
            co_return got.count;
        }));
        co_await galley::yield();
        EXPECT_TRUE(reader.cancel());
        bool was_cancelled = false;
        try {
            co_await reader.join();
        } catch (const galley::task_cancelled&) {
            was_cancelled = true;
        }
        EXPECT_TRUE(was_cancelled);

        const bool finished = co_await galley::try_timeout(
            1ms, galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::read(p.a.get(), some)); }));
        EXPECT_FALSE(finished);

        send_all(p.b, "kept");
        const auto [error, n] = co_await galley::read(p.a.get(), some);
        EXPECT_EQ(text_of({some, n}), "kept");
    });
}

// What a stream, a listener or a connect gives is given away as anything that can be awaited is.
TYPED_TEST(io_test, operations_can_be_given_to_timeouts_and_races) {
    pair p = make_socketpair();
    this->run([&]() -> task<> {
        const galley::tcp_stream stream{this->adopt(p.a)};
        galley::tcp_listener listener{this->loop, galley::endpoint{"127.0.0.1", 0}};
        std::byte some[16];
        const std::optional<galley::transferred> nothing = co_await galley::try_timeout(1ms, stream.read(some));
        EXPECT_FALSE(nothing);
        const auto first = co_await galley::when_any(galley::sleep_for(1ms), stream.read(some), listener.accept());
        EXPECT_EQ(first.index(), 0U);
        send_all(p.b, "kept");  // IO-3: those that were cut off have taken nothing
        const std::optional<galley::transferred> got = co_await galley::try_timeout(1h, stream.read(some));
        EXPECT_EQ(text_of({some, got.value().count}), "kept");
        const galley::endpoint there{"127.0.0.1", listener.local_port()};
        const auto [mine, its] = co_await galley::when_all(galley::tcp_connect(there), listener.accept());
        EXPECT_FALSE(mine.error);
        EXPECT_FALSE(its.error);
        const auto [sent, read] =
            co_await galley::when_all(mine.stream.write(bytes_of("hello")), its.stream.read(some));
        EXPECT_EQ(sent.count, 5U);
        EXPECT_EQ(text_of({some, read.count}), "hello");
    });
}

TYPED_TEST(io_test, closing_ends_the_reads_of_others) {
    pair p = make_socketpair();
    this->run([&]() -> task<> {
        galley::descriptor end = this->adopt(p.a);
        auto reader = co_await galley::spawn_here(galley::invoke([&]() -> task<std::error_code> {
            std::byte some[16];
            const galley::transferred got = co_await galley::read(end.get(), some);
            co_return got.error;
        }));
        co_await galley::yield();
        EXPECT_FALSE(end.close());
        const std::error_code error = co_await reader.join();
        EXPECT_EQ(error, std::errc::operation_canceled);
    });
}

TYPED_TEST(io_test, a_report_names_what_is_awaited) {
    const pair p = make_socketpair();
    fill(p.b);
    read_available(p.a);
    fill(p.a);
    const owned listener = make_listener(0);
    std::vector<std::string> kinds;
    this->run([&]() -> task<> {
        std::vector<owned> filling;
        for (int i = 0; i < 3; ++i) {  // until connects stay in progress
            const owned& next = filling.emplace_back(make_tcp_socket());
            const sockaddr_in to = address_of(listener);
            static_cast<void>(::connect(next.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to));
        }
        const owned client = make_tcp_socket();
        const owned quiet = make_listener();
        const galley::endpoint full{"127.0.0.1", ntohs(address_of(listener).sin_port)};
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            std::byte some[1];
            group.spawn(galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::read(p.a.get(), some)); }));
            group.spawn(
                galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::write(p.a.get(), some)); }));
            group.spawn(galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::accept(quiet.get())); }));
            group.spawn(
                galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::connect(client.get(), full)); }));
            group.spawn(galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::readable(p.a.get())); }));
            group.spawn(galley::invoke([&]() -> task<> { static_cast<void>(co_await galley::writable(p.a.get())); }));
            co_await galley::sleep_for(1ms);
            for (const galley::context* const pending : this->loop.tasks().pending_tasks()) {
                kinds.emplace_back(pending->awaiting());
            }
            group.cancel();
        });
    });
    EXPECT_THAT(kinds, ::testing::ElementsAre("running", "read", "write", "accept", "connect", "readable", "writable"));
}

// LIFE-5: the operations are reaped, then the frames go, and with them the descriptors.
TYPED_TEST(io_test, a_loop_that_is_destroyed_closes_what_its_tasks_hold) {
    pair p = make_socketpair();
    const owned peer = std::move(p.b);
    {
        TypeParam doomed;
        auto handle = galley::spawn(doomed, galley::invoke([&]() -> task<> {
                                        const galley::descriptor end{doomed, p.a.release()};
                                        auto beside = co_await galley::spawn_here(galley::invoke([&]() -> task<> {
                                            static_cast<void>(co_await galley::readable(end.get()));
                                        }));
                                        co_await galley::yield();
                                        doomed.stop();
                                        std::byte some[16];
                                        static_cast<void>(co_await galley::read(end.get(), some));
                                    }));
        EXPECT_EQ(doomed.run(), galley::verdict::stopped);
    }
    char end{};
    EXPECT_EQ(::read(peer.get(), &end, 1), 0) << "the other end is still open";
}

/// Stops a loop as soon as an operation completes: what it brought stays undelivered.
class stop_at_completion : public galley::observer {
public:
    explicit stop_at_completion(galley::remote r) noexcept : remote_{std::move(r)} {}
    void completed(const galley::operation&) noexcept override { remote_.stop(); }

private:
    galley::remote remote_;
};

/// Runs a loop until it has accepted a connection for a task that is destroyed before it gets it; gives the other end.
template <class Loop, class Before>
owned accepted_for_a_dead_task(Before before_run) {
    auto doomed = std::make_unique<Loop>();
    stop_at_completion observer{doomed->get_remote()};
    doomed->observe(&observer);
    galley::tcp_listener listener{*doomed, galley::endpoint{"127.0.0.1", 0}};
    auto handle = galley::spawn(*doomed, galley::invoke([&]() -> task<> {
        static_cast<void>(co_await galley::accept(listener.native_handle()));
        ADD_FAILURE() << "the loop was to stop before";
    }));
    owned client = connect_to(loopback(listener.local_port()));
    before_run();
    EXPECT_EQ(doomed->run(), galley::verdict::stopped);
    listener.close();
    doomed->observe(nullptr);
    doomed.reset();
    return client;
}

TYPED_TEST(io_test, a_connection_that_was_accepted_for_a_dead_task_is_closed) {
    const owned client = accepted_for_a_dead_task<TypeParam>([] {});
    char end{};
    EXPECT_EQ(::recv(client.get(), &end, 1, MSG_DONTWAIT), 0) << "the accepted end leaked";
}

/// A program that has closed its standard input gets the number 0 for something else.
class free_number_zero {
public:
    void make() {
        kept_ = owned{::fcntl(0, F_DUPFD_CLOEXEC, 3)};
        ::close(0);
    }
    ~free_number_zero() {
        if (kept_.get() >= 0) {
            ::dup2(kept_.get(), 0);
        }
    }

private:
    owned kept_;
};

TYPED_TEST(io_test, number_zero_is_a_descriptor_like_any_other) {
    free_number_zero zero;
    const owned client = accepted_for_a_dead_task<TypeParam>([&] { zero.make(); });
    char end{};
    EXPECT_EQ(::recv(client.get(), &end, 1, MSG_DONTWAIT), 0) << "the accepted end leaked";
    TypeParam loop;
    ::close(0);
    const galley::descriptor nothing{loop, ::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    EXPECT_EQ(nothing.get(), 0);
    EXPECT_TRUE(static_cast<bool>(nothing));
}

TEST(endpoint, takes_literals_only) {
    EXPECT_EQ(galley::endpoint("127.0.0.1", 80).family(), AF_INET);
    EXPECT_EQ(galley::endpoint("::1", 80).family(), AF_INET6);
    EXPECT_EQ(galley::endpoint("::ffff:1.2.3.4", 80).size(), sizeof(sockaddr_in6));
    EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in*>(galley::endpoint{"1.2.3.4", 4321}.data())->sin_port), 4321);
    for (const char* const bad : {"", "localhost", "1.2.3", "1.2.3.4.5", "300.1.1.1", "::1%lo", "1.2.3.4 ", "[::1]"}) {
        try {
            static_cast<void>(galley::endpoint{bad, 80});
            ADD_FAILURE() << bad;
        } catch (const std::invalid_argument& e) {
            EXPECT_THAT(e.what(), ::testing::HasSubstr("'" + std::string{bad} + "'"));
        }
    }
}

TYPED_TEST(io_test, a_listener_says_why_it_cannot_listen) {
    const galley::tcp_listener first{this->loop, galley::endpoint{"127.0.0.1", 0}};
    EXPECT_NE(first.local_port(), 0);
    try {
        const galley::tcp_listener second{this->loop, galley::endpoint{"127.0.0.1", first.local_port()}};
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::address_in_use);
        EXPECT_THAT(e.what(), ::testing::HasSubstr("bind"));
    }
}

// tcp(7): the end that closes first lingers in TIME_WAIT, and would keep its port from the next listener.
TYPED_TEST(io_test, a_listener_may_have_the_port_of_an_earlier_one_at_once) {
    std::uint16_t port{};
    this->run([&]() -> task<> {
        const galley::tcp_listener listener{this->loop, galley::endpoint{"127.0.0.1", 0}};
        port = listener.local_port();
        auto ends =
            co_await galley::when_all(galley::tcp_connect(galley::endpoint{"127.0.0.1", port}), listener.accept());
        auto& [client, server] = ends;
        EXPECT_FALSE(server.stream.close());
        std::byte some[1];
        const auto end = co_await client.stream.read(some);
        EXPECT_EQ(end.count, 0U);
    });
    const galley::tcp_listener again{this->loop, galley::endpoint{"127.0.0.1", port}};
    EXPECT_EQ(again.local_port(), port);
}

TYPED_TEST(io_test, connecting_to_nobody_is_an_error_and_no_stream) {
    const std::uint16_t port = ntohs(address_of(make_listener()).sin_port);
    this->run([&]() -> task<> {
        const auto [error, stream] = co_await galley::tcp_connect(galley::endpoint{"127.0.0.1", port});
        EXPECT_EQ(error, std::errc::connection_refused);
        std::byte some[1];
        const auto got = co_await stream.read(some);
        EXPECT_EQ(got.error, std::errc::bad_file_descriptor);
    });
}

/// Both ends of a connection.
struct connection {
    connection(galley::tcp_stream c, galley::tcp_stream s) noexcept : client{std::move(c)}, server{std::move(s)} {}
    galley::tcp_stream client;
    galley::tcp_stream server;
};
task<connection> make_connection(const char* address) {
    galley::loop& loop = co_await galley::this_loop{};
    const galley::tcp_listener listener{loop, galley::endpoint{address, 0}};
    auto ends = co_await galley::when_all(galley::tcp_connect(galley::endpoint{address, listener.local_port()}),
                                          listener.accept());
    auto& [client, server] = ends;
    EXPECT_FALSE(client.error) << client.error.message();
    EXPECT_FALSE(server.error) << server.error.message();
    co_return connection{std::move(client.stream), std::move(server.stream)};
}

int no_delay(const galley::tcp_stream& stream) {
    int value{};
    socklen_t size = sizeof value;
    check(::getsockopt(stream.native_handle(), IPPROTO_TCP, TCP_NODELAY, &value, &size), "getsockopt");
    return value;
}

TYPED_TEST(io_test, streams_do_not_delay_unless_told_to) {
    this->run([&]() -> task<> {
        connection c = co_await make_connection("127.0.0.1");
        EXPECT_NE(no_delay(c.client), 0);
        EXPECT_NE(no_delay(c.server), 0);
        EXPECT_FALSE(c.client.no_delay(false));
        EXPECT_EQ(no_delay(c.client), 0);
    });
}

TYPED_TEST(io_test, a_large_write_arrives_whole_and_each_side_ends_by_itself) {
    this->run([&]() -> task<> {
        connection c = co_await make_connection("127.0.0.1");
        std::string sent(20 << 20, '\0');
        for (std::size_t i = 0; i < sent.size(); ++i) {
            sent[i] = static_cast<char>(i * 31 + i / 4096);
        }
        auto writer = co_await galley::spawn_here(galley::invoke([&]() -> task<> {
            const auto [error, n] = co_await c.client.write_all(bytes_of(sent));
            EXPECT_FALSE(error) << error.message();
            EXPECT_EQ(n, sent.size());
            EXPECT_FALSE(c.client.end_writing());
        }));
        std::string got;
        std::vector<std::byte> some(100'000);
        for (;;) {
            const auto [error, n] = co_await c.server.read(some);
            EXPECT_FALSE(error) << error.message();
            if (error || n == 0) {
                break;
            }
            got += text_of({some.data(), n});
        }
        EXPECT_TRUE(got == sent) << got.size() << " bytes came";
        co_await writer.join();

        const auto answer = co_await c.server.write_all(bytes_of("goodbye"));
        EXPECT_EQ(answer.count, 7U);
        EXPECT_FALSE(c.server.close());
        const auto last = co_await c.client.read(some);
        EXPECT_EQ(text_of({some.data(), last.count}), "goodbye");
    });
}

TYPED_TEST(io_test, a_stream_that_is_ended_or_gone_says_so) {
    this->run([&]() -> task<> {
        connection c = co_await make_connection("127.0.0.1");
        EXPECT_FALSE(c.client.end_writing());
        const auto late = co_await c.client.write_all(bytes_of("too late"));
        EXPECT_EQ(late.error, std::errc::broken_pipe);
        EXPECT_EQ(late.count, 0U);

        const int number = c.server.native_handle();
        c.server = galley::tcp_stream{};
        EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "it is open still";
        EXPECT_EQ(c.server.end_writing(), std::errc::bad_file_descriptor);
        EXPECT_EQ(c.server.no_delay(true), std::errc::bad_file_descriptor);
        const auto nowhere = co_await c.server.write_all(bytes_of("nowhere"));
        EXPECT_EQ(nowhere.error, std::errc::bad_file_descriptor);
    });
}

TYPED_TEST(io_test, version_six_works_too) {
    const int probe = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const owned socket{probe};
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    if (probe < 0 || ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        GTEST_SKIP() << "this machine has no IPv6 loopback: " << std::strerror(errno);
    }
    this->run([&]() -> task<> {
        const connection c = co_await make_connection("::1");
        const auto sent = co_await c.server.write(bytes_of("six"));
        EXPECT_EQ(sent.count, 3U);
        std::byte some[16];
        const auto got = co_await c.client.read(some);
        EXPECT_EQ(text_of({some, got.count}), "six");
    });
}

}  // namespace
}  // namespace galley_test
