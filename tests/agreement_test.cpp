// SPDX-License-Identifier: BSL-1.0
// Random scenarios of every verb: ref = fast = oracle, event by event, and no rule broken.
#include "judges.hpp"

#include <spec/stage/form/json.hpp>
#include <spec/stage/generate/generate.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace galley::spec {
namespace {

TEST(agreement, random_scenarios) {
    const std::uint64_t count = std::getenv("GALLEY_LONG") != nullptr ? 100'000 : 5'000;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const scenario s = random_scenario(seed, static_cast<std::size_t>(seed % 60));
        if (objection(s)) {
            FAIL() << "seed " << seed << report(s);
        }
    }
    RecordProperty("programs", static_cast<int>(count));
}

// Trees whose shape is made by several tasks: heirs, tasks that are sent into a group later, siblings
// of shields and scopes.
TEST(agreement, random_trees) {
    const leaning trees{.verbs = {verb::go, verb::go, verb::group, verb::shield, verb::cancel_group, verb::sleep},
                        .far_in = 0};
    const std::uint64_t count = std::getenv("GALLEY_LONG") != nullptr ? 200'000 : 10'000;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const scenario s = random_scenario(seed, 20 + static_cast<std::size_t>(seed % 20), trees);
        if (objection(s)) {
            FAIL() << "seed " << seed << report(s);
        }
    }
    RecordProperty("programs", static_cast<int>(count));
}

TEST(agreement, example_files) {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator{GALLEY_SOURCE_DIR "/spec/scenario/examples"}) {
        std::ifstream in{file.path()};
        std::stringstream text;
        text << in.rdbuf();
        const scenario s = parse_json(text.str(), file.path().string());
        EXPECT_EQ(objection(s).value_or(""), "") << file.path();
        ++count;
    }
    EXPECT_GT(count, 8);
}

}  // namespace
}  // namespace galley::spec
