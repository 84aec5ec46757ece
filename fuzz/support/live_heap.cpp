// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/live_heap.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GALLEY_COUNT_HEAP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define GALLEY_COUNT_HEAP 0
#endif
#endif
#ifndef GALLEY_COUNT_HEAP
#define GALLEY_COUNT_HEAP 1
#endif

#if GALLEY_COUNT_HEAP

namespace {
std::atomic<std::size_t> blocks{0};  // relaxed everywhere: a count that one thread compares with itself
}

// The array and nothrow forms of the library call these.
void* operator new(std::size_t size) {
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) {
        blocks.fetch_add(1, std::memory_order_relaxed);
        return memory;
    }
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept {
    if (memory != nullptr) blocks.fetch_sub(1, std::memory_order_relaxed);
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

std::size_t galley::fuzz::live_blocks() noexcept { return blocks.load(std::memory_order_relaxed); }

#else

std::size_t galley::fuzz::live_blocks() noexcept { return 0; }

#endif
