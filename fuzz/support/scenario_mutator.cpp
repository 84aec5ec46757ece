// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/scenario_edits.hpp>
#include <fuzz/support/scenario_mutator.hpp>

#include <spec/stage/form/bytes.hpp>

#include <algorithm>
#include <iterator>

namespace galley::fuzz {

using namespace spec;

namespace {

byte_string written(const scenario& s, std::size_t most) {
    byte_string bytes = to_bytes(s);
    if (bytes.size() > most) bytes.resize(most);
    return bytes;
}

/// A run of one body's statements into another body.
void splice_statements(scenario& into, const scenario& from, random_source& random) {
    const auto& source = from.routines[random.below(from.routines.size())].body;
    auto& target = into.routines[random.below(into.routines.size())].body;
    if (source.empty()) return;
    const auto first = random.below(source.size());
    const auto count = std::min(1 + random.below(source.size() - first), most_statements - target.size());
    const auto begin = source.begin() + static_cast<std::ptrdiff_t>(first);
    target.insert(target.begin() + static_cast<std::ptrdiff_t>(random.below(target.size() + 1)), begin,
                  begin + static_cast<std::ptrdiff_t>(count));
}

/// The last routines of one after, or instead of, the last ones of the other: what they name stays below them.
void splice_routines(scenario& into, const scenario& from, random_source& random) {
    const auto first = random.below(from.routines.size());
    const auto kept = 1 + random.below(into.routines.size());
    into.routines.resize(kept);
    const auto count = std::min(from.routines.size() - first, most_routines - kept);
    const auto shift = static_cast<std::int64_t>(kept) - static_cast<std::int64_t>(first);
    for (std::size_t r = first; r < first + count; ++r) {
        routine copy = from.routines[r];
        for (auto& st : copy.body) {
            for (auto& named : st.routines) named = static_cast<std::uint8_t>(named + shift);
            const auto row = info(st.what).operands();
            for (std::size_t i = 0; i < row.size(); ++i) {
                if (row[i].kind == operand_kind::routine) st.operands[i] += shift;
            }
        }
        into.routines.push_back(std::move(copy));
    }
}

void splice_world(scenario& into, const scenario& from, random_source& random) {
    if (random.one_in(2)) into.world.clear();
    const auto room = most_entries - into.world.size();
    std::ranges::copy_n(from.world.begin(), static_cast<std::ptrdiff_t>(std::min(room, from.world.size())),
                        std::back_inserter(into.world));
    sort_world(into);
}

}  // namespace

byte_string mutated(std::span<const std::uint8_t> bytes, std::size_t most, std::uint64_t seed) {
    random_source random{seed};
    scenario s = from_bytes(bytes);
    scenario_editor editor{s, random};
    do editor.edit();
    while (!random.one_in(3));
    return written(s, most);
}

byte_string crossed(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second, std::size_t most,
                    std::uint64_t seed) {
    random_source random{seed};
    scenario s = from_bytes(first);
    const scenario other = from_bytes(second);
    switch (random.below(3)) {
        case 0: splice_statements(s, other, random); break;
        case 1: splice_routines(s, other, random); break;
        default: splice_world(s, other, random); break;
    }
    return written(s, most);
}

}  // namespace galley::fuzz
