// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/vocabulary.hpp"

#include <algorithm>

namespace galley::spec {

namespace {

template <typename Verb, std::size_t N>
std::optional<Verb> find_in(const std::array<verb_info, N>& table, std::string_view name) noexcept {
    const auto row = std::ranges::find(table, name, &verb_info::name);
    if (row == table.end()) return std::nullopt;
    return static_cast<Verb>(row - table.begin());
}

void append_joined(std::string& text, std::int64_t number) {
    if (!text.empty()) text += ',';
    text += std::to_string(number);
}

}  // namespace

std::int64_t declared(const scenario& s, const object_info& kind) noexcept {
    return kind.initial ? static_cast<std::int64_t>((s.*kind.initial).size()) : s.*kind.count;
}

void declare(scenario& s, const object_info& kind, std::int64_t count) {
    if (kind.initial) {
        (s.*kind.initial).resize(static_cast<std::size_t>(count), kind.low);
    } else {
        s.*kind.count = static_cast<int>(count);
    }
}

std::optional<verb> find_verb(std::string_view name) noexcept { return find_in<verb>(verbs, name); }

std::optional<world_verb> find_world_verb(std::string_view name) noexcept {
    return find_in<world_verb>(world_verbs, name);
}

std::vector<std::uint8_t> named_routines(const statement& s) {
    if (has_list(s.what)) return s.routines;
    std::vector<std::uint8_t> named;
    const auto row = info(s.what).operands();
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i].kind == operand_kind::routine) named.push_back(static_cast<std::uint8_t>(s.operands[i]));
    }
    return named;
}

std::string operands_text(const statement& s) {
    std::string text;
    if (has_list(s.what)) {
        for (const auto r : s.routines) append_joined(text, r);
    } else {
        for (std::size_t i = 0; i < info(s.what).count; ++i) append_joined(text, s.operands[i]);
    }
    return text;
}

std::size_t operation_count(const scenario& s) noexcept {
    std::size_t count = 0;
    for (const auto& r : s.routines) count += r.body.size();
    return count;
}

}  // namespace galley::spec
