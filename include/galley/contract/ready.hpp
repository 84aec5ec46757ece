// SPDX-License-Identifier: BSL-1.0
// What a ready queue holds.
#pragma once

namespace galley {

/// One entry of a ready queue: a task's next step, or a posted callback. 16 bytes, trivially copyable.
/// `run` is called once, on the loop's thread, and may neither throw nor block.
struct ready_entry {
    void (*run)(void* argument) noexcept;
    void* argument;
};

}  // namespace galley
