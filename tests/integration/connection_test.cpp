// SPDX-License-Identifier: BSL-1.0
// Connections that end in every way they can: by halves, by a reset, with full buffers, while both ends are busy. What
// was sent before arrives, in order; everything in flight ends with a value; nobody else notices.
#include "tests/integration/fixture.hpp"

#include <galley/io.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <vector>

namespace galley_test {
namespace {

class connection_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, connection_test, every_loop_on_every_driver, combination_name);

using galley::transferred;

const struct {
    const char* name;
    pair (*make)();
    bool both_ways;
} streams[] = {
    {"pipe", make_pipe, false}, {"unix", [] { return make_socketpair(); }, true}, {"tcp", make_tcp_pair, true}};

/// Closing resets the connection: what is under way is lost.
void reset(owned& socket) {
    const linger at_once{1, 0};
    ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    socket.close();
}

constexpr std::size_t much = sanitized ? 300'000 : 3'000'000;  // more than the buffers between two ends
constexpr std::size_t plenty = 600'000;                        // the same, if the sender's are small

void make_buffer_small(const owned& sender) {
    const int bytes = 4096;
    ::setsockopt(sender.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);  // fails for a pipe, which has 64 KB
}

// Each direction ends by itself, whichever is first, and its end is an end as often as one asks.
TEST_P(connection_test, each_direction_ends_by_itself) {
    world w{GetParam()};
    for (const auto& kind : {streams[1], streams[2]}) {
        for (const auto& [there, back] : {std::pair{much, much / 2}, std::pair{much, std::size_t{0}},
                                          std::pair{std::size_t{1}, much}, std::pair{std::size_t{0}, std::size_t{0}}}) {
            SCOPED_TRACE(kind.name + std::string{" "} + std::to_string(there) + " " + std::to_string(back));
            pair p = kind.make();
            const auto talk = [](int end, std::uint64_t mine, std::size_t out, std::uint64_t others,
                                 std::size_t in) -> task<> {
                auto sending = co_await galley::spawn_here(galley::invoke([=]() -> task<> {
                    const transferred sent = co_await send_text(end, mine, 0, out);
                    EXPECT_FALSE(sent.error) << sent.error.message();
                    EXPECT_EQ(::shutdown(end, SHUT_WR), 0);
                    const transferred more = co_await send_text(end, mine, out, 1);
                    EXPECT_EQ(more.error, std::errc::broken_pipe);
                }));
                for (const std::size_t expected : {in, std::size_t{0}, std::size_t{0}}) {
                    const transferred got = co_await expect_text(end, others, in - expected, much + 1);
                    EXPECT_FALSE(got.error) << got.error.message();
                    EXPECT_EQ(got.count, expected);
                }
                co_await sending.join();
            };
            w.run([&]() -> task<> {
                const galley::descriptor a = w.adopt(p.a);
                const galley::descriptor b = w.adopt(p.b);
                co_await galley::when_all(talk(a.get(), 1, there, 2, back), talk(b.get(), 2, back, 1, there));
            });
        }
    }
}

// Of many connections, each with a read and a write in flight at both of our ends, every other one is reset.
TEST_P(connection_test, a_reset_ends_what_is_in_flight_and_nothing_else) {
    constexpr std::size_t count = 32;
    world w{GetParam()};
    std::vector<pair> pairs;
    std::generate_n(std::back_inserter(pairs), count, make_tcp_pair);
    std::vector<transferred> reads(count, {{}, 0});
    std::vector<transferred> writes(count, {{}, 0});
    w.run([&]() -> task<> {
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            for (std::size_t i = 0; i < count; ++i) {
                make_buffer_small(pairs[i].a);
                group.spawn(galley::invoke(
                    [&, i]() -> task<> { reads[i] = co_await expect_text(pairs[i].a.get(), 2 * i, 0, 1000); }));
                group.spawn(galley::invoke(
                    [&, i]() -> task<> { writes[i] = co_await send_text(pairs[i].a.get(), 2 * i + 1, 0, plenty); }));
            }
            // Until the buffers are full, and grow no more. They are, if for some rounds nothing was started.
            std::size_t before = 0;
            for (int quiet = 0; quiet < 20; quiet = w.driver.starts == before ? quiet + 1 : 0) {
                before = w.driver.starts;
                co_await galley::sleep_for(1ms);
            }
            EXPECT_EQ(w.driver.in_flight(), 2 * count);
            for (std::size_t i = 0; i < count; i += 2) {
                reset(pairs[i].b);
            }
            co_await until([&] { return w.driver.in_flight() == count; });
            for (std::size_t i = 1; i < count; i += 2) {  // these go on as if nothing had happened
                std::byte text[1000];
                write_text(2 * i, 0, text);
                send_all(pairs[i].b, {reinterpret_cast<const char*>(text), sizeof text});
                group.spawn(galley::invoke([&, i]() -> task<> {
                    const transferred got = co_await expect_text(pairs[i].b.get(), 2 * i + 1, 0, plenty);
                    EXPECT_EQ(got.count, plenty) << got.error.message();
                }));
            }
        });
        for (std::size_t i = 0; i < count; ++i) {
            SCOPED_TRACE(i);
            if (i % 2 != 0) {
                EXPECT_EQ(reads[i].count, 1000U) << reads[i].error.message();
                EXPECT_EQ(writes[i].count, plenty) << writes[i].error.message();
                continue;
            }
            // The kernel tells the reset once, to whoever asks first, and that is the read (IO-4); the other finds the
            // connection gone.
            EXPECT_EQ(reads[i].error, std::errc::connection_reset);
            EXPECT_EQ(writes[i].error, std::errc::broken_pipe);
            EXPECT_LT(writes[i].count, plenty);
            const transferred after = co_await expect_text(pairs[i].a.get(), 0, 0, 1);
            EXPECT_TRUE(!after.error && after.count == 0) << after.error.message();
        }
        for (pair& p : pairs) {
            const galley::descriptor closed = w.adopt(p.a);
        }
    });
}

