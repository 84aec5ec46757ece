// SPDX-License-Identifier: BSL-1.0
// The seeds of the differential fuzz target, judged by the oracle too, which is too slow for the fuzzer; and each rule
// is put to the test by one of them.
#include "judges.hpp"

#include <fuzz/support/occasion_count.hpp>

#include <spec/stage/form/bytes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

using namespace galley::spec;
namespace fs = std::filesystem;

std::vector<fs::path> seeds() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{GALLEY_SOURCE_DIR "/fuzz/corpus/differential"})
        files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

scenario scenario_in(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    const std::vector<char> text{std::istreambuf_iterator<char>{in}, {}};
    return from_bytes(std::vector<std::uint8_t>{text.begin(), text.end()});
}

TEST(fuzz_corpus, the_oracle_agrees_with_both_loops_on_every_seed) {
    const auto files = seeds();
    ASSERT_GT(files.size(), 100u);
    for (const auto& file : files) {
        const auto s = scenario_in(file);
        if (objection(s)) FAIL() << file.filename() << report(s);
    }
    std::printf("%zu seeds judged by ref, fast, the oracle and the rule checker\n", files.size());
}

TEST(fuzz_corpus, every_occasion_of_every_rule_is_in_it) {
    galley::fuzz::occasion_count count;
    for (const auto& file : seeds()) count.add(scenario_in(file));
    for (const auto& name : count.missing()) ADD_FAILURE() << "no seed has the occasion " << name;
}

}  // namespace
