// SPDX-License-Identifier: BSL-1.0
// What exploring calls a failure, which schedules there are, and what is made of one that fails.
#include <galley/galley.hpp>
#include <galley/testing/exploring_loop.hpp>
#include <galley/testing/network.hpp>
#include <galley/testing/schedule.hpp>
#include <galley/testing/shrink.hpp>
#include <galley/testing/testing.hpp>
#include <galley/testing/timeline.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace galley::test {
namespace {

using namespace std::chrono_literals;
using testing::deviations;
using ::testing::ElementsAre;
using testing::exploration;
using testing::explore;
using testing::explore_options;
using ::testing::HasSubstr;
using testing::relaxations;
using testing::world;

constexpr relaxations nothing{false, false, false, false, false, false};

/// The orders in which `count` letters come, over all schedules of what `start` starts to write them.
using writer = std::function<task<>(world&, std::string&)>;
std::set<std::string> orders(const explore_options& options, const writer& body) {
    std::set<std::string> seen;
    const exploration found = explore(options, [&](world& w) -> task<> {
        std::string text;
        co_await body(w, text);
        seen.insert(text);
    });
    EXPECT_FALSE(found.failed()) << found.report();
    EXPECT_TRUE(found.complete) << found.report();
    return seen;
}

explore_options only(relaxations relaxed) { return {.relaxed = relaxed}; }

task<> write(std::string& to, char letter) {
    to += letter;
    co_return;
}
task<> write_after(std::string& to, char letter, duration d) {
    co_await sleep_for(d);
    to += letter;
}

// ---- which schedules there are -------------------------------------------------------------------------------------

TEST(orders, of_what_is_ready) {
    const writer three = [](world&, std::string& to) -> task<> {
        co_await when_all(write(to, 'a'), write(to, 'b'), write(to, 'c'));
    };
    relaxations ready_order = nothing;
    ready_order.ready_order = true;
    EXPECT_THAT(orders(only(nothing), three), ElementsAre("abc"));
    EXPECT_THAT(orders(only(ready_order), three), ElementsAre("abc", "acb", "bac", "bca", "cab", "cba"));
}

TEST(orders, each_schedule_is_run_once) {
    const exploration found = explore({}, [](world& w) -> task<> {
        std::string text;
        co_await when_all(write(text, 'a'), write(text, 'b'), write(text, 'c'));
        static_cast<void>(w);
    });
    EXPECT_TRUE(found.complete);
    EXPECT_EQ(found.schedules, 6U);
    EXPECT_EQ(found.report(), "6 schedules, all that there are: no failure\n");
}

TEST(orders, of_timers_with_one_key) {
    const writer two = [](world&, std::string& to) -> task<> {
        co_await when_all(write_after(to, 'a', 5ms), write_after(to, 'b', 5ms), write_after(to, 'c', 6ms));
    };
    relaxations ties = nothing;
    ties.timer_ties = true;
    EXPECT_THAT(orders(only(nothing), two), ElementsAre("abc"));
    EXPECT_THAT(orders(only(ties), two), ElementsAre("abc", "bac"));
}

/// However late the loop is: by key (TIME-4).
TEST(orders, of_timers_that_are_due_together) {
    const writer two = [](world& w, std::string& to) -> task<> {
        const auto busy = [](world& around) -> task<> {
            around.outside.pass(10ms);
            co_return;
        };
        co_await when_all(write_after(to, 'b', 6ms), write_after(to, 'a', 5ms), busy(w));
    };
    relaxations ties = nothing;
    ties.timer_ties = true;
    EXPECT_THAT(orders(only(ties), two), ElementsAre("ab"));
}

TEST(orders, of_operations_that_are_done_together) {
    const writer two = [](world& w, std::string& to) -> task<> {
        testing::network net{w};
        const auto [one, one_peer] = net.connected();
        const auto [other, other_peer] = net.connected();
        const auto wait = [&w](std::string& letters, char letter, int from, int peer) -> task<> {
            const descriptor kept{w.loop, from};
            const descriptor far{w.loop, peer};
            const std::error_code error = co_await readable(from);
            letters += error ? '!' : letter;
        };
        w.outside.at(instant{1s}, [&w, a = one_peer, b = other_peer] {
            EXPECT_EQ(w.loop.get_sockets().end_writing(a), 0);
            EXPECT_EQ(w.loop.get_sockets().end_writing(b), 0);
        });
        co_await when_all(wait(to, 'a', one, one_peer), wait(to, 'b', other, other_peer));
    };
    relaxations completions = nothing;
    completions.completions = true;
    EXPECT_THAT(orders(only(nothing), two), ElementsAre("ab"));
    EXPECT_THAT(orders(only(completions), two), ElementsAre("ab", "ba"));
}

// What a program may depend on by accident is relaxed by default; what makes a loop bad, or costs much, is not.
TEST(orders, that_are_open_by_default) {
    const relaxations by_default;
    EXPECT_TRUE(by_default.ready_order);
    EXPECT_TRUE(by_default.timer_ties);
    EXPECT_TRUE(by_default.completions);
    EXPECT_TRUE(by_default.posts);
    EXPECT_FALSE(by_default.late);
    EXPECT_FALSE(by_default.rounds);
}

TEST(orders, of_a_loop_that_is_late) {
    const writer cut = [](world&, std::string& to) -> task<> {
        const auto both = [](std::string& letters) -> task<> {
            co_await write_after(letters, 'a', 1s);
            co_await write_after(letters, 'b', 1s);
        };
        if (!co_await try_timeout(5s, both(to))) to += '-';
    };
    relaxations late = nothing;
    late.late = true;
    EXPECT_THAT(orders(only(nothing), cut), ElementsAre("ab"));
    EXPECT_THAT(orders(only(late), cut), ElementsAre("a-", "ab"));
}

TEST(orders, of_a_round_that_ends_elsewhere) {
    const writer two = [](world&, std::string& to) -> task<> {
        const auto later = [](std::string& letters) -> task<> {
            co_await yield();
            letters += 'b';
        };
        co_await when_all(later(to), write(to, 'a'));
    };
    relaxations rounds = nothing;
    rounds.ready_order = rounds.rounds = true;
    EXPECT_THAT(orders(only(nothing), two), ElementsAre("ab"));
    EXPECT_THAT(orders(only(rounds), two), ElementsAre("ab", "ba"));
}

TEST(orders, of_posts) {
    const writer posts = [](world& w, std::string& to) -> task<> {
        const remote one = w.loop.get_remote();
        const remote other = w.loop.get_remote();
        testing::require(one.post([&to] { to += '1'; }) && one.post([&to] { to += '2'; }), "refused");
        testing::require(other.post([&to] { to += 'x'; }), "refused");
        while (to.size() < 3) co_await sleep_for(1ms);
    };
    relaxations arrival = nothing;
    arrival.posts = arrival.ready_order = true;
    const auto seen = [&](std::size_t schedules) {
        std::set<std::string> all;
        const explore_options options{.schedules = schedules, .relaxed = arrival};
        const auto found = explore(options, [&](world& w) -> task<> {
            std::string text;
            co_await posts(w, text);
            all.insert(text);
        });
        EXPECT_FALSE(found.failed()) << found.report();
        return all;
    };
    EXPECT_THAT(seen(2'000), ElementsAre("12x", "1x2", "x12"));  // those of one thread in order
}

TEST(orders, of_sometime_and_what_sleeps) {
    const writer race = [](world&, std::string& to) -> task<> {
        const auto at_some_time = [](std::string& letters) -> task<> {
            co_await testing::sometime();
            letters += '?';
        };
        co_await when_all(write_after(to, 'a', 1h), write_after(to, 'b', 2h), at_some_time(to));
    };
    EXPECT_THAT(orders({}, race), ElementsAre("?ab", "a?b", "ab?"));
}

TEST(orders, a_cancellation_meets_every_await) {
    std::set<std::string> seen;
    const exploration found = explore({}, [&](world&) -> task<> {
        std::string text;
        const auto work = [&text]() -> task<> {
            co_await write_after(text, 'a', 1ms);
            co_await write_after(text, 'b', 1ms);
            co_await write_after(text, 'c', 1ms);
        };
        cancel_scope scope;
        const auto canceller = [&scope]() -> task<> {
            co_await testing::sometime();
            scope.cancel();
        };
        const auto worker = [&]() -> task<> { static_cast<void>(co_await scope.run(work())); };
        co_await when_all(worker(), canceller());
        seen.insert(text);
    });
    EXPECT_FALSE(found.failed()) << found.report();
    EXPECT_THAT(seen, ElementsAre("", "a", "ab", "abc"));
}

// ---- what is a failure ---------------------------------------------------------------------------------------------

TEST(a_failure_is, what_the_body_throws) {
    const auto found = explore({}, []() -> task<> {
        co_await yield();
        throw std::runtime_error{"no bread"};
    });
    EXPECT_EQ(found.failure, "the body failed: no bread");
    EXPECT_EQ(found.replay, "");
    EXPECT_THAT(found.report(), HasSubstr("it is the order that the rules fix"));
}

TEST(a_failure_is, a_task_left_behind_with_its_name_and_its_await) {
    const auto found = explore({}, [](world& w) -> task<> {
        const auto stay = []() -> task<> { co_await sleep_for(24h); };
        spawn(w.loop, stay(), "guest").detach();
        co_await sleep_for(1s);
    });
    EXPECT_EQ(found.failure, "left behind when the body ended:\n  task 2 'guest', which awaits sleep");
}

TEST(a_failure_is, a_failure_that_nobody_took) {
    const auto found = explore({}, [](world& w) -> task<> {
        const auto burn = []() -> task<> {
            throw std::runtime_error{"burnt"};
            co_return;
        };
        spawn(w.loop, burn(), "toast").detach();
        co_await sleep_for(1s);
    });
    EXPECT_EQ(found.failure, "task 2 'toast' failed, and nobody took its outcome: burnt");
}

TEST(a_failure_is, a_wait_that_nothing_can_end) {
    const auto found = explore({}, []() -> task<> {
        event never;
        co_await never.wait();
    });
    EXPECT_EQ(found.failure, "nothing can wake what is left:\n  task 1 'body', which awaits wait");
}

TEST(a_failure_is, a_body_without_end) {
    const auto found = explore({.turns = 100}, []() -> task<> {
        while (true) co_await yield();
    });
    EXPECT_THAT(found.failure, HasSubstr("no end within 100 turns; stopped before the body ended:\n  task 1 'body'"));
}

TEST(a_failure_is, told_with_what_the_body_chose) {
    const auto found = explore({}, [](world& w) -> task<> {
        testing::require(w.choose(3) != 2, "the wrong door");
        co_return;
    });
    EXPECT_EQ(found.failure, "the body failed: the wrong door");
    EXPECT_THAT(found.timeline, HasSubstr("chooses 2 of 3"));
}

TEST(a_timeline, has_its_columns_below_each_other_however_long_the_times_are) {
    const auto found = explore({}, []() -> task<> {
        co_await sleep_for(1s);
        co_await sleep_for(1h + 1ns);
        testing::require(false, "enough");
    });
    std::vector<std::size_t> columns;
    std::istringstream lines{found.timeline};
    for (std::string line; std::getline(lines, line);) {
        if (const std::size_t at = line.find("1 body"); at != std::string::npos) columns.push_back(at);
    }
    EXPECT_THAT(columns, ElementsAre(columns.front(), columns.front(), columns.front())) << found.timeline;
}

TEST(a_failure_is, what_is_not_deterministic) {
    int runs = 0;
    const auto found = explore({}, [&]() -> task<> {
        testing::require(++runs != 1, "only the first time");
        co_return;
    });
    EXPECT_THAT(found.failure, HasSubstr("not deterministic"));
}

// ---- schedules -----------------------------------------------------------------------------------------------------

TEST(a_replay, is_of_the_body_and_the_options_that_it_was_found_with) {
    const auto body = []() -> task<> {
        std::string text;
        co_await when_all(write(text, 'a'), write(text, 'b'));
    };
    EXPECT_EQ(explore({.replay = "0:1"}, body).schedules, 1U);
    for (const char* const wrong : {"0:2", "1:1", "0:1 5:1"}) {
        EXPECT_THROW(static_cast<void>(explore({.replay = wrong}, body)), std::invalid_argument) << wrong;
    }
}

TEST(a_replay, is_written_and_read) {
    EXPECT_EQ(testing::to_text({{2, 1}, {7, 3}}), "2:1 7:3");
    EXPECT_EQ(testing::from_text("2:1 7:3"), (deviations{{2, 1}, {7, 3}}));
    EXPECT_EQ(testing::from_text(""), deviations{});
    for (const char* const wrong : {"2", "2:", ":1", "2:0", "7:1 2:1", "2:1 2:1", "2:1,7:3", "2:1 ", " 2:1", "-1:1"}) {
        EXPECT_EQ(testing::from_text(wrong), std::nullopt) << wrong;
    }
}

TEST(a_schedule_that_fails, keeps_the_one_deviation_that_it_needs) {
    for (std::size_t size = 1; size < 10; ++size) {
        for (std::size_t needed = 0; needed < size; ++needed) {
            const auto fails = [needed](const deviations& d) -> std::optional<deviations> {
                return std::ranges::count(d, needed, &testing::deviation::decision) != 0 ? std::optional{d}
                                                                                         : std::nullopt;
            };
            deviations all;
            for (std::size_t i = 0; i < size; ++i) {
                all.push_back({i, 1});
            }
            EXPECT_THAT(testing::shrink(all, fails), ElementsAre(testing::deviation{needed, 1})) << "of " << size;
        }
    }
}

TEST(a_schedule_that_fails, is_made_small) {
    const auto fails = [](const deviations& d) -> std::optional<deviations> {
        bool third{};
        bool ninth{};
        for (const auto& [decision, choice] : d) {
            third = third || (decision == 3 && choice >= 2);
            ninth = ninth || decision == 9;
        }
        return third && ninth ? std::optional{d} : std::nullopt;
    };
    EXPECT_EQ(testing::shrink({{1, 1}, {3, 5}, {4, 1}, {5, 2}, {9, 4}, {12, 1}}, fails), (deviations{{3, 2}, {9, 1}}));
}

/// Each of `count` tasks must be first once, in the order of their numbers, for this to fail.
task<> needs_many_deviations(std::size_t count) {
    std::size_t agreed = 0;
    for (std::size_t i = 0; i < count; ++i) {
        char first = 0;
        const auto come = [&first](char who) -> task<> {
            if (first == 0) first = who;
            co_return;
        };
        co_await when_all(come('a'), come('b'));
        agreed += first == 'b' ? 1 : 0;
    }
    testing::require(agreed < count, "b was always first");
}

TEST(a_failure_that_needs_many_deviations, is_found_at_random) {
    const auto body = []() -> task<> { return needs_many_deviations(8); };
    const auto few = explore({.schedules = 20}, body);
    EXPECT_FALSE(few.failed());
    EXPECT_FALSE(few.complete);
    const auto many = explore({.schedules = 100'000, .relaxed = {.posts = false}}, body);
    ASSERT_TRUE(many.failed());
    EXPECT_EQ(many.replay, "0:1 1:1 2:1 3:1 4:1 5:1 6:1 7:1");
}

TEST(random_schedules, are_those_of_their_seed) {
    const auto run = [](std::uint64_t seed) {
        std::vector<std::string> seen;
        const explore_options options{.schedules = 40, .seed = seed};
        static_cast<void>(explore(options, [&seen]() -> task<> {
            std::string text;
            co_await when_all(write(text, 'a'), write(text, 'b'), write(text, 'c'), write(text, 'd'), write(text, 'e'));
            seen.push_back(text);
        }));
        return seen;
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

// ---- the loop ------------------------------------------------------------------------------------------------------

TEST(time, passes_in_no_time) {
    const auto found = explore({}, []() -> task<> {
        for (int i = 0; i < 100; ++i) co_await sleep_for(1h);
        const instant end = co_await now();
        testing::require(end == instant{100h}, "not a hundred hours");
    });
    EXPECT_FALSE(found.failed()) << found.report();
}

TEST(time, is_written_in_the_unit_that_fits) {
    EXPECT_EQ(testing::time_text(epoch), "0");
    EXPECT_EQ(testing::time_text(instant{17ns}), "17 ns");
    EXPECT_EQ(testing::time_text(instant{1500us}), "1.5 ms");
    EXPECT_EQ(testing::time_text(instant{1s + 1ns}), "1.000000001 s");
    EXPECT_EQ(testing::time_text(instant{90min}), "90 min");
    EXPECT_EQ(testing::time_text(instant{8h}), "8 h");
}

TEST(the_world, does_what_was_scripted) {
    const auto found = explore({}, [](world& w) -> task<> {
        event bell;
        w.outside.at(instant{3s}, [bell_rings = w.loop.get_remote(), &bell] {
            testing::require(bell_rings.post([&bell] { bell.set(); }), "refused");
        });
        co_await bell.wait();
        const instant then = co_await now();
        testing::require(then == instant{3s}, "not when it was scripted");
    });
    EXPECT_FALSE(found.failed()) << found.report();
}

TEST(the_exploring_loop, refuses_a_run_inside_of_a_step) {
    const auto found = explore({}, [](world& w) -> task<> {
        bool refused = false;
        try {
            static_cast<void>(w.loop.run());
        } catch (const std::logic_error&) {
            refused = true;
        }
        testing::require(refused, "it ran");
        co_return;
    });
    EXPECT_FALSE(found.failed()) << found.report();
}

}  // namespace
}  // namespace galley::test
