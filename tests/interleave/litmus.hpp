// SPDX-License-Identifier: BSL-1.0
// What litmus tests are written with: programs whose sets of outcomes are known, and must be found exactly.
#pragma once

#include "atomic.hpp"
#include "explore.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <iostream>
#include <set>
#include <string>

namespace galley::interleave {

using set = std::set<std::string>;
using enum std::memory_order;
using order = std::memory_order;

/// All strings of so many zeros and ones, but for those.
inline set all_but(std::size_t digits, const set& without = {}) {
    set all;
    for (std::size_t bits = 0; bits < std::size_t{1} << digits; ++bits) {
        std::string text;
        for (std::size_t i = digits; i-- > 0;) {
            text += (bits >> i & 1) != 0 ? '1' : '0';
        }
        if (!without.contains(text)) {
            all.insert(text);
        }
    }
    return all;
}

template <class... Ints>
std::string text(Ints... n) {
    return (std::to_string(n) + ...);
}

inline set outcomes(const program& p, const limits& l = {}) {
    const report r = explore(p, l);
    EXPECT_TRUE(r.complete) << (r.failed ? r.failed->what + "\n" + r.failed->steps : "");
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::cout << test->name() << ": " << r.executions << " executions, " << r.outcomes.size() << " outcomes\n";
    return r.outcomes;
}

inline std::string failure_of(const program& p) {
    const report r = explore(p);
    return r.failed ? r.failed->what : "";
}

}  // namespace galley::interleave
