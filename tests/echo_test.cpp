// SPDX-License-Identifier: BSL-1.0
// An echo server with a thousand connections at a time, on both loops: against clients of its own loop, and against
// threads with blocking sockets that know nothing of galley. Every byte is compared.
#include "galley/fast/loop.hpp"
#include "galley/ref/loop.hpp"
#include "tests/socket_fixture.hpp"

#include <galley/galley.hpp>
#include <galley/io.hpp>
#include <galley/tcp.hpp>

#include <array>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace galley_test {
namespace {

using galley::task;
using galley::tcp_stream;

template <class Loop>
class echo_test : public ::testing::Test {
protected:
    Loop loop;
};
struct loop_names {
    template <class Loop>
    static std::string GetName(int) {
        return std::is_same_v<Loop, galley::ref::loop> ? "ref" : "fast";
    }
};
using both_loops = ::testing::Types<galley::ref::loop, galley::fast::loop>;
TYPED_TEST_SUITE(echo_test, both_loops, loop_names);

struct tally {
    std::size_t served{};
    std::size_t verified{};
    std::size_t bytes{};
    std::size_t connected{};
    galley::event all_connected{};
};

task<> echo(tcp_stream stream, tally& t) {
    std::array<std::byte, 1500> some;
    for (;;) {
        const auto [error, n] = co_await stream.read(some);
        if (error || n == 0) {
            EXPECT_FALSE(error) << error.message();
            ++t.served;
            co_return;
        }
        const auto [failed, written] = co_await stream.write_all({some.data(), n});
        EXPECT_FALSE(failed) << failed.message();
        t.bytes += written;
    }
}

task<> serve(galley::tcp_listener& listener, galley::task_group& group, std::size_t connections, tally& t) {
    for (std::size_t i = 0; i < connections; ++i) {
        auto [error, stream] = co_await listener.accept();
        EXPECT_FALSE(error) << error.message();
        if (!error) {
            group.spawn(echo(std::move(stream), t));
        }
    }
}

/// The messages of one client: their sizes and bytes depend on its number alone.
std::vector<std::string> messages_of(std::size_t client) {
    std::mt19937 random{static_cast<std::uint32_t>(client)};
    std::vector<std::string> messages(5);
    for (std::string& message : messages) {
        message.resize(1 + random() % 4000);  // in one buffer of the server, in several, and just so
        for (char& c : message) {
            c = static_cast<char>(random());
        }
    }
    messages[2].resize(1500, 'x');
    return messages;
}

/// Connects, waits until `crowd` clients are connected, and speaks.
task<> converse(std::size_t client, std::size_t crowd, std::uint16_t port, tally& t) {
    auto [error, stream] = co_await galley::tcp_connect(galley::endpoint{"127.0.0.1", port});
    EXPECT_FALSE(error) << error.message();
    if (error) {
        co_return;
    }
    if (++t.connected == crowd) {
        t.all_connected.set();
    }
    co_await t.all_connected.wait();
    std::string answer;
    for (const std::string& message : messages_of(client)) {
        const auto sent = co_await stream.write_all(std::as_bytes(std::span{message}));
        EXPECT_FALSE(sent.error) << sent.error.message();
        answer.assign(message.size(), '\0');
        for (std::size_t got = 0; got < answer.size();) {
            const auto [failed, n] = co_await stream.read(std::as_writable_bytes(std::span{answer}).subspan(got));
            EXPECT_FALSE(failed) << failed.message();
            EXPECT_NE(n, 0U) << "the server hung up";
            if (failed || n == 0) {
                co_return;
            }
            got += n;
        }
        EXPECT_TRUE(answer == message) << "client " << client;
    }
    EXPECT_FALSE(stream.end_writing());
    std::byte beyond;
    const auto end = co_await stream.read({&beyond, 1});
    EXPECT_EQ(end.count, 0U) << "more came than was sent";
    ++t.verified;
}

std::size_t bytes_of_all(std::size_t clients) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < clients; ++i) {
        for (const std::string& message : messages_of(i)) {
            sum += message.size();
        }
    }
    return sum;
}

