// SPDX-License-Identifier: BSL-1.0
// From a failing scenario to a small one that still fails.
#pragma once

#include <cstddef>
#include <vector>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/generate/function_ref.hpp"

namespace galley::spec {

struct shrink_limits {
    std::size_t attempts{10'000};  // how often the predicate may be asked
};

/// A scenario no larger than the valid scenario `s` for which `still_fails` holds, given that it holds for `s`: no
/// single step below makes it smaller and keeps it failing, unless the limit was met. Steps: leave out runs of
/// statements and of world entries, a routine with what names it, an object with what uses it; put a routine's body in
/// the place of the statement that names it; bring settings to their defaults and operands toward 0 and 1. Each asked
/// scenario is valid. Deterministic if `still_fails` is, whose exceptions pass through.
[[nodiscard]] scenario shrink(scenario s, function_ref<bool(const scenario&)> still_fails, shrink_limits limits = {});

/// All that one step makes of a valid scenario, the larger steps first.
[[nodiscard]] std::vector<scenario> shrink_candidates(const scenario& s);

}  // namespace galley::spec
