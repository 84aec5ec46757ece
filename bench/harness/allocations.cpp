// SPDX-License-Identifier: BSL-1.0
// The C library's names for its allocator, in front of it: the program's own definitions win, for the libraries that it
// is linked with, too. operator new calls malloc.
#include "bench/harness/allocations.hpp"

#include <cerrno>
#include <cstddef>

#include <malloc.h>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

constinit thread_local std::uint64_t allocations = 0;
constinit thread_local std::int64_t live_bytes = 0;

void* taken(void* memory) noexcept {
    if (memory != nullptr) {
        ++allocations;
        live_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
    }
    return memory;
}

void given_back(void* memory) noexcept {
    if (memory != nullptr) {
        live_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
    }
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return taken(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return taken(__libc_calloc(count, size)); }
void* realloc(void* memory, std::size_t size) {
    given_back(memory);
    void* const moved = __libc_realloc(memory, size);
    if (moved == nullptr && size != 0 && memory != nullptr) {
        live_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));  // it is where it was
    }
    return taken(moved);
}
void* memalign(std::size_t alignment, std::size_t size) { return taken(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return taken(__libc_memalign(alignment, size)); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    *memory = taken(__libc_memalign(alignment, size));
    return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
    given_back(memory);
    __libc_free(memory);
}

}  // extern "C"

namespace galley_bench {

std::uint64_t thread_allocations() noexcept { return allocations; }
std::int64_t thread_live_bytes() noexcept { return live_bytes; }

}  // namespace galley_bench
