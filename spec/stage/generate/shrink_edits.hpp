// SPDX-License-Identifier: BSL-1.0
// The edits that shrinking is made of. Internal to shrink.cpp. Each changes the scenario in place and tells whether it
// applied; if it says no, the scenario is unspecified. The result may be invalid only in ways that `validate` finds.
#pragma once

#include <vector>

#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec::shrink_edits {

/// Leaves out a routine (in main's case the next one becomes main) and what names it (of an `all` or `any` only its
/// place in the list), and renumbers the others.
bool remove_routine(scenario& s, std::size_t routine);

/// Leaves out an object and what uses it, and renumbers the others of its kind.
bool remove_object(scenario& s, const object_info& kind, std::int64_t index);

/// Puts the body of the one routine that the statement names in its place, where that makes the program smaller.
bool inline_statement(scenario& s, std::size_t routine, std::size_t statement);

/// Numbers strictly nearer to target (not negative) than value: the target itself, its neighbour, then half the way, a
/// quarter, ... and one step, so that a threshold is found in few attempts.
std::vector<std::int64_t> nearer(std::int64_t value, std::int64_t target);

}  // namespace galley::spec::shrink_edits
