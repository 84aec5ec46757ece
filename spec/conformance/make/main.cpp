// SPDX-License-Identifier: BSL-1.0
// Makes spec/conformance/vectors, or adds to them: of all candidates, the smallest to come to something (an occasion of
// a rule, or a situation), and the three smallest for each occasion. What is there already stays.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "spec/conformance/kit/vector.hpp"
#include "spec/conformance/make/situations.hpp"
#include "spec/stage/check/occasions.hpp"
#include "spec/stage/form/bytes.hpp"
#include "spec/stage/form/digest.hpp"
#include "spec/stage/form/json.hpp"
#include "spec/stage/form/line.hpp"
#include "spec/stage/generate/enumerate.hpp"
#include "spec/stage/generate/generate.hpp"
#include "spec/stage/generate/shrink.hpp"

namespace {

using namespace galley;
using conformance::vector;
namespace fs = std::filesystem;

constexpr int wanted_of_an_occasion = 3;
constexpr std::uint64_t random_scenarios = 6'000;

std::size_t size_of(const spec::scenario& s) {
    std::size_t size = s.world.size();
    for (const auto& r : s.routines) size += r.body.size();
    return size;
}

/// What a case comes to: its occasions, as numbers, and its situations.
struct content {
    spec::trace t{};
    spec::occasion_set occasions{};
    std::set<std::string> situations{};
};

content content_of(const spec::scenario& s) {
    content c{.t = conformance::reference_trace(s)};
    c.occasions = spec::occasions_in(s, c.t);
    c.situations = conformance::situations_of(c.t);
    return c;
}

class collection {
public:
    /// Keeps a vector that there was, with what the reference loop does now. Its id and rules stay: ports name them.
    void keep(vector v) {
        v.expected = conformance::reference_trace(v.program);
        v.features = conformance::features_of(v.program, v.expected);
        if (!traces_.insert(spec::digest_of(spec::to_json(v.expected))).second) return;
        const auto occasions = spec::occasions_in(v.program, v.expected);
        for (std::size_t i = 0; i < occasions.size(); ++i) of_occasion_[i] += occasions[i];
        situations_.merge(conformance::situations_of(v.expected));
        ++of_rule_[v.rules.front()];
        all_.push_back(std::move(v));
    }

    /// Takes the scenario if it comes to something new. Candidates are to come smallest first.
    void offer(spec::scenario s, const std::string& origin) {
        s.name.clear();
        auto c = content_of(s);
        const auto what = news(c);
        if (what.empty()) return;
        take(std::move(s), std::move(c), origin, what);
    }

    /// Takes the scenario whatever it comes to, for a rule that somebody has chosen.
    void add(spec::scenario s, const std::string& origin, const std::string& rule) {
        s.name.clear();
        auto c = content_of(s);
        if (!traces_.contains(spec::digest_of(spec::to_json(c.t)))) take(std::move(s), std::move(c), origin, "", rule);
    }

    /// The same as `offer` for one that is not small: made small, keeping what is new.
    void offer_large(spec::scenario s, const std::string& origin) {
        s.name.clear();
        for (int again = 0; again < 20; ++again) {
            const auto what = news(content_of(s));
            if (what.empty()) return;
            auto small = spec::shrink(s, [&](const spec::scenario& one) { return news(content_of(one)) == what; },
                                      {.attempts = 1500});
            auto c = content_of(small);
            take(std::move(small), std::move(c), origin, what);
        }
    }

    [[nodiscard]] const std::vector<vector>& all() const { return all_; }

private:
    /// The first thing that is new, for people; empty if nothing is.
    [[nodiscard]] std::string news(const content& c) const {
        if (traces_.contains(spec::digest_of(spec::to_json(c.t)))) return {};
        for (std::size_t i = 0; i < c.occasions.size(); ++i)
            if (c.occasions[i] && of_occasion_[i] < wanted_of_an_occasion)
                return fmt::format("occasion {}: {}", spec::occasions()[i].name, spec::occasions()[i].meaning);
        for (const auto& one : c.situations)
            if (!situations_.contains(one)) return "situation: " + one;
        return {};
    }

    void take(spec::scenario s, content c, const std::string& origin, const std::string& what, std::string first = {}) {
        vector v{.program = std::move(s), .expected = std::move(c.t)};
        v.features = conformance::features_of(v.program, v.expected);
        v.origin = what.empty() ? origin : origin + "; the smallest for the " + what;
        // First the rule that it was chosen for or that of the occasion, else the one that has the fewest so far.
        const bool chosen = !first.empty();
        if (chosen) v.rules.push_back(first);
        for (std::size_t i = 0; i < c.occasions.size(); ++i) {
            if (!c.occasions[i]) continue;
            const std::string rule{spec::occasions()[i].rule};
            if (!chosen && (what.starts_with(fmt::format("occasion {}:", spec::occasions()[i].name)) ||
                            (!what.starts_with("occasion") && (first.empty() || of_rule_[rule] < of_rule_[first]))))
                first = rule;
            ++of_occasion_[i];
            if (std::ranges::find(v.rules, rule) == v.rules.end()) v.rules.push_back(rule);
        }
        if (first.empty()) return;
        std::ranges::rotate(v.rules, std::ranges::find(v.rules, first));
        ++of_rule_[first];
        traces_.insert(spec::digest_of(spec::to_json(v.expected)));
        situations_.merge(c.situations);
        v.id = fmt::format("{}/{:06x}", first, spec::digest_of(spec::to_json(v.program, false)) & 0xffffff);
        all_.push_back(std::move(v));
    }

