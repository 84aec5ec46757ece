// SPDX-License-Identifier: BSL-1.0
// Recycles coroutine frames and task contexts, which come and go all the time in a few sizes.
#pragma once

#include <cstddef>
#include <new>

namespace galley::frame_pool {

// Purpose: a free list for each size class; the usual allocator costs some 20 ns a pair, this about 2.
// It lives with the frames, not with a loop, as a frame is allocated before anybody knows which loop will run it.
// A list keeps at most `kept_bytes`; what comes back beyond that goes back to the heap. So a burst of tasks leaves
// little behind, and a thread that makes tasks for another one to run takes no memory but that of the tasks that live.
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

inline constexpr std::size_t class_bytes = 32;         ///< sizes are rounded up to multiples of this
inline constexpr std::size_t class_count = 32;         ///< larger blocks than class_bytes * class_count are not pooled
inline constexpr std::size_t kept_bytes = 256 * 1024;  ///< by one list: a thousand tasks of usual size

#if GALLEY_POOL_FRAMES

struct free_block {
    free_block* next;
};
struct free_list {
    free_block* first;
    std::size_t length;
};
extern constinit thread_local free_list free_lists[class_count];

/// The slow path: a new block, and the promise that this thread's lists are freed when it ends. Throws std::bad_alloc.
[[nodiscard]] void* allocate_new(std::size_t size);

/// The most blocks that the list of a size class keeps.
[[nodiscard]] constexpr std::size_t most_kept(std::size_t index) noexcept {
    return kept_bytes / (class_bytes * (index + 1));
}

[[nodiscard]] inline void* allocate(std::size_t size) {
    const std::size_t index = (size - 1) / class_bytes;
    if (index < class_count) [[likely]] {
        free_list& list = free_lists[index];
        if (free_block* const block = list.first; block != nullptr) [[likely]] {
            list.first = block->next;
            --list.length;
            return block;
        }
    }
    return allocate_new(size);
}

inline void deallocate(void* memory, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / class_bytes;
    if (index < class_count) [[likely]] {
        free_list& list = free_lists[index];
        if (list.length < most_kept(index)) [[likely]] {
            list.first = ::new (memory) free_block{list.first};
            ++list.length;
            return;
        }
    }
    ::operator delete(memory);
}

#else

[[nodiscard]] inline void* allocate(std::size_t size) { return ::operator new(size); }
inline void deallocate(void* memory, std::size_t) noexcept { ::operator delete(memory); }

#endif

}  // namespace galley::frame_pool
