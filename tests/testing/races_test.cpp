// SPDX-License-Identifier: BSL-1.0
// galley::testing: what exploring finds, and what it does not.
#include "races/races.hpp"

#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/ref/loop.hpp>
#include <galley/testing/play.hpp>
#include <galley/testing/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace galley::test {
namespace {

using races::form;
using testing::exploration;
using testing::explore;
using ::testing::HasSubstr;

template <class Loop>
std::string plainly(const testing::body_function& body) {
    return testing::play([](driver& d) { return std::make_unique<Loop>(d); }, body);
}

class five_races : public ::testing::TestWithParam<races::race> {
protected:
    testing::body_function planted = GetParam().body(form::planted);
    testing::body_function mended = GetParam().body(form::mended);
};

TEST_P(five_races, pass_a_plain_test_on_both_loops) {
    for (const auto& body : {planted, mended}) {
        EXPECT_EQ(plainly<ref::loop>(body), "");
        EXPECT_EQ(plainly<fast::loop>(body), "");
    }
}

TEST_P(five_races, are_found_and_replayed) {
    const exploration found = explore({}, planted);
    ASSERT_TRUE(found.failed()) << found.report();
    EXPECT_NE(found.replay, "");
    const exploration again = explore({.replay = found.replay}, planted);
    EXPECT_EQ(again.schedules, 1U);
    EXPECT_EQ(again.failure, found.failure);
    EXPECT_EQ(again.timeline, found.timeline);
    EXPECT_EQ(again.replay, found.replay);
}

TEST_P(five_races, are_not_found_in_the_mended_forms) {
    const exploration found = explore({}, mended);
    EXPECT_FALSE(found.failed()) << found.report();
}

INSTANTIATE_TEST_SUITE_P(, five_races, ::testing::ValuesIn(races::all), [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace galley::test
