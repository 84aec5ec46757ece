// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/report.hpp>

#include <spec/stage/check/check.hpp>
#include <spec/stage/form/digest.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/form/print.hpp>
#include <spec/stage/generate/shrink.hpp>
#include <spec/stage/trace/compare.hpp>

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string_view>
#include <utility>

namespace galley::fuzz {
namespace {

constexpr std::size_t shrink_attempts = 5'000;  // some seconds under sanitizers

std::string& artifact_prefix() {
    static std::string prefix;
    return prefix;
}

/// The name of a file, so that the same small case found twice is one file.
std::string name_of(std::string_view content) {
    const auto hash = spec::digest_of(content);
    std::string name;
    for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[hash >> shift & 15];
    return "small-" + name + ".json";
}

void tell_broken_rules(std::string& text, const spec::trace& t, const std::string& name) {
    const auto broken = spec::check(t);
    for (const auto& v : broken) text += name + " breaks rule " + v.rule + " (" + v.predicate + "): " + v.what + "\n";
    if (!broken.empty()) text += spec::context_text(t, broken.front().event_index);
}

}  // namespace

loops both_loops() {
    return {.ref = [](driver& d, const loop_options& o) { return std::make_unique<ref::loop>(d, o); },
            .fast = [](driver& d, const loop_options& o) { return std::make_unique<fast::loop>(d, o); }};
}

std::optional<std::string> objection(const spec::scenario& s, const loops& on) {
    static spec::trace on_ref;  // their memory is used again and again, but nothing is left in it for the next case
    static spec::trace on_fast;
    on_ref = spec::run_scenario(s, on.ref, {}, std::move(on_ref));
    on_fast = spec::run_scenario(s, on.fast, {}, std::move(on_fast));
    // An equal trace breaks the same rules.
    if (on_ref == on_fast && spec::check(on_ref).empty()) {
        on_ref.events.clear();
        on_fast.events.clear();
        return std::nullopt;
    }
    std::string text;
    if (on_ref != on_fast) text = "The loops differ, first here:\n" + difference_text(on_ref, on_fast, "ref", "fast");
    const auto without_rules = text.size();
    tell_broken_rules(text, on_ref, "ref");
    if (on_ref != on_fast) tell_broken_rules(text, on_fast, "fast");
    if (text.size() == without_rules)
        text +=
            "The rule checker objects to neither. What is right is what spec/scenario/oracle.py says of the JSON.\n";
    return text;
}

report report_on(const spec::scenario& failing, const loops& on) {
    std::fprintf(stderr, "A case fails. Making it small; if this does not end well, it was:\n%s\n",
                 spec::to_json(failing, false).c_str());
    const auto small =
        spec::shrink(failing, [&](const spec::scenario& candidate) { return objection(candidate, on).has_value(); },
                     {.attempts = shrink_attempts});
    const auto json = spec::to_json(small, true);
    return {.text =
                "\nTHE SMALL CASE\n" + spec::to_text(small) + "\n" +
                objection(small, on).value_or("It passes when run again: what failed depends on more than the case.\n"),
            .json = json};
}

void print(const report& r) {
    std::fprintf(stderr, "%s\nAs JSON:\n%s\n", r.text.c_str(), r.json.c_str());
    if (artifact_prefix().empty()) return;
    const auto path = artifact_prefix() + name_of(r.json);
    std::ofstream out{path};
    if (out << r.json << std::flush)
        std::fprintf(stderr, "Small case written to %s\n", path.c_str());
    else
        std::fprintf(stderr, "%s cannot be written; take the JSON from here\n", path.c_str());
}

void take_artifact_prefix(int argc, char** argv) {
    constexpr std::string_view option = "-artifact_prefix=";
    for (int i = 1; i < argc; ++i)
        if (const std::string_view given = argv[i]; given.starts_with(option))
            artifact_prefix() = given.substr(option.size());
}

}  // namespace galley::fuzz
