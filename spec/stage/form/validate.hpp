// SPDX-License-Identifier: BSL-1.0
// What makes a scenario well formed: every range of README.md, and that it is finite.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "spec/stage/form/scenario.hpp"

namespace galley::spec {

/// A scenario or its text is not well formed. The message reads `where: what was expected, what was found`;
/// `where` is a path such as `routines[2].body[0].handle`, or `file:line:column` for a syntax error.
struct scenario_error : std::runtime_error {
    scenario_error(const std::string& where, const std::string& problem)
        : std::runtime_error{where.empty() ? problem : where + ": " + problem} {}
};

/// Throws scenario_error unless every field is in its range, every operand names something declared, every routine
/// names only higher ones, main costs no more than allowed, and the world is sorted. Linear in the scenario's size.
void validate(const scenario& s);

/// The cost of a routine: 1 for each statement, and the cost of each routine that it names on top. Saturates just
/// above `most_cost`. The scenario's routine references must be strictly higher. Linear.
[[nodiscard]] std::int64_t cost(const scenario& s, std::size_t routine = 0);

}  // namespace galley::spec
