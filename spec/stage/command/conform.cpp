// SPDX-License-Identifier: BSL-1.0
// galley conform, galley adapter: any event loop, in any language, before the vectors.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>

#include "spec/conformance/kit/adapter.hpp"
#include "spec/conformance/kit/hunt.hpp"
#include "spec/conformance/kit/report.hpp"
#include "spec/stage/command/commands.hpp"
#include "spec/stage/form/digest.hpp"
#include "spec/stage/form/json.hpp"

namespace galley::command {
namespace {

namespace kit = galley::conformance;

bool wanted(const kit::vector& v, const conform_options& options) {
    if (!options.vector.empty()) return v.id == options.vector;
    return options.filter.empty() || v.id.find(options.filter) != v.id.npos ||
           std::ranges::find(v.rules, options.filter) != v.rules.end() || v.features.contains(options.filter);
}

/// Those of the kit in whose folder this program stands (spec/conformance/export); else those of the sources that it
/// was built from.
std::string standard_vectors() {
    std::error_code none;
    const auto beside =
        std::filesystem::read_symlink("/proc/self/exe", none).parent_path() / "spec/conformance/vectors";
    return std::filesystem::is_directory(beside, none) ? beside.string() : GALLEY_VECTORS;
}

/// With `smoke`, one vector of each rule: the first.
std::vector<kit::vector> chosen(const conform_options& options) {
    std::vector<kit::vector> some;
    std::map<std::string, int> seen;
    const auto folder = options.vectors.empty() ? standard_vectors() : options.vectors;
    try {
        for (auto& v : kit::read_vectors(folder))
            if (wanted(v, options) && (!options.smoke || seen[v.rules.front()]++ == 0)) some.push_back(std::move(v));
    } catch (const std::runtime_error& e) {
        throw usage_error{e.what()};
    }
    if (some.empty()) throw usage_error{fmt::format("conform: no vector in {} is asked for", folder)};
    return some;
}

std::vector<std::string> unknown_names(const kit::expectations& owed, const std::vector<kit::vector>& vectors) {
    std::vector<std::string> unknown;
    for (const auto& [name, expected] : owed)
        if (std::ranges::none_of(vectors, [&](const auto& v) { return v.id == name || v.rules.front() == name; }))
            unknown.push_back(name);
    return unknown;
}

void draw(const kit::result& r, const std::string& file) {
    if (!r.expected) return;
    std::vector<spec::picture_side> sides{{"expected", &*r.expected}};
    if (r.actual) sides.push_back({"the port", &*r.actual});
    const auto rules = rule_texts();
    write_file(spec::picture({.title = r.what->id, .sides = sides, .program = &r.asked, .rules = rules}), file);
}

int hunt(kit::session& port, const conform_options& options, const kit::rule_words& words) {
    const auto found = options.fuzz_seconds > 0
                           ? kit::fuzz(port, std::chrono::seconds{options.fuzz_seconds}, options.seed)
                           : kit::exhaust(port, options.exhaust.first, options.exhaust.second);
    fmt::print("{} scenarios put, {} outside of what the port has; {:.0f} a second\n", found.put, found.passed_over,
               found.seconds > 0 ? static_cast<double>(found.put) / found.seconds : 0.0);
    if (!found.failing) {
        if (found.put == 0) fmt::print("FAILED nothing was run\n");
        return found.put == 0 ? failed : ok;
    }
    if (options.fuzz_seconds > 0) fmt::print("seed {} (--seed {} begins with it)\n", found.seed, found.seed);
    fmt::print("{}as a vector:\n{}\n", kit::failure_text(found.came, words), kit::to_line(*found.failing));
    return failed;
}

}  // namespace

int conform(const conform_options& options) {
    kit::rule_words words;
    for (auto& rule : rule_texts()) words.emplace(rule.id, rule.text);
    try {
        kit::session port{options.command, std::chrono::milliseconds{options.limit_ms}};
        if (options.fuzz_seconds > 0 || !options.exhaust.first.empty()) return hunt(port, options, words);
        const auto vectors = chosen(options);
        const auto owed = options.expect_file.empty()
                              ? kit::expectations{}
                              : kit::read_expectations(read_file(options.expect_file), options.expect_file);
        kit::report r{.who = port.who(), .words = std::move(words)};
        if (options.filter.empty() && options.vector.empty() && !options.smoke)
            r.unknown = unknown_names(owed, vectors);
        std::string digested;
        for (const auto& v : vectors) {
            r.results.push_back(port.put(v));
            r.standings.push_back(kit::stand(r.results.back(), owed));
            digested += kit::to_line(v);
            if (options.first && kit::is_bad(r.standings.back())) break;
        }
        r.digest = fmt::format("{:016x}", spec::digest_of(digested));
        r.at_the_end = port.finish();
        if (!options.json_file.empty()) write_file(kit::to_json_text(r), options.json_file);
        if (!options.junit_file.empty()) write_file(kit::to_junit(r), options.junit_file);
        if (!options.html_file.empty()) write_file(kit::to_html(r), options.html_file);
        if (!options.badge_file.empty()) write_file(kit::badge(r), options.badge_file);
        if (!options.picture_file.empty()) draw(r.results.front(), options.picture_file);
        if (options.json_file != "-") fmt::print("{}", kit::to_text(r, options.all ? r.results.size() : 5));
        return kit::is_good(r) ? ok : failed;
    } catch (const kit::no_adapter& e) {
        fmt::print("FAILED {}\nnothing was run\n", e.what());
        return failed;
    } catch (const std::invalid_argument& e) {
        throw usage_error{fmt::format("conform: {}", e.what())};
    }
}

int adapter(const std::string& on) { return conformance::serve(std::cin, std::cout, on) ? ok : failed; }

}  // namespace galley::command
