// SPDX-License-Identifier: BSL-1.0
#include <galley/frame_pool.hpp>

#include <utility>

#if GALLEY_POOL_FRAMES

namespace galley::frame_pool {

constinit thread_local free_block* free_lists[class_count]{};

namespace {

// Frees a thread's lists when it ends. Blocks that are freed still later, by destructors of other thread-locals, stay:
// they are few and reachable no more than the thread is.
struct at_thread_exit {
    ~at_thread_exit() {
        for (free_block*& list : free_lists) {
            while (list != nullptr) {
                ::operator delete(std::exchange(list, list->next));
            }
        }
    }
};

}  // namespace

void* allocate_new(std::size_t size) {
    static thread_local at_thread_exit cleaner;
    static_cast<void>(cleaner);
    const std::size_t rounded = (size + class_bytes - 1) / class_bytes * class_bytes;
    return ::operator new(rounded);
}

}  // namespace galley::frame_pool

#endif
