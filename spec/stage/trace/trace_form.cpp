// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/trace/trace_form.hpp"

#include <algorithm>
#include <charconv>

#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec::trace_form {
namespace {

using words = std::span<const std::string_view>;
constexpr std::array<std::string_view, 3> verdicts{"completed", "stopped", "deadlocked"};
constexpr std::array<std::string_view, 4> withs{"start", "value", "error", "cancelled"};
constexpr std::array<std::string_view, 3> openings{"open", "shield", "close"};
constexpr std::array<std::string_view, 4> scope_outcomes{"value", "exception", "cancelled", "absorbed"};
constexpr std::array<std::string_view, 7> boxes{"start", "pending", "pick", "run", "save", "check", "continue"};
constexpr std::array<std::string_view, 10> causes{"spawn", "yield",    "budget",   "timer",  "complete",
                                                  "join",  "children", "handover", "cancel", "post"};
constexpr std::array<std::string_view, 20> await_kinds{"yield", "sleep",   "join",    "all",      "any",      "group",
                                                       "wait",  "acquire", "lock",    "put",      "get",      "read",
                                                       "write", "accept",  "connect", "readable", "writable", "budget",
                                                       "ready", "start"};  // the last two only of a pending task

words words_of(field_type t) {
    switch (t) {
        case field_type::verdict: return verdicts;
        case field_type::with: return withs;
        case field_type::opening: return openings;
        case field_type::scope_outcome: return scope_outcomes;
        case field_type::outcome: return words{scope_outcomes}.first(3);
        case field_type::box_name: return boxes;
        case field_type::cause: return causes;
        case field_type::await_kind: return words{await_kinds}.first(await_kinds.size() - 2);
        case field_type::pending_kind: return await_kinds;
        default: return {};
    }
}

bool is_operands(std::string_view s) {
    while (!s.empty()) {
        const auto comma = s.find(',');
        if (!is_decimal(s.substr(0, comma))) return false;
        if (comma == s.npos) return true;
        s.remove_prefix(comma + 1);
        if (s.empty()) return false;
    }
    return true;
}

// Nothing that would need an escape can be part of any result.
bool is_result(std::string_view s) {
    return std::ranges::all_of(
        s, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == ','; });
}

}  // namespace

bool is_decimal(std::string_view s) noexcept {
    std::int64_t v{};
    if (s.empty() || s.front() < '0' || s.front() > '9' || (s.size() > 1 && s.front() == '0')) return false;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    return error == std::errc{} && end == s.data() + s.size();
}

std::string expected_unless(field_type t, std::string_view s) {
    const auto unless = [](bool good, const char* what) { return good ? std::string{} : std::string{what}; };
    switch (t) {
        case field_type::time: return unless(is_decimal(s), "a decimal from 0 to 2^63-1");
        case field_type::time_or_never:
            return unless(s == "never" || is_decimal(s), "a decimal from 0 to 2^63-1 or never");
        case field_type::number_or_nothing:
            return unless(s.empty() || is_decimal(s), "a decimal from 0 to 2^63-1 or nothing");
        case field_type::operands: return unless(is_operands(s), "decimals joined by commas");
        case field_type::result: return unless(is_result(s), "a result (letters a-z, digits, ':' and ',')");
        case field_type::verb_name: return unless(find_verb(s).has_value(), "the name of a statement");
        default: break;
    }
    const auto set = words_of(t);
    if (std::ranges::find(set, s) != set.end()) return {};
    std::string expected{"one of"};
    for (const auto w : set) expected.append(" ").append(w);
    return expected;
}

}  // namespace galley::spec::trace_form
