// SPDX-License-Identifier: BSL-1.0
// Purpose: what the inbox holds: a posted callback, and the link by which nodes form lists.
//
// Thread safety: a node belongs to one thread at a time: to the poster until it is pushed, to the loop's thread from
// the drain to the return to the pool. Lists are plain; what publishes them is the atomic word that they are hung on.
// Invariants: nodes are single allocations that belong to nobody in particular: any thread, pool or inbox may free any
//     node it owns.
// Rules: POST-1, POST-4.
#pragma once

#include <galley/contract/callback.hpp>
#include <galley/contract/remote.hpp>
#include <galley/fast/explorable.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
struct alignas(64) basic_post_node : post_memory {
    field<Atomic, basic_post_node*> next{};
    callback work;
    void* home{};  ///< whose loop runs it; written there
};

/// Frees a list of nodes, and the callbacks in them.
template <template <class> class Atomic>
void destroy_nodes(basic_post_node<Atomic>* first) noexcept {
    while (first != nullptr) {
        const std::unique_ptr<basic_post_node<Atomic>> node{first};
        first = node->next;
    }
}

/// A FIFO list of nodes that one thread owns.
template <template <class> class Atomic = std::atomic>
class basic_post_list {
    using node = basic_post_node<Atomic>;

public:
    basic_post_list() = default;
    basic_post_list(const basic_post_list&) = delete;
    basic_post_list& operator=(const basic_post_list&) = delete;
    ~basic_post_list() { destroy_nodes(first_); }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] node* front() const noexcept { return first_; }
    [[nodiscard]] node* back() const noexcept { return last_; }

    void push_back(node& added) noexcept {
        added.next = nullptr;
        append(added, added);
    }
    /// Appends a list that is linked from its newest node to its oldest, oldest first.
    void append_reversed(node* newest) noexcept {
        node* const newest_node = newest;
        node* oldest = nullptr;
        while (newest != nullptr) {
            node* const older = std::exchange(newest->next, oldest);
            oldest = std::exchange(newest, older);
        }
        if (oldest != nullptr) {
            append(*oldest, *newest_node);
        }
    }
    [[nodiscard]] node* pop_front() noexcept {
        node* const taken = first_;
        if (taken != nullptr) {
            first_ = std::exchange(taken->next, nullptr);  // alone from here on: it may be freed as a list of one
        }
        return taken;
    }
    /// Gives the whole list away.
    [[nodiscard]] node* release() noexcept { return std::exchange(first_, nullptr); }

private:
    void append(node& first, node& last) noexcept {
        if (first_ == nullptr) {
            first_ = &first;
        } else {
            last_->next = &first;
        }
        last_ = &last;
    }

    node* first_{};
    node* last_{};  ///< meaningful if there is a first
};

using post_node = basic_post_node<>;
using post_list = basic_post_list<>;

}  // namespace galley::fast
