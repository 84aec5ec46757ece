// SPDX-License-Identifier: BSL-1.0
// What a scenario and its trace ask of a port: the table of FEATURES.md.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::conformance {

using name_set = std::set<std::string, std::less<>>;

/// The feature that a statement or an entry of the world asks for; empty if every port has it.
[[nodiscard]] std::string_view feature_of(spec::verb v) noexcept;
[[nodiscard]] std::string_view feature_of(spec::world_verb v) noexcept;

/// All that a case asks for. `t` is the trace of `s`.
[[nodiscard]] name_set features_of(const spec::scenario& s, const spec::trace& t);

/// `s` without the statements and entries that ask for a feature which is not in `has`.
[[nodiscard]] spec::scenario within(spec::scenario s, const name_set& has);

}  // namespace galley::conformance
