// SPDX-License-Identifier: BSL-1.0
// galley rules: the rules, from the text that is compiled in, and what checks them.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "spec/stage/check/check.hpp"
#include "spec/stage/command/commands.hpp"
#include "spec/stage/command/texts.hpp"

namespace galley::command {
namespace {

bool is_id(std::string_view word) {
    const auto dash = word.find('-');
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return dash != word.npos && dash > 0 && dash + 1 < word.size() &&
           std::ranges::all_of(word.substr(0, dash), upper) && std::ranges::all_of(word.substr(dash + 1), digit);
}

// The rule that a line begins: `**READY-2.** ...`.
std::string_view begun_by(std::string_view line) {
    if (!line.starts_with("**")) return {};
    line.remove_prefix(2);
    const auto word = line.substr(0, line.find('.'));
    return is_id(word) ? word : std::string_view{};
}

bool is_heading(std::string_view line) { return line.starts_with('#'); }

bool asked_for(std::string_view id, std::string_view wanted) {
    return id == wanted || (id.substr(0, id.find('-')) == wanted);
}

// The first line with its newline, if it has one, which the text has no more.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == text.npos ? end : end + 1);
    text.remove_prefix(line.size());
    return line;
}

// Prints the parts of the text that belong to the wanted rule, or to each of a family.
bool print_rules(std::string_view wanted) {
    bool inside = false;
    bool found = false;
    for (auto text = rules_text; !text.empty();) {
        const auto line = take_line(text);
        const auto id = begun_by(line);
        if (!id.empty() || is_heading(line)) inside = asked_for(id, wanted);
        found = found || inside;
        if (inside) fmt::print("{}", line);
    }
    return found;
}

// Marks of emphasis and code say nothing in plain text.
void append_plain(std::string& out, std::string_view line) {
    for (const char c : line)
        if (c != '*' && c != '`') out += c == '\n' ? ' ' : c;
}

void print_checks(std::string_view wanted) {
    for (const auto& row : spec::predicates())
        if (wanted.empty() || asked_for(row.rule, wanted))
            fmt::print("{:<9} {:<21} {:<3} {}\n", row.rule, row.name, row.level_l ? "L" : "P", row.meaning);
}

}  // namespace

std::vector<spec::rule_text> rule_texts() {
    std::vector<spec::rule_text> found;
    bool inside = false;
    for (auto text = rules_text; !text.empty();) {
        auto line = take_line(text);
        if (const auto id = begun_by(line); !id.empty()) {
            found.push_back({.id = std::string{id}});
            line.remove_prefix(id.size() + 6);  // **ID.** and a space
            inside = true;
        }
        // The paragraph ends where its list begins.
        if (line.starts_with("- ") || is_heading(line) || line == "\n") inside = false;
        if (inside) append_plain(found.back().text, line);
    }
    return found;
}

int rules(const rules_options& options) {
    auto wanted = options.id;
    std::ranges::transform(wanted, wanted.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (options.checks) {
        print_checks(wanted);
        return ok;
    }
    if (wanted.empty()) {
        fmt::print("{}", rules_text);
        return ok;
    }
    if (!print_rules(wanted))
        throw usage_error{fmt::format(
            "rules: there is no rule {}; expected a number such as READY-2, or a family such as READY", options.id)};
    return ok;
}

}  // namespace galley::command
