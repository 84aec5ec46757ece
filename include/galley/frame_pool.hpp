// SPDX-License-Identifier: BSL-1.0
// Recycles coroutine frames and task contexts, which come and go all the time in a few sizes.
#pragma once

#include <cstddef>
#include <new>

namespace galley::frame_pool {

// Purpose: a free list for each size class; the usual allocator costs some 20 ns a pair, this about 2.
// It lives with the frames, not with a loop, as a frame is allocated before anybody knows which loop will run it.
// Thread safety: lists are thread-local; a block may be freed on another thread than it came from, and then serves that
// one. Under sanitizers every block comes from operator new, so that a use after free is seen.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GALLEY_POOL_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define GALLEY_POOL_FRAMES 0
#else
#define GALLEY_POOL_FRAMES 1
#endif
#else
#define GALLEY_POOL_FRAMES 1
#endif

inline constexpr std::size_t class_bytes = 32;  ///< sizes are rounded up to multiples of this
inline constexpr std::size_t class_count = 32;  ///< larger blocks than class_bytes * class_count are not pooled

#if GALLEY_POOL_FRAMES

struct free_block {
    free_block* next;
};
extern constinit thread_local free_block* free_lists[class_count];

/// The slow path: a new block, and the promise that this thread's lists are freed when it ends. Throws std::bad_alloc.
[[nodiscard]] void* allocate_new(std::size_t size);

[[nodiscard]] inline void* allocate(std::size_t size) {
    const std::size_t index = (size - 1) / class_bytes;
    if (index < class_count) [[likely]] {
        if (free_block* const block = free_lists[index]; block != nullptr) [[likely]] {
            free_lists[index] = block->next;
            return block;
        }
    }
    return allocate_new(size);
}

inline void deallocate(void* memory, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / class_bytes;
    if (index < class_count) [[likely]] {
        free_lists[index] = ::new (memory) free_block{free_lists[index]};
    } else {
        ::operator delete(memory);
    }
}

#else

[[nodiscard]] inline void* allocate(std::size_t size) { return ::operator new(size); }
inline void deallocate(void* memory, std::size_t) noexcept { ::operator delete(memory); }

#endif

}  // namespace galley::frame_pool
