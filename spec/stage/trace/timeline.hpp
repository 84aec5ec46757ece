// SPDX-License-Identifier: BSL-1.0
// A trace as a chart for the terminal: tasks over virtual time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

struct timeline_options {
    std::size_t width{80};       ///< columns in all; less than 40 is taken as 40
    bool color{};                ///< ANSI colours
    bool ascii{};                ///< no characters but those of ASCII
    std::size_t most_tasks{40};  ///< further tasks are counted, not drawn
};

/// One row for each task, then when it ended, and what the waits of all tasks add up to: what they would have taken
/// one after the other. If no time passed, the axis is that of rounds (of steps, without level L). Names come from the
/// scenario, if given.
[[nodiscard]] std::string timeline(const trace& t, const timeline_options& options, const scenario* names = nullptr);

/// What a trace comes to.
struct trace_summary {
    std::int64_t end{};    ///< the clock at the end, ns
    std::int64_t waits{};  ///< the sum of all waits for time and I/O, saturating, ns
    std::size_t tasks{};
    std::size_t steps{};
    std::size_t rounds{};  ///< 0 without level L
    std::vector<std::uint64_t> unobserved{};
    std::string verdict{};       ///< of the last run; empty if there was none
    std::string main_outcome{};  ///< `value 0`, `exception 5`, `cancelled`, `destroyed`
};
[[nodiscard]] trace_summary summarize(const trace& t);

/// The routine of each task as far as the trace tells, -1 if it does not; indexed by id - 1.
[[nodiscard]] std::vector<int> routines_of_tasks(const trace& t);

}  // namespace galley::spec
