// SPDX-License-Identifier: BSL-1.0
// The edits that mutation is made of. Internal to scenario_mutator.cpp. They leave a scenario that the byte form can
// hold: an index may be out of its range, which reading the bytes again settles (it wraps), but the world is sorted.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/generate/random_source.hpp>

#include <cstddef>
#include <cstdint>

namespace galley::fuzz {

/// Puts the world's entries in the order of their times, those of one time in the order in which they are.
void sort_world(spec::scenario& s);

/// Random edits of one scenario, which has at least one routine.
class scenario_editor {
public:
    scenario_editor(spec::scenario& s, spec::random_source& random) noexcept : s_{s}, random_{random} {}

    /// One edit of a random kind. Nothing happens if there is nothing of the kind that was drawn.
    void edit();

private:
    void edit_statements();
    void edit_routines();
    void edit_world();
    void edit_settings();
    void edit_objects();

    spec::statement any_statement(std::size_t own);
    void change_verb(spec::statement& st, std::size_t own);
    void change_operand(spec::statement& st, std::size_t own);
    void change_list(spec::statement& st, std::size_t own);
    spec::world_entry any_entry();
    std::int64_t any_operand(const spec::operand_info& row, std::size_t own);
    std::int64_t number(std::int64_t low, std::int64_t high);
    std::int64_t known_number();
    std::size_t routine_above(std::size_t own);

    std::size_t any_routine() { return random_.below(s_.routines.size()); }

    spec::scenario& s_;
    spec::random_source& random_;
};

}  // namespace galley::fuzz
