// SPDX-License-Identifier: BSL-1.0
// The exploring loop on random scenarios of every verb: with no deviation it does what the reference loop does, and
// with any it breaks no rule but those that are relaxed.
#include <spec/stage/check/check.hpp>
#include <spec/stage/generate/generate.hpp>
#include <spec/stage/run/run.hpp>
#include <spec/stage/trace/trace.hpp>

#include <galley/ref/loop.hpp>
#include <galley/testing/exploring_loop.hpp>
#include <galley/testing/schedule.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>

namespace galley::test {
namespace {

constexpr std::uint64_t scenarios = 2'000;

spec::scenario scenario_of(std::uint64_t seed) {
    return spec::random_scenario(seed, 10 + static_cast<std::size_t>(seed % 50));
}

spec::trace run_on(const spec::scenario& s, const testing::relaxations& relaxed, testing::chooser& decides) {
    auto turns = std::numeric_limits<std::uint64_t>::max();
    return spec::level_p(spec::run_scenario(s, [&](driver& d, const loop_options& o) {
        return std::make_unique<testing::exploring_loop>(d, o, relaxed, decides, turns);
    }));
}

TEST(the_exploring_loop, without_deviation_does_what_the_reference_does) {
    for (std::uint64_t seed = 1; seed <= scenarios; ++seed) {
        const spec::scenario s = scenario_of(seed);
        const spec::trace wanted = spec::level_p(
            spec::run_scenario(s, [](driver& d, const loop_options& o) { return std::make_unique<ref::loop>(d, o); }));
        testing::schedule exact{{}};
        ASSERT_EQ(spec::to_json(run_on(s, {.late = true, .rounds = true}, exact)), spec::to_json(wanted)) << seed;
    }
}

/// Rules that speak of the orders that were relaxed. POST-1 is judged as if all posts were one thread's: those of a
/// program are not here.
bool is_relaxed(const std::string& rule, const spec::scenario& s) {
    const auto posts = [](const spec::statement& each) { return each.what == spec::verb::post; };
    const auto with_posts = [&](const auto& routine) { return std::ranges::any_of(routine.body, posts); };
    return rule == "READY-1" || rule == "TIME-4" || (rule == "POST-1" && std::ranges::any_of(s.routines, with_posts));
}

TEST(the_exploring_loop, with_any_deviations_breaks_no_other_rule) {
    std::mt19937_64 random{1};
    std::size_t deviated = 0;
    for (std::uint64_t seed = 1; seed <= scenarios; ++seed) {
        const spec::scenario s = scenario_of(seed);
        testing::schedule any{{}, &random};
        const spec::trace t = run_on(s, {}, any);
        deviated += any.taken().empty() ? 0 : 1;
        for (const spec::violation& v : spec::check(t)) {
            EXPECT_TRUE(is_relaxed(v.rule, s)) << seed << ": " << v.rule << ": " << v.what;
        }
    }
    EXPECT_GT(deviated, scenarios / 4);
}

}  // namespace
}  // namespace galley::test
