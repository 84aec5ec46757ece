// SPDX-License-Identifier: BSL-1.0
// Running a program: one main task, and everything that it starts.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/spawn.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace galley {

/// The pending tasks, one a line: what each awaits. For people and debuggers.
[[nodiscard]] std::string describe_pending(const loop& l);

/// `run` ended although the main task had not: nothing can wake what is left (LIFE-1), or somebody stopped the loop.
/// what() names the tasks.
struct run_interrupted : std::runtime_error {
    run_interrupted(verdict v, const loop& l);
    verdict why;
};

/// Runs `main` and all tasks that it starts, to their end, and gives what `main` gives, or throws what it throws.
/// Throws run_interrupted on any other verdict than completed if main has not ended (std::bad_alloc, if there is no
/// memory for its text); the loop may be run again then. Throws std::bad_alloc, with nothing started,
/// if main cannot be.
template <class T>
T run(loop& l, task<T> main, const char* name = "main") {
    join_handle<T> handle = spawn(l, std::move(main), name);
    const verdict v = l.run();
    if (!handle.ended()) {
        handle.detach();  // the loop may be run again
        throw run_interrupted{v, l};
    }
    return handle.take();
}

/// An orderly close (LIFE-6): cancels every task and runs them all to their end. What still waits then, in a shield,
/// say, is destroyed with the loop. Not inside `run`.
verdict close(loop& l);

}  // namespace galley
