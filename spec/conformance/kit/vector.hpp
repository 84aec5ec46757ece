// SPDX-License-Identifier: BSL-1.0
// A vector: a scenario, the one trace that the rules allow, and what it is for.
#pragma once

#include <string>
#include <vector>

#include "spec/conformance/kit/features.hpp"
#include "spec/conformance/kit/schema.hpp"
#include "spec/stage/form/scenario.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::conformance {

struct vector {
    std::string id{};                  ///< the first rule and a digest of the scenario: `READY-2/4f3a0c`
    std::vector<std::string> rules{};  ///< that it puts to the test; the one that it was chosen for is the first
    name_set features{};
    std::string origin{};  ///< where it came from, and what it is the smallest for
    spec::scenario program{};
    spec::trace expected{};
};

/// The trace as the protocol has it: header and events, each an object.
[[nodiscard]] json trace_to_json(const spec::trace& t);
/// Throws spec::trace_error, which names the line (the header is the first) and the field.
[[nodiscard]] spec::trace trace_from_json(const json& t);

[[nodiscard]] std::string to_line(const vector& v);
/// Throws std::exception with a reason for people.
[[nodiscard]] vector vector_of_line(const std::string& line);

/// All vectors of a folder's `*.jsonl`, by id. Throws std::runtime_error, with the file and the line.
[[nodiscard]] std::vector<vector> read_vectors(const std::string& folder);

/// What the reference loop does.
[[nodiscard]] spec::trace reference_trace(const spec::scenario& s);

}  // namespace galley::conformance
