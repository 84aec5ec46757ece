// SPDX-License-Identifier: BSL-1.0
// Very many of one thing: a million timers, a hundred thousand tasks on one event. In order, each once, and in as much
// memory as there are things.
#include "tests/integration/fixture.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include <malloc.h>

namespace galley_test {
namespace {

class scale_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, scale_test, every_loop_on_every_driver, combination_name);

/// Bytes in use, as the allocator counts them; 0 under sanitizers, which have one of their own.
std::size_t bytes_in_use() {
    const struct mallinfo2 all = ::mallinfo2();
    return all.uordblks + all.hblkhd;
}

/// A timer that notes its turn.
struct noted_timer : galley::timer {
    explicit noted_timer(std::vector<std::uint32_t>& order, std::uint32_t number_) noexcept
        : timer{&fired}, turns{&order}, number{number_} {}
    static void fired(galley::timer& t) noexcept {
        const auto& self = static_cast<noted_timer&>(t);
        self.turns->push_back(self.number);
    }
    std::vector<std::uint32_t>* turns;
    std::uint32_t number;
};

// On the real clock, which goes on: some are due before the last is started.
TEST_P(scale_test, a_million_timers_half_of_them_cancelled) {
    const auto count = static_cast<std::uint32_t>(scaled(1'000'000, "timers"));
    world w{GetParam()};
    galley::loop& loop = w.loop();
    std::vector<std::uint32_t> turns;
    turns.reserve(count);
    std::vector<bool> cancelled(count);
    std::deque<noted_timer> timers;
    for (std::uint32_t i = 0; i < count; ++i) {
        timers.emplace_back(turns, i);
    }
    std::vector<galley::instant> keys(count);
    const std::size_t before = bytes_in_use();
    std::size_t most = 0;
    w.run([&]() -> task<> {
        std::mt19937_64 random{1};
        const instant start = co_await galley::now{};
        const auto anywhere = [&] { return start + std::chrono::nanoseconds{random() % 500'000'000U}; };
        for (noted_timer& t : timers) {
            loop.start(t, anywhere());
        }
        for (std::uint32_t i = 0; i < count; i += 4) {
            loop.start(timers[i], anywhere());  // a restart is a new start
        }
        most = bytes_in_use();
        for (std::uint32_t i = 0; i < count; i += 2) {
            cancelled[i] = loop.cancel(timers[i]);
            EXPECT_TRUE(cancelled[i]);
            EXPECT_FALSE(loop.cancel(timers[i]));
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            keys[i] = timers[i].key();
        }
        for (instant now = start; now < start + 500ms; now = loop.now()) {
            co_await galley::sleep_for(10ms);
            for (const std::uint32_t i : turns) {
                EXPECT_LE(keys[i], loop.sample()) << "early";
            }
        }
        co_await galley::sleep_until(start + 501ms);  // has a later key, so all others come before it
    });
    EXPECT_EQ(turns.size(), count / 2);
    const auto in_order = [&](std::uint32_t a, std::uint32_t b) {
        return std::pair{keys[a], a} < std::pair{keys[b], b};  // none of these was restarted
    };
    EXPECT_TRUE(std::is_sorted(turns.begin(), turns.end(), in_order)) << "TIME-4";
    EXPECT_TRUE(std::none_of(turns.begin(), turns.end(), [&](std::uint32_t i) { return cancelled[i]; }));
    if (!sanitized) {
        const std::size_t each = GetParam().loop == loop_kind::ref ? 128 : 0;  // a node of a map, or nothing
        EXPECT_LE(most, before + count * each + 100'000);
        EXPECT_LE(bytes_in_use(), before + 100'000) << "memory was kept";
    }
}

struct awakened {
    std::vector<std::uint32_t> in_turn;
    std::size_t cancelled{};
};
task<> wait_in_line(galley::event& e, awakened& a, std::uint32_t number) {
    try {
        co_await e.wait();
        a.in_turn.push_back(number);
    } catch (const galley::cancelled&) {
        ++a.cancelled;
        throw;
    }
}

TEST_P(scale_test, a_hundred_thousand_tasks_on_one_event) {
    const auto count = static_cast<std::uint32_t>(scaled(100'000, "tasks"));
    world w{GetParam()};
    galley::event e;
    awakened a;
    std::size_t joined = 0;
    std::size_t joined_cancelled = 0;
    w.run([&]() -> task<> {
        std::vector<galley::join_handle<>> handles;
        for (std::uint32_t i = 0; i < count; ++i) {
            handles.push_back(galley::spawn(w.loop(), wait_in_line(e, a, i)));
        }
        co_await galley::yield();
        for (std::uint32_t i = 0; i < count; i += 3) {  // out of the middle of the line
            EXPECT_TRUE(handles[i].cancel());
        }
        e.set();
        for (std::uint32_t i = 1; i < count; i += 3) {  // too late: they own it already
            handles[i].cancel();
        }
        for (galley::join_handle<>& handle : handles) {
            try {
                co_await handle.join();
                ++joined;
            } catch (const galley::task_cancelled&) {
                ++joined_cancelled;
            }
        }
    });
    const std::size_t cancelled = (count + 2) / 3;
    EXPECT_EQ(a.cancelled, cancelled);
    EXPECT_EQ(joined_cancelled, cancelled);
    EXPECT_EQ(joined, count - cancelled);
    EXPECT_EQ(a.in_turn.size(), count - cancelled);
    EXPECT_TRUE(std::is_sorted(a.in_turn.begin(), a.in_turn.end())) << "SYNC-1";
    EXPECT_TRUE(std::none_of(a.in_turn.begin(), a.in_turn.end(), [](std::uint32_t i) { return i % 3 == 0; }));
}

TEST_P(scale_test, a_group_of_a_hundred_thousand_is_cancelled_as_a_whole) {
    const auto count = static_cast<std::uint32_t>(scaled(100'000, "tasks"));
    world w{GetParam()};
    galley::event e;
    awakened a;
    w.run([&]() -> task<> {
        galley::task_group group;
        const bool finished = co_await group.run([&]() -> task<> {
            for (std::uint32_t i = 0; i < count; ++i) {
                group.spawn(wait_in_line(e, a, i));
            }
            co_await galley::yield();
            group.cancel();
            e.set();  // nobody is left in the line
        });
        EXPECT_FALSE(finished);
    });
    EXPECT_EQ(a.cancelled, count);
    EXPECT_TRUE(a.in_turn.empty());
}

TEST_P(scale_test, a_hundred_thousand_tasks_are_destroyed_with_their_loop) {
    const auto count = static_cast<std::uint32_t>(scaled(100'000, "tasks"));
    galley::event e;
    awakened a;
    {
        world w{GetParam()};
        for (std::uint32_t i = 0; i < count; ++i) {
            galley::spawn(w.loop(), wait_in_line(e, a, i)).detach();
        }
        EXPECT_EQ(w.loop().run(), galley::verdict::deadlocked);
        EXPECT_EQ(w.loop().tasks().pending(), count);
    }
    EXPECT_TRUE(a.in_turn.empty());
    e.set();  // would touch a frame that is gone
}

}  // namespace
}  // namespace galley_test
