// SPDX-License-Identifier: BSL-1.0
// Leaks, where no sanitizer looks for them, and whether something allocates. A program that includes this is linked
// with live_heap.cpp, which stands in the place of operator new: a file of its own, as g++ takes the two halves of a
// heap that it can see into, and inline, for a mismatch.
#pragma once

#include <fuzz/support/require.hpp>

#include <galley/kernel/frame_pool.hpp>

#include <cstddef>

// Whether blocks are counted. Sanitizers bring a heap of their own; they are why frames are not pooled, too.
#define GALLEY_COUNTED_HEAP GALLEY_POOL_FRAMES

namespace galley::fuzz {

/// How many blocks of operator new exist. Always 0 under a sanitizer, which has a heap of its own,
/// and finds leaks itself.
[[nodiscard]] std::size_t live_blocks() noexcept;

/// How many bytes they hold. Always 0 under a sanitizer.
[[nodiscard]] std::size_t live_bytes() noexcept;

/// How many blocks of operator new there have ever been, on all threads. Always 0 under a sanitizer.
[[nodiscard]] std::size_t allocations() noexcept;

/// Runs a case, which must leave no block behind. What recycles memory (frames, nodes) keeps some of it, and where that
/// lies when a case begins decides how much the case adds; but such stores are bounded, and a leak grows with each run.
/// So as long as there are more blocks than before, the case runs again; at the last time something is leaked. One
/// thread only.
template <class Case>
void leaving_nothing(const Case& run) {
    constexpr int most_runs = 100;
    std::size_t before = live_blocks();
    for (int i = 0; i != most_runs; ++i) {
        run();
        const std::size_t after = live_blocks();
        if (after <= before) return;
        before = after;
    }
    require(false, "nothing is leaked");
}

}  // namespace galley::fuzz
