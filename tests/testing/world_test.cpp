// SPDX-License-Identifier: BSL-1.0
// The world outside as it is scripted: the network, signals, threads, failures. On the loops that programs run on, and
// under exploration.
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/ref/loop.hpp>
#include <galley/tcp.hpp>
#include <galley/testing/datagrams.hpp>
#include <galley/testing/network.hpp>
#include <galley/testing/play.hpp>
#include <galley/testing/signals.hpp>
#include <galley/testing/testing.hpp>
#include <galley/testing/virtual_driver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/signalfd.h>
#include <sys/socket.h>

namespace galley::test {
namespace {

using namespace std::chrono_literals;
using testing::body_function;
using ::testing::ElementsAre;
using testing::explore;
using testing::link;
using testing::network;
using testing::world;

/// On both loops, and in the first order of an exploration.
void everywhere(const body_function& body) {
    EXPECT_EQ(testing::play([](driver& d) { return std::make_unique<ref::loop>(d, loop_options{0, 1}); }, body), "");
    EXPECT_EQ(testing::play([](driver& d) { return std::make_unique<fast::loop>(d, loop_options{0, 1}); }, body), "");
    const auto found = explore({.schedules = 1}, body);
    EXPECT_FALSE(found.failed()) << found.report();
}

/// What one read gives, as text; "error N" for an error, "." for the end.
task<std::string> read_some(int from, std::size_t most = 100) {
    std::vector<std::byte> room(most);
    const transferred got = co_await read(from, room);
    if (got.error) co_return "error " + std::to_string(got.error.value());
    if (got.count == 0) co_return ".";
    co_return std::string(reinterpret_cast<const char*>(room.data()), got.count);
}

task<std::size_t> write_some(int to, std::string_view text) {
    const transferred done = co_await write(to, std::as_bytes(std::span{text}));
    if (done.error) throw std::system_error{done.error};
    co_return done.count;
}

task<> write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const std::size_t count = co_await write_some(to, text);
        text.remove_prefix(count);
    }
}

/// Everything up to the end.
task<std::string> read_all(int from) {
    std::string all;
    while (true) {
        const std::string part = co_await read_some(from);
        if (part == ".") co_return all;
        all += part;
    }
}

struct two_ends {
    two_ends(world& w, std::pair<int, int> both) : one{w.loop, both.first}, other{w.loop, both.second} {}
    descriptor one;
    descriptor other;
};

// WAIT-3
TEST(a_virtual_driver, is_woken_once_before_or_in_a_wait) {
    testing::virtual_driver driver;
    driver.at(instant{5s}, [] {});
    operation_list done;
    driver.get_waker()->wake();
    driver.wait(std::nullopt, done);
    EXPECT_EQ(driver.now(), epoch);
    driver.wait(std::nullopt, done);
    EXPECT_EQ(driver.now(), instant{5s});
}

TEST(a_network, takes_its_time) {
    everywhere([](world& w) -> task<> {
        network net{w, {.latency = 30ms}};
        const two_ends ends{w, net.connected()};
        co_await write_all(ends.one.get(), "hello");
        EXPECT_EQ(w.loop.now(), epoch);
        const std::string got = co_await read_some(ends.other.get());
        EXPECT_EQ(got, "hello");
        EXPECT_EQ(w.loop.now(), instant{30ms});
    });
}

TEST(a_network, moves_as_much_as_it_may) {
    everywhere([](world& w) -> task<> {
        network net{w, {.most = 3}};
        const two_ends ends{w, net.connected()};
        const std::size_t gone = co_await write_some(ends.one.get(), "hello");
        EXPECT_EQ(gone, 3U);
        co_await write_all(ends.one.get(), "lo, you");
        co_await sleep_for(1ms);
        for (const std::string part : {"hel", "lo,", " yo", "u"}) {
            const std::string got = co_await read_some(ends.other.get());
            EXPECT_EQ(got, part);
        }
    });
}

TEST(a_network, tells_when_there_is_room) {
    everywhere([](world& w) -> task<> {
        network net{w, {.room = 4}};
        const two_ends ends{w, net.connected()};
        const auto at_once = co_await try_timeout(1s, writable(ends.one.get()));
        EXPECT_TRUE(at_once && !*at_once);
        co_await write_all(ends.one.get(), "full");
        EXPECT_FALSE(co_await try_timeout(1s, writable(ends.one.get())));
        EXPECT_EQ(co_await read_some(ends.other.get()), "full");
        const auto again = co_await try_timeout(1s, writable(ends.one.get()));
        EXPECT_TRUE(again && !*again);
    });
}

