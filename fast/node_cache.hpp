// SPDX-License-Identifier: BSL-1.0
// Purpose: the free nodes of one thread: a post takes its node from here, without any shared memory.
//
// Thread safety: one thread, whose own it is (`mine`).
// Invariants:
//  1. The nodes are linked from `first_`, and nobody else owns them.
//  2. After `end` there are none any more: what a thread still posts while it ends (destructors of its other
//     thread-local objects do) comes from the heap, and goes back there.
// Complexity: O(1); `end` O(nodes).
// Rules: POST-2.
#pragma once

#include <galley/fast/explorable.hpp>
#include <galley/fast/node_pool.hpp>
#include <galley/fast/post_node.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
class basic_node_cache {
    using node = basic_post_node<Atomic>;
    using this_thread = of_this_thread<Atomic, basic_node_cache>;

public:
    /// That of this thread.
    [[nodiscard]] static basic_node_cache& mine() noexcept { return this_thread::get(); }

    /// A node for a post. Throws std::bad_alloc if it had to be new.
    [[nodiscard]] node& take(basic_node_pool<Atomic>& pool) {
        node* const n = first_;
        if (n == nullptr) [[unlikely]] {
            return refill(pool);
        }
        first_ = n->next;
        return *n;
    }

    void end() noexcept {
        thread_ends_ = true;
        destroy_nodes(std::exchange(first_, nullptr));
    }

private:
    /// All nodes of the pool, of which one is taken; or a new one.
    node& refill(basic_node_pool<Atomic>& pool) {
        if (thread_ends_) {
            return *std::make_unique<node>().release();
        }
        this_thread::end_with_thread();  // here, at the first need
        node* n = pool.take_all();
        if (n == nullptr) {
            n = std::make_unique<node>().release();
        }
        first_ = n->next;
        return *n;
    }

    node* first_{};
    bool thread_ends_{};
};

}  // namespace galley::fast
