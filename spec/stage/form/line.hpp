// SPDX-License-Identifier: BSL-1.0
// A scenario on one line, for tables of cases: settings, `|` before each routine, `@` before each entry of the world.
//   budget=1 | all 1 2 | sleep 5; yield | get 0 @3 stop @7 post 1
// Operands are those of the table in the scenario's README. Each scenario has 2 events, 1 semaphore with 1 permit, 1
// mutex, 1 queue of capacity 1 (or what `capacity=N` says) and 1 channel without room.
#pragma once

#include <spec/stage/form/scenario.hpp>

#include <string>

namespace galley::spec {

/// Throws std::invalid_argument if it is none: a word that is unknown, or what `validate` objects to.
[[nodiscard]] scenario scenario_of_line(const std::string& line);
/// Gives the scenario the objects that a line has.
void declare_objects_of_lines(scenario& s);

}  // namespace galley::spec