TEST(a_network, counts_nothing_where_it_only_waits) {
    everywhere([](world& w) -> task<> {
        network net{w};
        const two_ends ends{w, net.connected()};
        co_await write_all(ends.one.get(), "hello");
        co_await sleep_for(1ms);
        for (const io kind : {io::readable, io::writable}) {
            operation waits{kind, ends.other.get(), nullptr, 0, [](operation&) noexcept {}};
            EXPECT_TRUE(w.loop.start(waits));
            EXPECT_EQ(waits.result.error, 0);
            EXPECT_EQ(waits.result.count, 0);
        }
    });
}

TEST(a_network, counts_nothing_beside_an_error) {
    everywhere([](world& w) -> task<> {
        network net{w};
        two_ends ends{w, net.connected()};
        std::byte room{};
        operation in_vain{io::read, ends.other.get(), &room, 1, [](operation&) noexcept {}};
        EXPECT_FALSE(w.loop.start(in_vain));
        ends.other = {};
        co_await sleep_for(1ms);
        EXPECT_EQ(in_vain.result.error, ECANCELED);
        EXPECT_EQ(in_vain.result.count, 0);

        const descriptor alone{w.loop, w.loop.get_sockets().open(AF_INET)};
        operation too_early{io::read, alone.get(), &room, 1, [](operation&) noexcept {}};
        EXPECT_TRUE(w.loop.start(too_early));
        EXPECT_EQ(too_early.result.error, ENOTCONN);
        EXPECT_EQ(too_early.result.count, 0);
    });
}

TEST(a_network, lets_writers_wait_while_nobody_reads) {
    everywhere([](world& w) -> task<> {
        network net{w, {.room = 4}};
        const two_ends ends{w, net.connected()};
        bool written{};
        const auto writer = [&]() -> task<> {
            co_await write_all(ends.one.get(), "0123456789");
            written = true;
        };
        const auto reader = [&]() -> task<> {
            co_await sleep_for(1h);
            EXPECT_FALSE(written);
            std::string all;
            while (all.size() < 10) {
                const std::string part = co_await read_some(ends.other.get());
                EXPECT_LE(part.size(), 4U);
                all += part;
            }
            EXPECT_EQ(all, "0123456789");
        };
        co_await when_all(writer(), reader());
        EXPECT_TRUE(written);
    });
}

TEST(a_network, ends_and_closes) {
    everywhere([](world& w) -> task<> {
        network net{w, {.latency = 1ms}};
        two_ends ends{w, net.connected()};
        co_await write_all(ends.one.get(), "last");
        EXPECT_EQ(w.loop.get_sockets().end_writing(ends.one.get()), 0);
        const std::string all = co_await read_all(ends.other.get());
        EXPECT_EQ(all, "last");
        co_await write_all(ends.other.get(), "answer");
        ends.other.close();
        const std::string answer = co_await read_all(ends.one.get());
        EXPECT_EQ(answer, "answer");
        const transferred refused = co_await write(ends.one.get(), std::as_bytes(std::span{"x", 1}));
        EXPECT_EQ(refused.error.value(), EPIPE);
    });
}

TEST(a_network, is_reset) {
    everywhere([](world& w) -> task<> {
        network net{w, {.latency = 1s}};
        const two_ends ends{w, net.connected()};
        w.outside.at(instant{500ms}, [&net, &ends] { net.reset(ends.one.get()); });
        co_await write_all(ends.one.get(), "never seen");
        const std::string got = co_await read_some(ends.other.get());
        EXPECT_EQ(got, "error " + std::to_string(ECONNRESET));
        EXPECT_EQ(w.loop.now(), instant{500ms});
        const transferred refused = co_await write(ends.one.get(), std::as_bytes(std::span{"x", 1}));
        EXPECT_EQ(refused.error.value(), ECONNRESET);
    });
}

/// Says back what it is told, once.
task<> serve_one(tcp_listener& at) {
    const stream_result got = co_await at.accept();
    EXPECT_FALSE(got.error);
    const std::string asked = co_await read_all(got.stream.native_handle());
    co_await write_all(got.stream.native_handle(), "you said " + asked);
}

