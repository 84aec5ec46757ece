// SPDX-License-Identifier: BSL-1.0
// Time's arithmetic at its edges (TIME-1, TIME-2, TIME-7).
#include <galley/contract/time.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace galley::test {
namespace {

using namespace std::chrono_literals;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

constexpr instant at(std::int64_t ns) { return instant{duration{ns}}; }

TEST(saturating_add, stays_between_the_epoch_and_the_end_of_time) {
    EXPECT_EQ(saturating_add(at(5), 7ns), at(12));
    EXPECT_EQ(saturating_add(at(5), -7ns), epoch);
    EXPECT_EQ(saturating_add(at(5), duration::min()), epoch);
    EXPECT_EQ(saturating_add(at(most - 1), 1ns), end_of_time);
    EXPECT_EQ(saturating_add(at(most - 1), 2ns), end_of_time);
    EXPECT_EQ(saturating_add(end_of_time, duration::max()), end_of_time);
}

TEST(saturating_ns, rounds_up_and_saturates) {
    EXPECT_EQ(saturating_ns(1ns), 1ns);
    EXPECT_EQ(saturating_ns(std::chrono::duration<double, std::nano>{1.25}), 2ns);
    EXPECT_EQ(saturating_ns(std::chrono::hours::max()), duration::max());
    EXPECT_EQ(saturating_ns(std::chrono::hours::min()), duration::min());
    EXPECT_EQ(saturating_ns(std::chrono::duration<double>{1e300}), duration::max());
}

RC_GTEST_PROP(resolution, never_early_and_less_than_one_period_late, ()) {
    const auto bits = *rc::gen::inRange(0U, 41U);
    const resolution r{bits};
    const std::int64_t period = r.period().count();
    // Anything, and often what is near the end of time.
    const auto t = at(*rc::gen::oneOf(
        rc::gen::inRange<std::int64_t>(0, most),
        rc::gen::map(rc::gen::inRange<std::int64_t>(0, 4 * period), [](std::int64_t back) { return most - back; })));
    const instant down = r.round_down(t);
    const instant up = r.round_up(t);
    const instant last = r.round_down(end_of_time);
    RC_ASSERT(nanoseconds(down) % period == 0 && nanoseconds(up) % period == 0);
    RC_ASSERT(down <= t && t - down < r.period());
    if (t <= last) {
        RC_ASSERT(up >= t && up - t < r.period());
    } else {
        RC_ASSERT(up == last);  // "for ever" (TIME-7)
    }
}

}  // namespace
}  // namespace galley::test
