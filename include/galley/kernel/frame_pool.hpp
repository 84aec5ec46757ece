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

inline constexpr std::size_t class_bytes = 16;  ///< sizes are rounded up to multiples of this
inline constexpr std::size_t class_count = 64;  ///< larger blocks than class_bytes * class_count are not pooled
/// Free blocks of a class that a thread keeps, as what others make ends here, too. Counted one by one: to look at the
/// lists from time to time instead would save an instruction an allocation, and cost a walk through memory that is in
/// no cache, again and again, once there were many tasks.
inline constexpr std::size_t most_free = 4096;

#if GALLEY_POOL_FRAMES

struct free_block {
    free_block* next;
};
/// All zero at first: what a thread frees first takes the slow path, which makes room.
struct free_blocks {
    free_block* lists[class_count];
    std::size_t room[class_count];  ///< for so many more
};
extern constinit thread_local free_blocks of_thread;

/// A new block. Throws std::bad_alloc.
[[nodiscard]] void* allocate_new(std::size_t size);

[[nodiscard]] inline void* allocate(std::size_t size) {
    const std::size_t index = (size - 1) / class_bytes;
    if (index < class_count) [[likely]] {
        free_block*& list = of_thread.lists[index];
        if (free_block* const block = list; block != nullptr) [[likely]] {
            list = block->next;
            ++of_thread.room[index];
            return block;
        }
    }
    return allocate_new(size);
}

/// The slow path: a large block, a thread's first one, or one too many.
void give_back(void* memory, std::size_t size) noexcept;

inline void deallocate(void* memory, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / class_bytes;
    if (index < class_count) [[likely]] {
        if (of_thread.room[index]-- != 0) [[likely]] {  // one instruction with its test; the slow path puts it right
            of_thread.lists[index] = ::new (memory) free_block{of_thread.lists[index]};
            return;
        }
    }
    give_back(memory, size);
}

#else

[[nodiscard]] inline void* allocate(std::size_t size) { return ::operator new(size); }
inline void deallocate(void* memory, std::size_t) noexcept { ::operator delete(memory); }

#endif

}  // namespace galley::frame_pool
