// SPDX-License-Identifier: BSL-1.0
// The occasions of the rules: each is seen in a scenario that has it, and not in one that just has not
// (occasion_cases.txt), and every rule of rules.md has one, or a reason why no scenario can have it.
#include "judges.hpp"

#include <spec/stage/check/check.hpp>
#include <spec/stage/check/occasions.hpp>
#include <spec/stage/form/line.hpp>
#include <spec/stage/generate/generate.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

using namespace galley::spec;

struct occasion_case {
    std::string name{};
    std::string scenario{};
    bool occurs{};
    std::size_t line{};
};

std::vector<occasion_case> read_cases() {
    std::ifstream in{GALLEY_SOURCE_DIR "/tests/occasion_cases.txt"};
    std::vector<occasion_case> cases;
    std::string name;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.starts_with("== ")) name = line.substr(3);
        if (line.starts_with("+ ") || line.starts_with("- "))
            cases.push_back({name, line.substr(2), line[0] == '+', number});
    }
    return cases;
}

std::size_t index_of(const std::string& name) {
    const auto rows = occasions();
    return static_cast<std::size_t>(std::ranges::find(rows, name, &occasion_info::name) - rows.begin());
}

TEST(occasions, are_seen_where_they_are_and_not_where_they_are_not) {
    for (const auto& c : read_cases()) {
        SCOPED_TRACE("occasion_cases.txt:" + std::to_string(c.line));
        const auto s = scenario_of_line(c.scenario);
        const auto t = run_on_ref(s);
        ASSERT_TRUE(check(t).empty());
        ASSERT_LT(index_of(c.name), occasion_count) << "no occasion is called " << c.name;
        EXPECT_EQ(occasions_in(s, t)[index_of(c.name)], c.occurs) << c.name << ": " << c.scenario;
    }
}

TEST(occasions, each_has_a_case_for_and_one_against) {
    std::map<std::string, std::set<bool>> seen;
    for (const auto& c : read_cases()) seen[c.name].insert(c.occurs);
    for (const auto& row : occasions())
        EXPECT_EQ(seen[std::string{row.name}].size(), 2u) << row.name << " has not both in occasion_cases.txt";
}

TEST(occasions, every_rule_has_one_or_a_reason) {
    std::set<std::string> rules;
    std::ifstream in{GALLEY_SOURCE_DIR "/spec/rules.md"};
    const std::regex rule{R"(^\*\*([A-Z]+-\d+)\.\*\*.*)"};
    for (std::string line; std::getline(in, line);)
        if (std::smatch found; std::regex_match(line, found, rule)) rules.insert(found[1]);
    ASSERT_GT(rules.size(), 50u);

    std::set<std::string> tied;
    for (const auto& row : occasions()) tied.insert(std::string{row.rule});
    for (const auto& row : rules_beyond_scenarios())
        EXPECT_TRUE(tied.insert(std::string{row.rule}).second) << row.rule << " has both an occasion and a reason";
    EXPECT_EQ(tied, rules);
}

TEST(occasions, are_the_same_on_both_loops_and_safe_on_any_scenario) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const auto s = random_scenario(seed, 5 + seed % 60);
        ASSERT_EQ(occasions_in(s, run_on_ref(s)), occasions_in(s, run_on_fast(s))) << "seed " << seed;
    }
}

}  // namespace
