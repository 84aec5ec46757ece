// SPDX-License-Identifier: BSL-1.0
// Bounded exhaustion: all canonical programs of up to N statements over each alphabet, on ref, on fast and through the
// oracle.
#include "judges.hpp"

#include <spec/scenario/generate/enumerate.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <vector>

namespace galley::spec {
namespace {

/// N is 3 by default and 4 for the core alphabet; GALLEY_EXHAUST sets both to another number.
std::size_t bound(const alphabet& letters) {
    if (const char* const set = std::getenv("GALLEY_EXHAUST")) {
        return static_cast<std::size_t>(std::atoi(set));
    }
    return letters.name == "core" ? 4 : 3;
}

/// Asks the oracle ahead, so that it works on the next programs while the loops run these.
class panel {
public:
    void judge(const scenario& s) {
        if (!oracle_.has_room(s)) {
            settle();
        }
        oracle_.ask(s);
        asked_.push_back(s);
    }
    void settle() {
        for (const scenario& s : asked_) {
            const std::string expected = oracle_.answer();
            ++count_;
            if (failures_ < 3 && objection(s, expected)) {
                ++failures_;
                failing_.push_back(s);
            }
        }
        asked_.clear();
        for (const scenario& s : failing_) {  // only now, as shrinking asks the oracle too
            ADD_FAILURE() << report(s);
        }
        failing_.clear();
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    oracle oracle_{};
    std::vector<scenario> asked_{};
    std::vector<scenario> failing_{};
    std::size_t count_{};
    std::size_t failures_{};
};

class exhaustion : public testing::TestWithParam<std::string> {};

TEST_P(exhaustion, all_small_programs_agree) {
    for (const alphabet& letters : all_alphabets()) {
        if (letters.name != GetParam()) {
            continue;
        }
        panel judges;
        for_each_program(letters, bound(letters), [&](const scenario& s) { judges.judge(s); });
        judges.settle();
        RecordProperty("programs", static_cast<int>(judges.count()));
        std::cout << "alphabet " << letters.name << ": all " << judges.count() << " programs of up to "
                  << bound(letters) << " statements: ref = fast = oracle, no rule broken\n";
        EXPECT_GT(judges.count(), 100U);
    }
}

std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const alphabet& letters : all_alphabets()) {
        found.emplace_back(letters.name);
    }
    return found;
}
INSTANTIATE_TEST_SUITE_P(alphabets, exhaustion, testing::ValuesIn(names()), [](const auto& p) { return p.param; });

}  // namespace
}  // namespace galley::spec