TEST(a_network, connects_what_goes_over_tcp) {
    everywhere([](world& w) -> task<> {
        const network net{w, {.latency = 20ms}};
        tcp_listener listener{w.loop, endpoint{"0.0.0.0", 80}};
        EXPECT_EQ(listener.local_port(), 80);
        const auto ask = [&]() -> task<> {
            auto [error, stream] = co_await tcp_connect({"192.0.2.1", 80});
            EXPECT_FALSE(error);
            EXPECT_EQ(w.loop.now(), instant{20ms});
            EXPECT_FALSE(stream.no_delay(false));
            const transferred sent = co_await stream.write_all(std::as_bytes(std::span{"hello", 5}));
            EXPECT_EQ(sent.count, 5U);
            EXPECT_FALSE(stream.end_writing());
            const std::string answer = co_await read_all(stream.native_handle());
            EXPECT_EQ(answer, "you said hello");
            EXPECT_EQ(w.loop.now(), instant{60ms});
        };
        co_await when_all(serve_one(listener), ask());
    });
}

TEST(a_network, refuses_where_nobody_listens) {
    everywhere([](world& w) -> task<> {
        const network net{w, {.latency = 20ms}};
        const stream_result refused = co_await tcp_connect({"::1", 81});
        EXPECT_EQ(refused.error.value(), ECONNREFUSED);
        EXPECT_EQ(w.loop.now(), instant{20ms});
        {
            const tcp_listener listener{w.loop, {"::", 81}};
        }
        const stream_result too_late = co_await tcp_connect({"::1", 81});
        EXPECT_EQ(too_late.error.value(), ECONNREFUSED);
        const auto cut_off = co_await try_timeout(5ms, tcp_connect({"::1", 81}));
        EXPECT_FALSE(cut_off);
        EXPECT_EQ(w.loop.now(), instant{45ms});
    });
}

TEST(a_network, makes_no_socket_where_that_is_scripted_to_fail) {
    everywhere([](world& w) -> task<> {
        const network net{w};
        w.outside.fail_socket(EMFILE, 1);  // the second
        w.outside.fail_socket(ENOBUFS);    // the first
        const auto error_of_listening = [&w]() -> int {
            try {
                const tcp_listener listener{w.loop, {"::", 81}};
            } catch (const std::system_error& error) {
                return error.code().value();
            }
            return 0;
        };
        EXPECT_EQ(error_of_listening(), ENOBUFS);
        const stream_result no_socket = co_await tcp_connect({"::1", 81});
        EXPECT_EQ(no_socket.error.value(), EMFILE);
        EXPECT_EQ(error_of_listening(), 0);
        const stream_result nobody_there = co_await tcp_connect({"::1", 81});
        EXPECT_EQ(nobody_there.error.value(), ECONNREFUSED);
    });
}

TEST(a_network, has_each_port_once) {
    everywhere([](world& w) -> task<> {
        const network net{w};
        const tcp_listener first{w.loop, {"0.0.0.0", 80}};
        int error = 0;
        try {
            const tcp_listener second{w.loop, {"::", 80}};
        } catch (const std::system_error& refused) {
            error = refused.code().value();
        }
        EXPECT_EQ(error, EADDRINUSE);
        const tcp_listener any{w.loop, {"0.0.0.0", 0}};
        const tcp_listener another{w.loop, {"0.0.0.0", 0}};
        EXPECT_GE(any.local_port(), 1024);
        EXPECT_NE(any.local_port(), another.local_port());
        const stream_result found = co_await tcp_connect({"192.0.2.1", another.local_port()});
        EXPECT_FALSE(found.error);
        const auto nobody = co_await try_timeout(1s, any.accept());
        EXPECT_FALSE(nobody);
        const stream_result there = co_await another.accept();
        EXPECT_FALSE(there.error);
    });
}

TEST(a_network, resets_whom_nobody_accepts) {
    everywhere([](world& w) -> task<> {
        const network net{w};
        std::optional<tcp_listener> listener;
        listener.emplace(w.loop, endpoint{"0.0.0.0", 80});
        const stream_result one = co_await tcp_connect({"192.0.2.1", 80});
        EXPECT_FALSE(one.error);
        listener.reset();
        const std::string got = co_await read_some(one.stream.native_handle());
        EXPECT_EQ(got, "error " + std::to_string(ECONNRESET));
    });
}

