// SPDX-License-Identifier: BSL-1.0
// What a ready queue holds.
#pragma once

namespace galley {

/// One entry of a ready queue: a task's next step (context::is_step), or a posted callback. 16 bytes, trivially
/// copyable. `run` is called once, on the loop's thread, and may neither throw nor block.
struct ready_entry {
    void (*run)(void* argument) noexcept;  ///< null for a task, whose step a loop runs in line
    void* argument;
};

}  // namespace galley
