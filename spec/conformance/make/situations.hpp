// SPDX-License-Identifier: BSL-1.0
// What a trace shows, without its numbers: for choosing vectors.
#pragma once

#include <set>
#include <string>

#include "spec/stage/trace/trace.hpp"

namespace galley::conformance {

/// The situations of a trace: an event after another one of the same task, told without ids, times and values (`step
/// with cancelled, after await get`). A trace that shows a situation which no smaller one does puts something to the
/// test that the smaller ones do not.
[[nodiscard]] std::set<std::string> situations_of(const spec::trace& t);

}  // namespace galley::conformance