task<> clients(std::size_t count, std::uint16_t port, tally& t) {
    std::vector<task<>> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back(converse(i, count, port, t));
    }
    co_await galley::when_all(std::move(all));
}

TYPED_TEST(echo_test, a_thousand_connections_on_one_loop) {
    constexpr std::size_t count = 1000;
    ASSERT_TRUE(allow_descriptors(2 * count + 100)) << "this test needs a higher descriptor limit (ulimit -n)";
    tally t;
    galley::tcp_listener listener{this->loop, galley::endpoint{"127.0.0.1", 0}};
    galley::task_group group;
    galley::run(this->loop, galley::invoke([&]() -> task<> {
                    co_await group.run([&]() -> task<> {
                        group.spawn(clients(count, listener.local_port(), t));
                        co_await serve(listener, group, count, t);
                    });
                }));
    EXPECT_EQ(t.served, count);
    EXPECT_EQ(t.verified, count);
    EXPECT_EQ(t.bytes, bytes_of_all(count));
}

/// A client that knows nothing of galley. True if it got back what it sent.
bool converse_blocking(std::size_t client, const sockaddr_in& server) {
    const owned socket = connect_to(server);
    for (const std::string& message : messages_of(client)) {
        for (std::size_t sent = 0; sent < message.size();) {
            sent += static_cast<std::size_t>(check(
                static_cast<int>(::send(socket.get(), &message[sent], message.size() - sent, MSG_NOSIGNAL)), "send"));
        }
        std::string answer(message.size(), '\0');
        if (::recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL) != static_cast<ssize_t>(answer.size()) ||
            answer != message) {
            return false;
        }
    }
    ::shutdown(socket.get(), SHUT_WR);
    char beyond{};
    return ::recv(socket.get(), &beyond, 1, 0) == 0;
}

TYPED_TEST(echo_test, foreign_clients_with_blocking_sockets) {
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 25;
    tally t;
    galley::tcp_listener listener{this->loop, galley::endpoint{"127.0.0.1", 0}};
    const sockaddr_in server = address_of(owned{::dup(listener.native_handle())});
    std::atomic<std::size_t> verified{0};
    std::vector<std::thread> crowd;
    for (std::size_t n = 0; n < threads; ++n) {
        crowd.emplace_back([&, n] {
            for (std::size_t i = 0; i < each; ++i) {
                verified += converse_blocking(n * each + i, server) ? 1 : 0;
            }
        });
    }
    galley::task_group group;
    galley::run(this->loop, galley::invoke([&]() -> task<> {
                    co_await group.run([&] { return serve(listener, group, threads * each, t); });
                }));
    for (std::thread& one : crowd) {
        one.join();
    }
    EXPECT_EQ(verified.load(), threads * each);
    EXPECT_EQ(t.served, threads * each);
    EXPECT_EQ(t.bytes, bytes_of_all(threads * each));
}

// A server that is cancelled in the midst of it hangs up on everybody, and leaves nothing open.
TYPED_TEST(echo_test, a_cancelled_server_hangs_up) {
    constexpr std::size_t count = 50;
    tally t;
    galley::tcp_listener listener{this->loop, galley::endpoint{"127.0.0.1", 0}};
    std::vector<owned> peers;
    for (std::size_t i = 0; i < count; ++i) {
        peers.push_back(connect_to(loopback(listener.local_port())));
        send_all(peers.back(), "hello");
    }
    galley::task_group group;
    galley::run(this->loop, galley::invoke([&]() -> task<> {
                    const bool finished = co_await group.run([&]() -> task<> {
                        co_await serve(listener, group, count, t);
                        while (t.bytes < 5 * count) {
                            co_await galley::yield();
                        }
                        group.cancel();
                        co_await galley::sleep_for(std::chrono::hours{1});
                    });
                    EXPECT_FALSE(finished);
                }));
    for (const owned& peer : peers) {
        char answer[16];
        EXPECT_EQ(::recv(peer.get(), answer, sizeof answer, MSG_WAITALL), 5) << "hello and then the end";
    }
}

}  // namespace
}  // namespace galley_test
