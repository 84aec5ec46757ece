// SPDX-License-Identifier: BSL-1.0
// A trace without the order between tasks: what is left to compare when time is real.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

/// What each task did, in its own order: `did` with result, scopes left and how, end, loss. A task's name is its path
/// of spawns, which does not depend on when others are spawned: `1` is main, `1.2` the second one that main spawned.
/// Callbacks count as one task, named `callbacks`, of which only the number is told.
[[nodiscard]] std::map<std::string, std::vector<std::string>> by_task(const trace& t);

/// The first difference of two traces by task, for people; empty if there is none.
[[nodiscard]] std::string difference_by_task(const trace& a, const trace& b, const std::string& name_a,
                                             const std::string& name_b);

}  // namespace galley::spec
