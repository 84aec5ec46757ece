// SPDX-License-Identifier: BSL-1.0
// Purpose: what the inbox holds: a posted callback, and the link by which nodes form lists.
//
// Thread safety: a node belongs to one thread at a time: to the poster until it is pushed, to the loop's thread from
// the drain to the return to the pool. Lists are plain; what publishes them is the atomic word that they are hung on.
// Invariants: nodes are single allocations that belong to nobody in particular: any thread, pool or inbox may free any
// node it owns. Rules: POST-1, POST-4.
#pragma once

#include <galley/callback.hpp>

#include <memory>
#include <utility>

namespace galley::fast {

struct post_node {
    post_node* next{};
    callback work;
    void* home{};  ///< whose loop runs it; written there
};

/// Frees a list of nodes, and the callbacks in them.
inline void destroy_nodes(post_node* first) noexcept {
    while (first != nullptr) {
        const std::unique_ptr<post_node> node{first};
        first = node->next;
    }
}

/// A FIFO list of nodes that one thread owns.
class post_list {
public:
    post_list() = default;
    post_list(const post_list&) = delete;
    post_list& operator=(const post_list&) = delete;
    ~post_list() { destroy_nodes(first_); }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] post_node* front() const noexcept { return first_; }
    [[nodiscard]] post_node* back() const noexcept { return last_; }

    void push_back(post_node& node) noexcept {
        node.next = nullptr;
        (first_ == nullptr ? first_ : last_->next) = &node;
        last_ = &node;
    }
    /// Appends a list that is linked from its newest node to its oldest, oldest first.
    void append_reversed(post_node* newest) noexcept {
        post_node* const newest_node = newest;
        post_node* oldest = nullptr;
        while (newest != nullptr) {
            post_node* const older = std::exchange(newest->next, oldest);
            oldest = std::exchange(newest, older);
        }
        if (oldest != nullptr) {
            (first_ == nullptr ? first_ : last_->next) = oldest;
            last_ = newest_node;
        }
    }
    [[nodiscard]] post_node* pop_front() noexcept {
        post_node* const node = first_;
        if (node != nullptr) {
            first_ = std::exchange(node->next, nullptr);  // alone from here on: it may be freed as a list of one
        }
        return node;
    }
    /// Gives the whole list away.
    [[nodiscard]] post_node* release() noexcept { return std::exchange(first_, nullptr); }

private:
    post_node* first_{};
    post_node* last_{};  ///< meaningful if there is a first
};

}  // namespace galley::fast