/// A server that has no descriptors left, and a client that is reset in the middle: in every order.
TEST(a_network, is_as_hard_on_a_server_as_the_world) {
    const auto body = [](world& w) -> task<> {
        network net{w, {.latency = 1ms, .room = 4}};
        tcp_listener listener{w.loop, {"0.0.0.0", 80}};
        w.outside.fail(io::accept, EMFILE);
        std::string seen;
        const auto serve = [&]() -> task<> {
            const stream_result full = co_await listener.accept();
            EXPECT_EQ(full.error.value(), EMFILE);
            const stream_result got = co_await listener.accept();
            EXPECT_FALSE(got.error);
            co_await sleep_for(1s);
            seen = co_await read_some(got.stream.native_handle());
            net.reset(got.stream.native_handle());
        };
        const auto ask = [&]() -> task<> {
            const stream_result made = co_await tcp_connect({"192.0.2.1", 80});
            EXPECT_FALSE(made.error);
            const transferred sent = co_await made.stream.write_all(std::as_bytes(std::span{"0123456789", 10}));
            EXPECT_EQ(sent.error.value(), ECONNRESET);
            EXPECT_GE(sent.count, 4U);
            EXPECT_EQ(w.loop.now(), instant{1s + 1ms});
        };
        co_await when_all(serve(), ask());
        EXPECT_EQ(seen, "0123");
    };
    everywhere(body);
    const auto found = explore({}, body);
    EXPECT_FALSE(found.failed()) << found.report();
}

TEST(a_world_without_network, makes_no_sockets) {
    everywhere([](world& w) -> task<> {
        const stream_result none = co_await tcp_connect({"192.0.2.1", 80});
        EXPECT_EQ(none.error.value(), ENETDOWN);
        EXPECT_THROW((tcp_listener{w.loop, endpoint{"0.0.0.0", 80}}), std::system_error);
    });
}

/// Whoever takes what one read gives for a whole message is found.
TEST(an_unsure_network, splits_messages) {
    std::set<std::string> seen;
    const auto found = explore({}, [&seen](world& w) -> task<> {
        network net{w, {.unsure = true}};
        const two_ends ends{w, net.connected()};
        co_await write_all(ends.one.get(), "abc");
        co_await sleep_for(1ms);
        std::string parts;
        while (true) {
            const std::string part = co_await read_some(ends.other.get());
            parts += (parts.empty() ? "" : "|") + part;
            if (part.ends_with('c')) break;
        }
        seen.insert(parts);
    });
    EXPECT_TRUE(found.complete) << found.report();
    EXPECT_FALSE(found.failed()) << found.report();
    EXPECT_THAT(seen, ElementsAre("abc", "a|bc", "a|b|c"));
}

TEST(datagrams, come_whole_and_in_time_or_not_at_all) {
    everywhere([](world& w) -> task<> {
        testing::datagrams wire{w, {.latency = 5ms, .room = 2}};
        const two_ends ends{w, wire.connected()};
        wire.lose(ends.one.get(), 1);
        for (const std::string_view text : {"lost", "hello", "you", "no room"}) {
            const std::size_t gone = co_await write_some(ends.one.get(), text);
            EXPECT_EQ(gone, text.size());
        }
        const std::error_code error = co_await readable(ends.other.get());
        EXPECT_FALSE(error);
        EXPECT_EQ(w.loop.now(), instant{5ms});
        const std::string part = co_await read_some(ends.other.get(), 4);
        EXPECT_EQ(part, "hell");
        const std::string next = co_await read_some(ends.other.get());
        EXPECT_EQ(next, "you");
        const auto nothing = co_await try_timeout(1h, read_some(ends.other.get()));
        EXPECT_EQ(nothing, std::nullopt);
    });
}

/// Whoever believes that each arrives is found, and who asks again until there is an answer is not.
TEST(datagrams, are_lost_where_that_hurts) {
    const auto body = [](int most) {
        return [most](world& w) -> task<> {
            testing::datagrams wire{w, {.latency = 1ms, .unsure = true}};
            const two_ends ends{w, wire.connected()};
            wire.lose(ends.one.get(), 1);
            std::optional<std::string> got;
            for (int i = 0; i < most && !got; ++i) {
                co_await write_all(ends.one.get(), "ask");
                got = co_await try_timeout(1s, read_some(ends.other.get()));
            }
            testing::require(got || most > 2, "nobody was asked");
        };
    };
    const auto once = explore({}, body(1));
    EXPECT_EQ(once.failure, "the body failed: nobody was asked");
    EXPECT_EQ(once.replay, "") << "the first one is lost anyway";
    const auto twice = explore({}, body(2));
    EXPECT_TRUE(twice.failed());
    EXPECT_EQ(twice.replay, "0:1");
    const auto often = explore({}, body(3));
    EXPECT_TRUE(often.complete) << often.report();
    EXPECT_FALSE(often.failed()) << often.report();
}

