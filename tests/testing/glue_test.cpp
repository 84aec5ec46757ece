// SPDX-License-Identifier: BSL-1.0
// The glue to GoogleTest and RapidCheck, on tests that pass and on tests that fail.
#include <galley/galley.hpp>
#include <galley/testing/gtest.hpp>
#include <galley/testing/rapidcheck.hpp>
#include <galley/testing/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace galley::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// ---- as users write them -------------------------------------------------------------------------------------------

GALLEY_TEST(a_test_that_awaits, has_its_loop_and_its_time) {
    co_await sleep_for(2h);
    EXPECT_EQ(world.loop.now(), instant{2h});
}

GALLEY_EXPLORE(a_property_of_every_schedule, holds) {
    int done = 0;
    const auto add = [&done]() -> task<> {
        co_await yield();
        ++done;
    };
    co_await when_all(add(), add());
    EXPECT_EQ(done, 2);
}

GALLEY_EXPLORE(a_property_of_every_schedule, may_have_options, {.schedules = 10, .relaxed = {.ready_order = false}}) {
    co_await yield();
}

// ---- when they fail ------------------------------------------------------------------------------------------------

task<> wrong(testing::world&) {
    co_await sleep_for(1ms);
    EXPECT_EQ(1 + 1, 3) << "arithmetic";
}

TEST(an_expectation_that_fails, is_told_with_its_place_and_the_timeline) {
    const std::string told = testing::run_test(&wrong);
    EXPECT_THAT(told, HasSubstr("glue_test.cpp:"));
    EXPECT_THAT(told, HasSubstr("arithmetic"));
    EXPECT_THAT(told, HasSubstr("  1 ms  1 body  goes on after sleep, ends"));
}

TEST(an_expectation_that_fails, fails_a_schedule) {
    const std::string told = testing::explore_test({}, [](testing::world&) -> task<> {
        std::string text;
        const auto write = [&text](char letter) -> task<> {
            text += letter;
            co_return;
        };
        co_await when_all(write('a'), write('b'));
        EXPECT_EQ(text, "ab");
    });
    EXPECT_THAT(told, HasSubstr("\"ba\""));
    EXPECT_THAT(told, HasSubstr("before 2"));
    EXPECT_THAT(told, HasSubstr("replay: explore({.replay = \"0:1\"}, body)"));
}

TEST(a_task_left_behind, is_named) {
    const std::string told = testing::run_test([](testing::world& w) -> task<> {
        const auto sleep = []() -> task<> { co_await sleep_for(1h); };
        spawn(w.loop, sleep(), "lodger").detach();
        co_await yield();
    });
    EXPECT_THAT(told, HasSubstr("left behind when the body ended:\n  task 2 'lodger', which awaits sleep"));
}

TEST(the_environment, gives_a_replay) {
    const testing::body_function body = [](testing::world&) -> task<> {
        std::string text;
        const auto write = [&text](char letter) -> task<> {
            text += letter;
            co_return;
        };
        co_await when_all(write('a'), write('b'), write('c'));
        EXPECT_NE(text, "cab");
    };
    ::setenv("GALLEY_REPLAY", "0:1", 1);
    EXPECT_EQ(testing::explore_test({}, body), "");
    ::setenv("GALLEY_REPLAY", "0:2", 1);
    EXPECT_THAT(testing::explore_test({}, body), HasSubstr("found after 1 schedule\n"));
    ::unsetenv("GALLEY_REPLAY");
}

// ---- RapidCheck ----------------------------------------------------------------------------------------------------

/// The sum of what tasks add to a total, each in one step or in two.
task<> sum(const std::vector<int>& numbers, bool in_one_step) {
    int total = 0;
    int wanted = 0;
    const auto add = [&](int number, bool at_once) -> task<> {
        if (at_once) {
            total += number;
            co_return;
        }
        const int before = total;
        if (before > 0) co_await yield();
        total = before + number;
    };
    task_group all;
    const auto start = [&]() -> task<> {
        for (const int number : numbers) {
            all.spawn(add(number, in_one_step));
            wanted += number;
        }
        co_return;
    };
    co_await all.run(start);
    testing::require(total == wanted, "the sum is wrong");
}

/// With a seed of its own, as how small the data get depends on it a little.
rc::detail::TestResult check_sum(bool in_one_step) {
    const auto property = [in_one_step] {
        const auto numbers = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3));
        testing::rc_explore([&numbers, in_one_step]() -> task<> { return sum(numbers, in_one_step); });
    };
    rc::detail::TestParams params;
    params.seed = 1;
    return rc::detail::checkTestable(property, rc::detail::TestMetadata{}, params);
}

TEST(a_property_over_data_and_schedules, holds) {
    EXPECT_TRUE(check_sum(true).template is<rc::detail::SuccessResult>());
}

TEST(a_property_over_data_and_schedules, meets_the_order_that_the_rules_fix_before_another) {
    bool met = false;
    EXPECT_TRUE(rc::check([&met] {
        testing::rc_explore([&met](testing::world& w) -> task<> {
            const bool first_is_fixed = w.choose(8) == 0;
            const bool second_is_not = w.choose(8) != 0;
            met = met || (first_is_fixed && second_is_not);
            co_return;
        });
    }));
    EXPECT_TRUE(met);
}

TEST(a_property_over_data_and_schedules, fails_with_small_data_and_a_timeline) {
    const auto result = check_sum(false);
    ASSERT_TRUE(result.template is<rc::detail::FailureResult>());
    const auto& told = result.template get<rc::detail::FailureResult>();
    EXPECT_THAT(told.description, HasSubstr("the sum is wrong"));
    EXPECT_THAT(told.description, HasSubstr("goes on after yield"));
    EXPECT_THAT(told.counterExample.front().second, ::testing::AnyOf("[1, 1, 0]", "[1, 0, 1]", "[1, 1, 0, 0]"));
}

}  // namespace
}  // namespace galley::test
