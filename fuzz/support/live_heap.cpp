// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/live_heap.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

#if GALLEY_COUNTED_HEAP

namespace {
// Relaxed everywhere: counts that one thread compares with themselves, when others have ended or stand still.
std::atomic<std::size_t> blocks{0};
std::atomic<std::size_t> bytes{0};
std::atomic<std::size_t> taken{0};

void* counted(void* memory) {
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    blocks.fetch_add(1, std::memory_order_relaxed);
    bytes.fetch_add(malloc_usable_size(memory), std::memory_order_relaxed);
    taken.fetch_add(1, std::memory_order_relaxed);
    return memory;
}
}  // namespace

// The array and nothrow forms of the library call these.
void* operator new(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto least = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(least, (std::max(size, least) + least - 1) / least * least));
}
void operator delete(void* memory) noexcept {
    if (memory != nullptr) {
        blocks.fetch_sub(1, std::memory_order_relaxed);
        bytes.fetch_sub(malloc_usable_size(memory), std::memory_order_relaxed);
    }
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { operator delete(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { operator delete(memory); }

std::size_t galley::fuzz::live_blocks() noexcept { return blocks.load(std::memory_order_relaxed); }
std::size_t galley::fuzz::live_bytes() noexcept { return bytes.load(std::memory_order_relaxed); }
std::size_t galley::fuzz::allocations() noexcept { return taken.load(std::memory_order_relaxed); }

#else

std::size_t galley::fuzz::live_blocks() noexcept { return 0; }
std::size_t galley::fuzz::live_bytes() noexcept { return 0; }
std::size_t galley::fuzz::allocations() noexcept { return 0; }

#endif
