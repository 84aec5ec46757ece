// SPDX-License-Identifier: BSL-1.0
// A case that failed, made small and told to people: the program, the first event in which the loops part, the broken
// rule, and the JSON that replays it.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/run.hpp>

#include <optional>
#include <string>

namespace galley::fuzz {

/// The two loops under comparison.
struct loops {
    spec::loop_factory ref;
    spec::loop_factory fast;
};
[[nodiscard]] loops both_loops();

/// What is wrong with a valid scenario, for people: where the traces differ, or which rule they break. Nothing if all
/// is well.
[[nodiscard]] std::optional<std::string> objection(const spec::scenario& s, const loops& on);

/// The report on a failing scenario, which it makes small first, and that small scenario as JSON. A crash on the way
/// ends the process; what is on the way is told on stderr.
struct report {
    std::string text{};
    std::string json{};
};
[[nodiscard]] report report_on(const spec::scenario& failing, const loops& on);

/// Prints the report on stderr. The JSON goes into a file `PREFIXsmall-HASH.json` too, if the command line had
/// `-artifact_prefix=PREFIX` (libFuzzer's own option): beside what the engine itself keeps of a failure.
void print(const report& r);

/// Remembers the prefix; for LLVMFuzzerInitialize.
void take_artifact_prefix(int argc, char** argv);

}  // namespace galley::fuzz
