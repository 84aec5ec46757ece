// SPDX-License-Identifier: BSL-1.0
// What the differential fuzz target says of a case that fails, seen with a loop that is made to be wrong.
#include <fuzz/support/report.hpp>

#include <spec/stage/form/bytes.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/generate/generate.hpp>

#include <galley/contract/loop.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using namespace galley;
using namespace galley::fuzz;
using ::testing::HasSubstr;

/// Its fast loop gives every step one satisfied await less than it should.
loops loops_with_a_fault() {
    auto on = both_loops();
    on.fast = [right = on.fast](driver& d, const loop_options& o) {
        auto wrong = o;
        wrong.budget = o.budget > 1 ? o.budget - 1 : 1;
        return right(d, wrong);
    };
    return on;
}

spec::scenario a_case_that_fails(const loops& on) {
    for (std::uint64_t seed = 1;; ++seed) {
        auto s = spec::random_scenario(seed, 60);
        s.budget = 2;
        if (objection(s, on)) return s;
    }
}

TEST(fuzz_report, is_silent_on_what_is_right) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
        EXPECT_EQ(objection(spec::random_scenario(seed, 40), both_loops()), std::nullopt);
}

TEST(fuzz_report, names_the_first_event_that_differs_and_the_rule) {
    const auto on = loops_with_a_fault();
    const auto told = report_on(a_case_that_fails(on), on);
    EXPECT_THAT(told.text, HasSubstr("The loops differ, first here:"));
    EXPECT_THAT(told.text, HasSubstr("> fast"));
    EXPECT_THAT(told.text, HasSubstr("fast breaks rule READY-5 (budget_used)"));
}

TEST(fuzz_report, makes_the_case_small_and_the_json_replays_it) {
    const auto on = loops_with_a_fault();
    const auto failing = a_case_that_fails(on);
    const auto small = spec::parse_json(report_on(failing, on).json);
    EXPECT_LT(spec::operation_count(small), spec::operation_count(failing));
    EXPECT_LE(spec::operation_count(small), 2u);
    EXPECT_TRUE(objection(small, on));
    EXPECT_FALSE(objection(small, both_loops()));
}

TEST(fuzz_report, is_written_beside_what_the_engine_keeps) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::path{::testing::TempDir()} / "galley_fuzz_report";
    fs::remove_all(folder);
    fs::create_directories(folder);
    auto option = "-artifact_prefix=" + (folder / "differential-").string();
    std::string program = "differential";
    std::array<char*, 2> arguments{program.data(), option.data()};
    take_artifact_prefix(2, arguments.data());

    const auto on = loops_with_a_fault();
    const auto told = report_on(a_case_that_fails(on), on);
    print(told);
    const fs::directory_iterator files{folder};
    ASSERT_EQ(std::distance(begin(files), end(files)), 1);
    const auto file = fs::directory_iterator { folder } -> path();
    EXPECT_TRUE(file.filename().string().starts_with("differential-small-"));
    std::ifstream in{file};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_EQ(text, told.json);
}

}  // namespace
