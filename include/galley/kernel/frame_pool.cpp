// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/frame_pool.hpp>

#include <utility>

#if GALLEY_POOL_FRAMES

namespace galley::frame_pool {

constinit thread_local free_blocks of_thread{.lists = {}, .until_trim = 1};

namespace {

constinit thread_local bool thread_ends = false;

void free_all(free_block* first) noexcept {
    while (first != nullptr) {
        ::operator delete(std::exchange(first, first->next));
    }
}

// Frees a thread's lists when it ends. Blocks that come still later, from destructors of other thread-locals, go back
// to the heap at once.
struct at_thread_exit {
    ~at_thread_exit() {
        thread_ends = true;
        of_thread.until_trim = 1;
        for (free_block*& list : of_thread.lists) {
            free_all(std::exchange(list, nullptr));
        }
    }
};

void trim(free_block* first) noexcept {
    for (std::size_t kept = 1; first != nullptr; ++kept, first = first->next) {
        if (kept == most_free) {
            free_all(std::exchange(first->next, nullptr));
        }
    }
}

}  // namespace

void* allocate_new(std::size_t size) {
    const std::size_t rounded = (size + class_bytes - 1) / class_bytes * class_bytes;
    return ::operator new(rounded);
}

void give_back(void* memory, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / class_bytes;
    if (index >= class_count) {
        ::operator delete(memory);
        return;
    }
    of_thread.until_trim = 1;
    if (thread_ends) {
        ::operator delete(memory);
        return;
    }
    static thread_local at_thread_exit cleaner;
    static_cast<void>(cleaner);
    for (free_block* const list : of_thread.lists) {
        trim(list);
    }
    of_thread.until_trim = most_free;
    of_thread.lists[index] = ::new (memory) free_block{of_thread.lists[index]};
}

}  // namespace galley::frame_pool

#endif
