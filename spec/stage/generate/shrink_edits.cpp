// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/generate/shrink_edits.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace galley::spec::shrink_edits {

namespace {

template <typename Verb>
bool uses(Verb what, const std::array<std::int64_t, 2>& operands, operand_kind kind, std::int64_t index) {
    const auto row = info(what).operands();
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i].kind == kind && operands[i] == index) return true;
    }
    return false;
}

template <typename Verb>
void lower_above(Verb what, std::array<std::int64_t, 2>& operands, operand_kind kind, std::int64_t index) {
    const auto row = info(what).operands();
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i].kind == kind && operands[i] > index) --operands[i];
    }
}

}  // namespace

bool remove_routine(scenario& s, std::size_t routine) {
    const auto number = static_cast<std::int64_t>(routine);
    for (auto& r : s.routines) {
        std::erase_if(r.body, [&](statement& st) {
            if (!has_list(st.what)) return uses(st.what, st.operands, operand_kind::routine, number);
            const bool any_left = std::erase(st.routines, routine) == 0 || !st.routines.empty();
            return !any_left && st.what == verb::any;
        });
        for (auto& st : r.body) {
            lower_above(st.what, st.operands, operand_kind::routine, number);
            for (auto& named : st.routines) named = static_cast<std::uint8_t>(named - (named > routine ? 1 : 0));
        }
    }
    s.routines.erase(s.routines.begin() + number);
    return true;
}

bool remove_object(scenario& s, const object_info& kind, std::int64_t index) {
    const auto uses_it = [&](const auto& item) { return uses(item.what, item.operands, kind.kind, index); };
    for (auto& r : s.routines) {
        std::erase_if(r.body, uses_it);
        for (auto& st : r.body) lower_above(st.what, st.operands, kind.kind, index);
    }
    std::erase_if(s.world, uses_it);
    for (auto& e : s.world) lower_above(e.what, e.operands, kind.kind, index);
    if (kind.initial) {
        (s.*kind.initial).erase((s.*kind.initial).begin() + index);
    } else {
        --(s.*kind.count);
    }
    return true;
}

bool inline_statement(scenario& s, std::size_t routine, std::size_t statement) {
    auto& body = s.routines[routine].body;
    const auto named = named_routines(body[statement]);
    if (named.size() != 1) return false;
    std::size_t times = 0;
    for (const auto& r : s.routines) {
        for (const auto& st : r.body) {
            times += static_cast<std::size_t>(std::ranges::count(named_routines(st), named[0]));
        }
    }
    auto inlined = s.routines[named[0]].body;
    if (times > 1 && inlined.size() > 1) return false;  // it would grow the text
    const auto at = body.erase(body.begin() + static_cast<std::ptrdiff_t>(statement));
    body.insert(at, std::make_move_iterator(inlined.begin()), std::make_move_iterator(inlined.end()));
    return times > 1 || remove_routine(s, named[0]);
}

std::vector<std::int64_t> nearer(std::int64_t value, std::int64_t target) {
    if (value == target) return {};
    const auto distance = value - target;
    const bool above = distance > 0;
    const auto middle = static_cast<std::uint64_t>(std::max<std::int64_t>(value - distance / 2, 1));
    std::vector<std::int64_t> found;
    const auto add = [&](std::int64_t v) {
        const bool between = above ? v >= target && v < value : v <= target && v > value;
        if (between && std::ranges::find(found, v) == found.end()) found.push_back(v);
    };
    add(target);
    add(above ? target + 1 : target - 1);
    add(static_cast<std::int64_t>(std::bit_floor(middle)));  // resolution takes nothing else
    for (auto step = distance / 2; step != 0; step /= 2) add(value - step);
    add(above ? value - 1 : value + 1);
    return found;
}

}  // namespace galley::spec::shrink_edits
