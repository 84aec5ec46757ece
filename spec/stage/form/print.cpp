// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/print.hpp"

#include <array>
#include <string_view>

#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t ns;
    bool fractions;  // `1.5ms` is clear, `1.5m` is not
};
constexpr std::array<unit, 5> units{unit{"h", 3'600'000'000'000, false}, unit{"m", 60'000'000'000, false},
                                    unit{"s", 1'000'000'000, true}, unit{"ms", 1'000'000, true},
                                    unit{"us", 1'000, true}};

std::string in_unit(std::uint64_t ns, const unit& u) {
    auto text = std::to_string(ns / u.ns);
    auto thousandths = ns % u.ns / (u.ns / 1'000);
    if (thousandths != 0) {
        auto digits = std::to_string(1'000 + thousandths).substr(1);
        while (digits.back() == '0') digits.pop_back();
        text += '.' + digits;
    }
    return text += u.name;
}

std::string routine_text(const scenario& s, std::int64_t number) {
    const auto index = static_cast<std::size_t>(number);
    auto text = std::to_string(number);
    if (index < s.routines.size() && !s.routines[index].name.empty()) text += ' ' + s.routines[index].name;
    return text;
}

std::string list_text(const scenario& s, const std::vector<std::uint8_t>& routines) {
    std::string text;
    for (const auto r : routines) text += (text.empty() ? "" : ", ") + routine_text(s, r);
    return '[' + text + ']';
}

std::string operand_text(const scenario& s, const verb_info& verb, const operand_info& row, std::int64_t value) {
    switch (row.kind) {
        case operand_kind::ns:
        case operand_kind::at: return duration_text(value);
        case operand_kind::bytes: return std::to_string(value) + " bytes";
        case operand_kind::routine: return "routine " + routine_text(s, value);
        case operand_kind::value:
        case operand_kind::code: return std::to_string(value);
        default:
            // `wait event 0`, but `close_queue 0`: the verb has said it.
            return (verb.name.ends_with(row.key) ? "" : std::string{row.key} + ' ') + std::to_string(value);
    }
}

std::string verb_text(const scenario& s, const verb_info& verb, const std::array<std::int64_t, 2>& operands) {
    std::string text{verb.name};
    for (std::size_t i = 0; i < verb.count; ++i) {
        text += (i == 0 ? " " : ", ") + operand_text(s, verb, verb.slots[i], operands[i]);
    }
    return text;
}

std::string settings_text(const scenario& s) {
    std::string text;
    for (const auto& row : settings) {
        if (row.get(s) == row.usual) continue;
        const bool time = row.key == "resolution";
        text += (text.empty() ? "" : ", ") + std::string{row.key} + ' ' +
                (time ? duration_text(row.get(s)) : std::to_string(row.get(s)));
    }
    if (s.close == closing::orderly) text += (text.empty() ? "" : ", ") + std::string{"orderly close"};
    return text.empty() ? text : "settings: " + text + '\n';
}

std::string objects_text(const scenario& s) {
    std::string text;
    for (const auto& row : objects) {
        const auto count = declared(s, row);
        if (count == 0) continue;
        text += std::string{row.key} + ": " + std::to_string(count);
        if (row.initial) {
            text += row.kind == operand_kind::queue     ? ", capacity"
                    : row.kind == operand_kind::channel ? ", room"
                                                        : ", permits";
            for (const auto v : s.*row.initial) text += ' ' + std::to_string(v);
        }
        text += '\n';
    }
    return text;
}

}  // namespace

std::string duration_text(std::int64_t ns) {
    if (ns == 0) return "0";
    if (ns == last_time) return "forever";
    // Negation in unsigned, since the least number has no positive counterpart.
    const auto size = ns < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
    const std::string sign = ns < 0 ? "-" : "";
    for (const auto& u : units) {
        if (size >= u.ns && size % (u.fractions ? u.ns / 1'000 : u.ns) == 0) return sign + in_unit(size, u);
    }
    return sign + std::to_string(size) + "ns";
}

std::string statement_text(const scenario& s, const statement& st) {
    if (has_list(st.what)) return std::string{info(st.what).name} + ' ' + list_text(s, st.routines);
    return verb_text(s, info(st.what), st.operands);
}

std::string world_text(const scenario& s, const world_entry& e) { return verb_text(s, info(e.what), e.operands); }

std::string to_text(const scenario& s) {
    std::string text;
    if (!s.name.empty()) text += "scenario " + s.name + '\n';
    text += settings_text(s) + objects_text(s);
    for (std::size_t r = 0; r < s.routines.size(); ++r) {
        text += "routine " + routine_text(s, static_cast<std::int64_t>(r)) + ":\n";
        for (const auto& st : s.routines[r].body) text += "    " + statement_text(s, st) + '\n';
    }
    if (!s.world.empty()) text += "world:\n";
    for (const auto& e : s.world) {
        text += "    at " + duration_text(e.at) + ": " + world_text(s, e) + '\n';
    }
    return text;
}

}  // namespace galley::spec
