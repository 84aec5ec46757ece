// SPDX-License-Identifier: BSL-1.0
#include "bench/allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace {

constinit thread_local std::uint64_t allocations = 0;
constinit thread_local std::int64_t live_bytes = 0;

void* counted(void* memory) {
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    ++allocations;
    live_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
    return memory;
}

void release(void* memory) noexcept {
    if (memory != nullptr) {
        live_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
        std::free(memory);
    }
}

}  // namespace

// The other forms of new and delete call these.
void* operator new(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto a = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(a, (size + a - 1) / a * a));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace galley_bench {

std::uint64_t thread_allocations() noexcept { return allocations; }
std::int64_t thread_live_bytes() noexcept { return live_bytes; }

}  // namespace galley_bench
