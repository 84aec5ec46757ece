// SPDX-License-Identifier: BSL-1.0
// Who objects to the loops as they are built here? Runs the example scenarios, fuzzing's seeds and random ones, and
// prints each judge's name at its first objection: `check:PREDICATE` of the rule checker, `oracle`, or `loops` if ref
// and fast differ. Of loops without a fault nobody objects to anything; spec/ledger/gather runs it under mutants.
//
// usage: objectors [NAME...]     with names, ends when all of these have objected. Exit status 1 if anybody has.
#include <tests/judges.hpp>

#include <spec/stage/check/check.hpp>
#include <spec/stage/form/bytes.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/generate/generate.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace galley::spec;
namespace fs = std::filesystem;

constexpr std::uint64_t random_scenarios = 2'000;

std::string content_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// In the order of their names, so that what is printed comes again.
std::vector<fs::path> files_of(const char* folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{fs::path{GALLEY_SOURCE_DIR} / folder}) {
        files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

class objectors {
public:
    explicit objectors(std::set<std::string> wanted) : wanted_{std::move(wanted)} {}

    /// False: all that were wanted have objected.
    bool judge(const scenario& s) {
        const trace on_ref = run_on_ref(s);
        const trace on_fast = run_on_fast(s);
        for (const trace* t : {&on_ref, &on_fast}) {
            for (const violation& v : check(*t)) object("check:" + v.predicate);
        }
        if (on_ref != on_fast) object("loops");
        const std::string expected = oracle::shared().trace_of(s);
        if (expected != to_json(on_ref) || expected != to_json(on_fast)) object("oracle");
        return wanted_.empty() || !std::ranges::includes(heard_, wanted_);
    }
    [[nodiscard]] bool anybody() const { return !heard_.empty(); }

private:
    void object(const std::string& who) {
        if (heard_.insert(who).second) {
            std::printf("%s\n", who.c_str());
            std::fflush(stdout);  // the next scenario may be the one that kills the process
        }
    }

    std::set<std::string> wanted_;
    std::set<std::string> heard_{};
};

void judge_all(objectors& all) {
    for (const fs::path& file : files_of("spec/scenario/examples")) {
        if (!all.judge(parse_json(content_of(file), file.string()))) return;
    }
    for (const fs::path& file : files_of("fuzz/corpus/differential")) {
        const std::string text = content_of(file);
        if (!all.judge(from_bytes(std::vector<std::uint8_t>{text.begin(), text.end()}))) return;
    }
    for (std::uint64_t seed = 1; seed <= random_scenarios; ++seed) {
        if (!all.judge(random_scenario(seed, static_cast<std::size_t>(seed % 60)))) return;
    }
}

}  // namespace

int main(int argc, char** argv) {
    objectors all{{argv + 1, argv + argc}};
    judge_all(all);
    return all.anybody() ? 1 : 0;
}
