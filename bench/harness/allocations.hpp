// SPDX-License-Identifier: BSL-1.0
// Counts what is asked of the allocator, by thread: through operator new, and through malloc, as libraries in C do.
#pragma once

#include <cstdint>

namespace galley_bench {

/// Allocations of this thread so far.
[[nodiscard]] std::uint64_t thread_allocations() noexcept;
/// Bytes that this thread has allocated, less what it has freed, as the allocator rounds them. Frees of other threads'
/// blocks count here too.
[[nodiscard]] std::int64_t thread_live_bytes() noexcept;

}  // namespace galley_bench
