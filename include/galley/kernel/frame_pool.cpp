// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/frame_pool.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

#if GALLEY_POOL_FRAMES

namespace galley::frame_pool {

constinit thread_local free_blocks of_thread{};

namespace {

/// What a thread has done of its life here.
enum class stage : std::uint8_t { unused, used, ended };
constinit thread_local stage of_life = stage::unused;

// Frees a thread's lists when it ends. Blocks that come still later, from destructors of other thread-locals, go back
// to the heap at once, as there is no room for any.
struct at_thread_exit {
    at_thread_exit() noexcept {
        of_life = stage::used;
        std::ranges::fill(of_thread.room, most_free);
    }
    ~at_thread_exit() {
        of_life = stage::ended;
        std::ranges::fill(of_thread.room, 0);
        for (free_block*& first : of_thread.lists) {
            while (first != nullptr) {
                ::operator delete(std::exchange(first, first->next));
            }
        }
    }
};

}  // namespace

void* allocate_new(std::size_t size) {
    const std::size_t rounded = (size + class_bytes - 1) / class_bytes * class_bytes;
    return ::operator new(rounded);
}

void give_back(void* memory, std::size_t size) noexcept {
    if (size <= class_bytes * class_count) {
        ++of_thread.room[(size - 1) / class_bytes];  // which is 0 again: there was none
        if (of_life == stage::unused) {
            static thread_local at_thread_exit cleaner;
            static_cast<void>(cleaner);
            return deallocate(memory, size);
        }
    }
    ::operator delete(memory);
}

}  // namespace galley::frame_pool

#endif
