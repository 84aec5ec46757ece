// SPDX-License-Identifier: BSL-1.0
// The judges of a scenario: both loops, the oracle (a Python process), and the rule checker.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/run.hpp>
#include <spec/stage/trace/trace.hpp>

#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

namespace galley::spec {

[[nodiscard]] trace run_on_ref(const scenario& s, const driver_wrapper& wrap = {});
[[nodiscard]] trace run_on_fast(const scenario& s, const driver_wrapper& wrap = {});

/// The oracle as a child process that answers one scenario after another. Throws std::runtime_error if it cannot be
/// started, dies, or refuses a scenario.
class oracle {
public:
    oracle();
    oracle(const oracle&) = delete;
    oracle& operator=(const oracle&) = delete;
    ~oracle();

    /// The one of this test process.
    [[nodiscard]] static oracle& shared();

    /// Asks for the trace of a scenario, given as JSON in one line; the answers come in the order of the questions. At
    /// most `question_limit` bytes of questions may be open, or both sides would wait.
    void ask(const std::string& question);
    [[nodiscard]] std::string answer();
    [[nodiscard]] bool has_room(const std::string& question) const;
    [[nodiscard]] std::string trace_of(const scenario& s);

private:
    static constexpr std::size_t question_limit = 48 * 1024;  // below a pipe's 64 KiB

    pid_t process_{};
    std::FILE* questions_{};
    std::FILE* answers_{};
    std::deque<std::size_t> open_{};  // the sizes of the questions that are not answered yet
    std::size_t open_bytes_{};
    bool sent_{true};  // they are on their way, not in the buffer of questions_
};

/// What the judges object to, for people: nothing if all traces are equal and no rule is broken. `expected` is the
/// oracle's trace as text.
[[nodiscard]] std::optional<std::string> objection(const scenario& s, const std::string& expected);
[[nodiscard]] std::optional<std::string> objection(const scenario& s);

/// The failing scenario made small, as a program to read and JSON to replay, with what the judges object to in it.
[[nodiscard]] std::string report(const scenario& failing);

}  // namespace galley::spec