/// As many writers as there are ends, blocked in full buffers.
task<> block_writers(world& w, std::vector<pair>& pairs, galley::task_group& group, std::vector<transferred>& results) {
    results.assign(pairs.size(), {{}, 0});
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        make_buffer_small(pairs[i].b);
        group.spawn(
            galley::invoke([&, i]() -> task<> { results[i] = co_await send_text(pairs[i].b.get(), i, 0, plenty); }));
    }
    co_await until([&] { return w.driver.in_flight() == pairs.size(); });
}
std::vector<pair> many_of(pair (*make)()) {
    std::vector<pair> pairs;
    std::generate_n(std::back_inserter(pairs), 16, make);
    return pairs;
}

TEST_P(connection_test, full_buffers_are_drained_in_order) {
    world w{GetParam()};
    for (const auto& kind : streams) {
        SCOPED_TRACE(kind.name);
        std::vector<pair> pairs = many_of(kind.make);
        std::vector<transferred> sent;
        w.run([&]() -> task<> {
            galley::task_group group;
            co_await group.run([&]() -> task<> {
                co_await block_writers(w, pairs, group, sent);
                for (std::size_t i = pairs.size(); i-- > 0;) {
                    group.spawn(galley::invoke([&, i]() -> task<> {
                        const transferred got = co_await expect_text(pairs[i].a.get(), i, 0, plenty);
                        EXPECT_EQ(got.count, plenty) << got.error.message();
                    }));
                }
            });
            for (pair& p : pairs) {
                const galley::descriptor closed[] = {w.adopt(p.a), w.adopt(p.b)};
            }
        });
        for (const transferred& s : sent) {
            EXPECT_EQ(s.count, plenty) << s.error.message();
        }
    }
}

