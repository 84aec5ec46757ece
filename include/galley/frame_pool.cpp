// SPDX-License-Identifier: BSL-1.0
#include <galley/frame_pool.hpp>

#include <utility>

#if GALLEY_POOL_FRAMES

namespace galley::frame_pool {

constinit thread_local free_list free_lists[class_count]{};

namespace {

// Frees a thread's lists when it ends. Blocks that are freed still later, by destructors of other thread-locals, stay:
// they are few and reachable no more than the thread is.
struct at_thread_exit {
    ~at_thread_exit() {
        for (free_list& list : free_lists) {
            while (list.first != nullptr) {
                ::operator delete(std::exchange(list.first, list.first->next));
            }
            list.length = 0;
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