TEST(a_scripted_failure, is_that_of_the_call_that_was_meant) {
    everywhere([](world& w) -> task<> {
        network net{w};
        const two_ends ends{w, net.connected()};
        w.outside.fail(io::write, ENOBUFS, 1);
        w.outside.fail(io::read, EIO);
        co_await write_all(ends.one.get(), "a");
        const transferred second = co_await write(ends.one.get(), std::as_bytes(std::span{"b", 1}));
        EXPECT_EQ(second.error.value(), ENOBUFS);
        const std::string failed = co_await read_some(ends.other.get());
        EXPECT_EQ(failed, "error " + std::to_string(EIO));
        co_await sleep_for(1ms);
        const std::string got = co_await read_some(ends.other.get());
        EXPECT_EQ(got, "a");
    });
}

TEST(a_descriptor, that_was_closed_is_none) {
    everywhere([](world& w) -> task<> {
        network net{w};
        const auto [one, other] = net.connected();
        const descriptor kept{w.loop, other};
        const auto close_later = [&w](int number) -> task<> {
            co_await sleep_for(1s);
            EXPECT_EQ(w.loop.close(number), 0);
            EXPECT_EQ(w.loop.close(number), EBADF);
        };
        const auto wait = [](int from) -> task<> {
            const std::string got = co_await read_some(from);
            EXPECT_EQ(got, "error " + std::to_string(ECANCELED));
            const std::string stale = co_await read_some(from);
            EXPECT_EQ(stale, "error " + std::to_string(EBADF));
        };
        co_await when_all(wait(one), close_later(one));
    });
}

TEST(a_descriptor, that_is_waited_for_can_be_given_up) {
    everywhere([](world& w) -> task<> {
        network net{w};
        const two_ends ends{w, net.connected()};
        const auto got = co_await try_timeout(1min, read_some(ends.one.get()));
        EXPECT_EQ(got, std::nullopt);
        EXPECT_EQ(w.loop.now(), instant{1min});
    });
}

TEST(a_descriptor, that_is_left_open_is_named) {
    const auto found = explore({}, [](world& w) -> task<> {
        const network net{w};
        const endpoint at{"0.0.0.0", 80};
        const int left = w.loop.get_sockets().open(at.family());
        static_cast<void>(w.loop.get_sockets().bind(left, at.data(), at.size()));
        static_cast<void>(w.loop.get_sockets().listen(left));
        co_return;
    });
    EXPECT_EQ(found.failure, "left open: a listening socket, port 80");
}

TEST(signals, come_when_they_are_scripted) {
    everywhere([](world& w) -> task<> {
        testing::signals raised{w};
        const descriptor from{w.loop, raised.descriptor()};
        w.outside.at(instant{5s}, [&raised] { raised.raise(SIGTERM); });
        signalfd_siginfo info{};
        const transferred got = co_await read(from.get(), std::as_writable_bytes(std::span{&info, 1}));
        EXPECT_EQ(got.count, sizeof info);
        EXPECT_EQ(info.ssi_signo, static_cast<unsigned>(SIGTERM));
        EXPECT_EQ(w.loop.now(), instant{5s});
        raised.raise(SIGTERM);
        const transferred refused = co_await read(from.get(), std::as_writable_bytes(std::span{&info.ssi_signo, 1}));
        EXPECT_EQ(refused.error.value(), EINVAL) << "there must be room for all of it";
    });
}

TEST(threads, post_when_they_are_scripted) {
    everywhere([](world& w) -> task<> {
        event told;
        w.post_at(instant{3h}, [&told] { told.set(); });
        co_await told.wait();
        EXPECT_EQ(w.loop.now(), instant{3h});
    });
}

TEST(a_choice_of_the_body, is_tried_in_every_way) {
    std::set<std::size_t> seen;
    const auto found = explore({}, [&seen](world& w) -> task<> {
        seen.insert(w.choose(3));
        co_return;
    });
    EXPECT_EQ(found.schedules, 3U);
    EXPECT_TRUE(found.complete);
    EXPECT_THAT(seen, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace galley::test
