// SPDX-License-Identifier: BSL-1.0
// Purpose: nodes that go round: fresh memory for each post costs four times the post itself, in page faults.
//
// The loop gives back the nodes of a round as one list; a poster takes all that are there at once, keeps them in its
// thread's own cache (node_cache.hpp), and posts from that without any shared memory. Taking all instead of one is what
// makes this simple: a pop of one node would have to read that node's link while another thread may take it, use it and
// bring it back (ABA).
//
// Thread safety: give_back, take_all: any thread.
// Invariants: the word holds the address of the first node of a list that nobody else owns (set by give_back), or null
//     (set by take_all).
// Complexity: take_all O(1), wait-free; give_back O(1), lock-free.
// Rules: POST-2.
#pragma once

#include <galley/fast/post_node.hpp>

#include <atomic>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
class basic_node_pool {
    using node = basic_post_node<Atomic>;

public:
    basic_node_pool() noexcept = default;
    basic_node_pool(const basic_node_pool&) = delete;
    basic_node_pool& operator=(const basic_node_pool&) = delete;
    ~basic_node_pool() { destroy_nodes(free_.load(std::memory_order_relaxed)); }  // relaxed: nobody else is left

    /// Gives back a list from `first` to `last`, whose callbacks are empty.
    void give_back(node& first, node& last) noexcept {
        node* old = free_.load(std::memory_order_relaxed);  // relaxed: a guess, which the exchange verifies
        do {
            last.next = old;
            // release: the links come before; relaxed on failure: a guess again
        } while (!free_.compare_exchange_weak(old, &first, std::memory_order_release, std::memory_order_relaxed));
    }

    /// All that are there, or null.
    [[nodiscard]] node* take_all() noexcept {
        if (free_.load(std::memory_order_relaxed) == nullptr) {  // relaxed: then the caller allocates, that is all
            return nullptr;
        }
        return free_.exchange(nullptr, std::memory_order_acquire);  // acquire: the nodes' links
    }

private:
    alignas(64) Atomic<node*> free_{nullptr};
};

using node_pool = basic_node_pool<>;

}  // namespace galley::fast
