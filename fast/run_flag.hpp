// SPDX-License-Identifier: BSL-1.0
// Purpose: at most one `run` at a time, and each sees all that those before it did, on whatever thread (LIFE-4).
//
// Thread safety: enter: any thread; leave: the one that has entered.
// Invariants: the flag is true while a run is under way: set by the run that enters, and once more by each that is
//     refused; cleared by the one that leaves.
// Complexity: O(1), wait-free.
// Rules: LIFE-3, LIFE-4.
#pragma once

#include <atomic>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
class basic_run_flag {
public:
    /// False: a run is under way already.
    [[nodiscard]] bool enter() noexcept {
        // acquire: all that the runs before this one did
        return !running_.exchange(true, std::memory_order_acquire);
    }
    void leave() noexcept {
        running_.store(false, std::memory_order_release);  // release: all that this run did
    }

private:
    Atomic<bool> running_{false};
};

}  // namespace galley::fast
