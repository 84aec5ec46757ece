// SPDX-License-Identifier: BSL-1.0
// Ten thousand connections come and go, with numbers of descriptors that are used again and again. Each carries its own
// text both ways, so whatever is delivered to the wrong one shows.
#include "tests/integration/fixture.hpp"

#include <galley/io.hpp>
#include <galley/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <set>

namespace galley_test {
namespace {

class churn_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, churn_test, every_loop_on_every_driver, combination_name);

using galley::tcp_stream;

/// How a connection ends, by its number.
enum class ending : std::uint8_t { client_first, server_first, reset, closed_under_a_read };
ending ending_of(std::uint64_t connection) { return static_cast<ending>(connection % 4); }
std::size_t length_of(std::uint64_t connection) { return 1 + static_cast<std::size_t>(connection * 7919 % 3000); }

struct tally {
    std::size_t served{};
    std::size_t verified{};
    std::size_t cut_off{};
    std::set<int> numbers;  ///< of descriptors
};

/// Reads which connection this is, and its text, and sends it back.
task<> serve(tcp_stream stream, tally& t) {
    const int on = stream.native_handle();
    t.numbers.insert(on);
    std::array<std::byte, sizeof(std::uint64_t)> name;
    for (std::size_t got = 0; got < name.size();) {
        const auto [error, n] = co_await stream.read(std::span{name}.subspan(got));
        EXPECT_TRUE(!error && n > 0) << error.message();
        if (error || n == 0) {
            co_return;
        }
        got += n;
    }
    std::uint64_t connection{};
    std::memcpy(&connection, name.data(), sizeof connection);
    const std::size_t length = length_of(connection);
    const auto there = co_await expect_text(on, connection, 0, length);
    EXPECT_EQ(there.count, length) << there.error.message();
    const auto back = co_await send_text(on, connection, length, length);
    EXPECT_EQ(back.count, length) << back.error.message();
    ++t.served;
    if (ending_of(connection) == ending::server_first) {
        co_return;
    }
    if (ending_of(connection) == ending::closed_under_a_read) {  // and the number is free for the next at once
        auto reader = co_await galley::spawn_here(expect_text(on, connection, 0, 1));
        co_await galley::yield();
        EXPECT_FALSE(stream.close());
        const galley::transferred cut = co_await reader.join();
        EXPECT_EQ(cut.error, std::errc::operation_canceled);
        ++t.cut_off;
        co_return;
    }
    std::byte beyond[1];
    const auto [error, n] = co_await stream.read(beyond);
    EXPECT_EQ(n, 0U) << "more came than was sent";
    EXPECT_TRUE(!error || error == std::errc::connection_reset) << error.message();
}

task<> connect_and_talk(std::uint64_t connection, std::uint16_t port, tally& t) {
    const auto [error, stream] = co_await galley::tcp_connect(galley::endpoint{"127.0.0.1", port});
    EXPECT_FALSE(error) << error.message();
    const int on = stream.native_handle();
    t.numbers.insert(on);
    std::array<std::byte, sizeof connection> name;
    std::memcpy(name.data(), &connection, sizeof connection);
    const auto named = co_await stream.write_all(name);
    EXPECT_FALSE(named.error) << named.error.message();
    const std::size_t length = length_of(connection);
    const auto there = co_await send_text(on, connection, 0, length);
    EXPECT_EQ(there.count, length) << there.error.message();
    const auto back = co_await expect_text(on, connection, length, length);
    EXPECT_EQ(back.count, length) << back.error.message();
    t.verified += back.count == length ? 1 : 0;
    switch (ending_of(connection)) {
        case ending::client_first: break;
        case ending::reset: {
            const linger at_once{1, 0};
            EXPECT_EQ(::setsockopt(on, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
            break;
        }
        case ending::server_first:
        case ending::closed_under_a_read: {
            const auto end = co_await expect_text(on, connection, 2 * length, 1);
            EXPECT_TRUE(!end.error && end.count == 0) << end.error.message();
            break;
        }
    }
}

TEST_P(churn_test, ten_thousand_connections_one_after_the_other_and_beside_each_other) {
    constexpr std::uint64_t beside = 50;
    constexpr std::size_t count = 10'000;
    world w{GetParam()};
    tally t;
    w.run([&]() -> task<> {
        galley::tcp_listener listener{w.loop(), galley::endpoint{"127.0.0.1", 0}};
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            for (std::uint64_t client = 0; client < beside; ++client) {
                group.spawn(galley::invoke([&, client]() -> task<> {
                    for (std::uint64_t connection = client; connection < count; connection += beside) {
                        co_await connect_and_talk(connection, listener.local_port(), t);
                    }
                }));
            }
            for (std::size_t i = 0; i < count; ++i) {
                auto [error, stream] = co_await listener.accept();
                EXPECT_FALSE(error) << error.message();
                group.spawn(serve(std::move(stream), t));
            }
        });
    });
    EXPECT_EQ(t.served, count);
    EXPECT_EQ(t.verified, count);
    EXPECT_EQ(t.cut_off, count / 4);
    EXPECT_LT(t.numbers.size(), 6 * beside) << "numbers were hardly used again";
}

}  // namespace
}  // namespace galley_test
