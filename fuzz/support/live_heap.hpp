// SPDX-License-Identifier: BSL-1.0
// Leaks, where no sanitizer looks for them.
#pragma once

#include <fuzz/support/require.hpp>

#include <cstddef>

namespace galley::fuzz {

/// How many blocks of operator new exist. Always 0 under a sanitizer, which has a heap of its own, and finds leaks
/// itself.
[[nodiscard]] std::size_t live_blocks() noexcept;

/// Runs a case, which must leave no block behind. What recycles memory (frames, nodes) keeps some of it the first time:
/// so if there are more blocks than before, the case runs again, and a leak leaves more again. One thread only.
template <class Case>
void leaving_nothing(const Case& run) {
    const std::size_t before = live_blocks();
    run();
    const std::size_t after = live_blocks();
    if (after <= before) return;
    run();
    require(live_blocks() <= after, "nothing is leaked");
}

}  // namespace galley::fuzz
