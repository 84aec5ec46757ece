// SPDX-License-Identifier: BSL-1.0
// Bounded exhaustion, in brief: all canonical programs of a few statements over each alphabet, on ref, on fast, through
// the oracle and the rule checker. `./dev exhaust` goes deeper.
#include "exhaustion.hpp"
#include "judges.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace galley::spec {

/// GoogleTest shows parameters so; else by their bytes.
void PrintTo(const alphabet& letters, std::ostream* out) { *out << letters.name; }

namespace {

/// The brief bound, or GALLEY_EXHAUST if that is less: for slow builds.
std::size_t bound(const alphabet& letters) {
    const char* const set = std::getenv("GALLEY_EXHAUST");
    return set == nullptr ? letters.limits.brief : std::min(letters.limits.brief, std::size_t{std::stoul(set)});
}

class exhaustion : public ::testing::TestWithParam<alphabet> {};

TEST_P(exhaustion, all_small_programs_agree) {
    const alphabet& letters = GetParam();
    const std::size_t most = bound(letters);
    const exhaustion_result result = exhaust(letters, {.most = most, .shard = 500});
    for (const scenario& s : result.failing) {
        ADD_FAILURE() << report(s);
    }
    if (result.failing.empty()) {
        std::cout << "alphabet " << letters.name << ": all " << result.count.judged << " programs of up to " << most
                  << " statements: ref = fast = oracle, no rule broken\n";
        EXPECT_EQ(result.count.judged, result.count.all);
        EXPECT_GT(result.count.judged, 50U);
    }
}

INSTANTIATE_TEST_SUITE_P(alphabets, exhaustion, ::testing::ValuesIn(all_alphabets()),
                         [](const auto& p) { return std::string{p.param.name}; });

}  // namespace
}  // namespace galley::spec
