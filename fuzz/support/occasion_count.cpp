// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/occasion_count.hpp>

#include <fuzz/support/report.hpp>

#include <spec/stage/run/run.hpp>

#include <algorithm>

namespace galley::fuzz {
namespace {

std::string padded(std::string text, std::size_t width, bool right) {
    const std::string space(text.size() < width ? width - text.size() : 0, ' ');
    return right ? space + text : text + space;
}

}  // namespace

void occasion_count::add(const spec::scenario& s) {
    static const auto on = both_loops();
    const auto set = spec::occasions_in(s, spec::run_scenario(s, on.ref));
    for (std::size_t i = 0; i < set.size(); ++i) of_[i] += set[i];
    seen_.push_back(set);
    ++cases_;
}

std::vector<std::string> occasion_count::missing() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < of_.size(); ++i) {
        const auto& row = spec::occasions()[i];
        if (of_[i] == 0) names.push_back(std::string{row.rule} + " " + std::string{row.name});
    }
    return names;
}

std::size_t occasion_count::of_rule(std::string_view rule) const {
    spec::occasion_set of_this;
    for (std::size_t i = 0; i < of_.size(); ++i) of_this[i] = spec::occasions()[i].rule == rule;
    return static_cast<std::size_t>(
        std::ranges::count_if(seen_, [&](const spec::occasion_set& set) { return (set & of_this).any(); }));
}

std::string occasion_count::table() const {
    const auto rows = spec::occasions();
    std::string text = "rule       cases  of which\n";
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i == 0 || rows[i].rule != rows[i - 1].rule) {
            text += (i == 0 ? "" : "\n") + padded(std::string{rows[i].rule}, 9, false) +
                    padded(std::to_string(of_rule(rows[i].rule)), 7, true) + " ";
        }
        text += " " + std::string{rows[i].name} + " " + std::to_string(of_[i]);
    }
    text += "\n";
    for (const auto& row : spec::rules_beyond_scenarios())
        text += padded(std::string{row.rule}, 9, false) + "      -  " + std::string{row.reason} + "\n";
    return text;
}

}  // namespace galley::fuzz
