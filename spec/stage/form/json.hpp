// SPDX-License-Identifier: BSL-1.0
// Scenarios as JSON, as README.md describes.
#pragma once

#include <string>
#include <string_view>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/form/validate.hpp"

namespace galley::spec {

/// Reads and validates a scenario. Throws scenario_error, which names the place: `file:line:column` for a syntax error,
/// the field's path (after `file`, if given) for an unknown, missing, doubled, mistyped or out-of-range field.
/// Any input is safe: nesting is bounded, memory is linear in the text.
[[nodiscard]] scenario parse_json(std::string_view text, std::string_view file = "");

/// The canonical text of a valid scenario: pretty with one statement a line and a newline at the end, or compact in one
/// line without. parse_json(to_json(s, either)) == s. Integers beyond 2^53 are written as strings.
[[nodiscard]] std::string to_json(const scenario& s, bool pretty);

}  // namespace galley::spec