    std::vector<vector> all_;
    std::set<std::uint64_t> traces_;
    std::set<std::string> situations_;
    std::array<int, spec::occasion_count> of_occasion_{};
    std::map<std::string, int> of_rule_;
};

using candidates = std::vector<std::pair<spec::scenario, std::string>>;

/// By size, then in their order.
std::vector<candidates::value_type*> smallest_first(candidates& some) {
    std::map<std::size_t, std::vector<candidates::value_type*>> by_size;
    for (auto& one : some) by_size[size_of(one.first)].push_back(&one);
    std::vector<candidates::value_type*> sorted;
    for (const auto& [size, these] : by_size) sorted.insert(sorted.end(), these.begin(), these.end());
    return sorted;
}

void add_cases(candidates& some, const fs::path& root) {
    std::ifstream cases{root / "tests/occasion_cases.txt"};
    for (std::string line, name; std::getline(cases, line);) {
        if (line.starts_with("== ")) name = line.substr(3);
        if (line.starts_with("+ ") || line.starts_with("- "))
            some.emplace_back(spec::scenario_of_line(line.substr(2)), "a case of the occasion " + name);
    }
    for (const auto& file : fs::directory_iterator{root / "spec/scenario/examples"}) {
        std::ifstream in{file.path()};
        const std::string text{std::istreambuf_iterator<char>{in}, {}};
        if (file.path().extension() == ".json")
            some.emplace_back(spec::parse_json(text), "the example " + file.path().stem().string());
    }
}

void add_by_hand(collection& kept, const fs::path& file) {
    std::ifstream cases{file};
    for (std::string line; std::getline(cases, line);)
        if (!line.empty() && line[0] != '#') {
            const auto rule = line.substr(0, line.find(' '));
            kept.add(spec::scenario_of_line(line.substr(rule.size() + 1)), "written by hand", rule);
        }
}

void add_corpus(candidates& some, const fs::path& root) {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator{root / "fuzz/corpus/differential"}) files.push_back(file.path());
    std::ranges::sort(files);
    for (const auto& file : files) {
        std::ifstream in{file, std::ios::binary};
        const std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
        some.emplace_back(spec::from_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}),
                          "the fuzzer's corpus, made small");
    }
}

void write(const std::vector<vector>& all, const fs::path& folder) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::map<std::string, std::map<std::string, std::string>> files;  // by family, by id
    for (const auto& v : all) files[v.id.substr(0, v.id.find('-'))][v.id] = conformance::to_line(v);
    for (const auto& [family, lines] : files) {
        std::ofstream out{folder / (family + ".jsonl")};
        for (const auto& [id, line] : lines) out << line << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: make_vectors SOURCE-FOLDER INTO\n");
        return 2;
    }
    const fs::path root{argv[1]};
    collection kept;
    for (auto& v : conformance::read_vectors(argv[2])) kept.keep(std::move(v));
    fmt::print("{} kept\n", kept.all().size());
    for (std::size_t depth = 0; depth <= 3; ++depth)
        for (const auto& letters : spec::all_alphabets())
            spec::for_each_program(letters, depth, [&](const spec::scenario& s) {
                if (size_of(s) == depth + s.world.size())
                    kept.offer(s, fmt::format("all programs of the alphabet {}", letters.name));
            });
    fmt::print("{} of the alphabets\n", kept.all().size());
    add_by_hand(kept, root / "spec/conformance/make/cases.txt");
    candidates some;
    add_cases(some, root);
    for (auto* one : smallest_first(some)) kept.offer(std::move(one->first), one->second);
    fmt::print("{} with the cases and examples\n", kept.all().size());
    some.clear();
    add_corpus(some, root);
    for (std::uint64_t seed = 0; seed < random_scenarios; ++seed)
        some.emplace_back(spec::random_scenario(seed, 2 + seed % 16), fmt::format("random, seed {}, made small", seed));
    for (auto* one : smallest_first(some)) kept.offer_large(std::move(one->first), one->second);
    fmt::print("{} with the corpus and random ones\n", kept.all().size());
    add_by_hand(kept, root / "spec/conformance/make/more_cases.txt");
    write(kept.all(), argv[2]);
    std::map<std::string, int> rules;
    for (const auto& v : kept.all())
        for (const auto& r : v.rules) ++rules[r];
    for (const auto& [rule, n] : rules) fmt::print("{:<10} {}\n", rule, n);
}