// SIGPIPE has its default action here: it would end this process.
TEST_P(connection_test, a_peer_that_goes_while_the_buffers_are_full_is_an_error_and_no_signal) {
    world w{GetParam()};
    for (const auto& kind : streams) {
        SCOPED_TRACE(kind.name);
        std::vector<pair> pairs = many_of(kind.make);
        std::vector<transferred> sent;
        w.run([&]() -> task<> {
            galley::task_group group;
            co_await group.run([&]() -> task<> {
                co_await block_writers(w, pairs, group, sent);
                for (pair& p : pairs) {
                    p.a.close();
                }
            });
            for (pair& p : pairs) {
                const transferred again = co_await send_text(p.b.get(), 0, 0, 1);
                EXPECT_EQ(again.error, std::errc::broken_pipe) << again.error.message();
                const galley::descriptor closed = w.adopt(p.b);
            }
        });
        for (const transferred& s : sent) {
            EXPECT_TRUE(s.error == std::errc::broken_pipe || s.error == std::errc::connection_reset)
                << s.error.message();
            EXPECT_LT(s.count, plenty);
        }
    }
}

// Nothing is a quantity like any other: it moves nothing, and is no error.
TEST_P(connection_test, transfers_of_nothing_move_nothing) {
    world w{GetParam()};
    for (const auto& kind : streams) {
        SCOPED_TRACE(kind.name);
        pair p = kind.make();
        w.run([&]() -> task<> {
            const galley::descriptor from = w.adopt(p.a);
            galley::descriptor to = w.adopt(p.b);
            const transferred wrote = co_await galley::write(to.get(), {});
            EXPECT_TRUE(!wrote.error && wrote.count == 0) << wrote.error.message();
            const auto cut = co_await galley::try_timeout(1ms, expect_text(from.get(), 0, 0, 1));
            EXPECT_FALSE(cut.has_value()) << "nothing was written, and something, or an end, was read";
            const transferred three = co_await send_text(to.get(), 7, 0, 3);
            EXPECT_EQ(three.count, 3U);
            for (int i = 0; i < 3; ++i) {
                const transferred none = co_await galley::read(from.get(), {});
                EXPECT_TRUE(!none.error && none.count == 0) << none.error.message();
                const transferred one = co_await expect_text(from.get(), 7, static_cast<std::uint64_t>(i), 1);
                EXPECT_EQ(one.count, 1U);
            }
            to.close();
            const transferred end = co_await galley::read(from.get(), {});
            EXPECT_TRUE(!end.error && end.count == 0) << end.error.message();
        });
    }
}

TEST_P(connection_test, an_empty_packet_is_no_end) {
    world w{GetParam()};
    pair p = make_socketpair(SOCK_DGRAM);
    w.run([&]() -> task<> {
        const galley::descriptor from = w.adopt(p.a);
        const galley::descriptor to = w.adopt(p.b);
        auto reader = co_await galley::spawn_here(galley::invoke([&]() -> task<std::vector<std::size_t>> {
            std::vector<std::size_t> sizes;
            for (int i = 0; i < 5; ++i) {
                std::byte some[16];
                const transferred got = co_await galley::read(from.get(), some);
                EXPECT_FALSE(got.error) << got.error.message();
                EXPECT_TRUE(is_text(1, 0, {some, got.count}));
                sizes.push_back(got.count);
            }
            co_return sizes;
        }));
        const std::vector<std::size_t> sizes{0, 3, 0, 0, 5};
        for (const std::size_t size : sizes) {
            std::byte some[16];
            write_text(1, 0, some);
            const transferred sent = co_await galley::write(to.get(), std::span{some, size});
            EXPECT_EQ(sent.count, size) << sent.error.message();
            if (size == 0) {
                co_await galley::yield();
            }
        }
        const std::vector<std::size_t> got = co_await reader.join();
        EXPECT_EQ(got, sizes);
    });
}

}  // namespace
}  // namespace galley_test
