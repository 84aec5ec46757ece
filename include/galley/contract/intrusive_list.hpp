// SPDX-License-Identifier: BSL-1.0
// A FIFO of nodes that are linked through their own members: what waits, waits without allocation.
#pragma once

#include <utility>

namespace galley {

/// A doubly linked list of `Node`s, which have members `next` and `previous` for it. Not thread safe; every call O(1).
template <class Node>
class intrusive_list {
public:
    intrusive_list() = default;
    intrusive_list(intrusive_list&& other) noexcept
        : first_{std::exchange(other.first_, nullptr)}, last_{std::exchange(other.last_, nullptr)} {}
    intrusive_list& operator=(intrusive_list&&) = delete;
    ~intrusive_list() = default;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] Node* front() const noexcept { return first_; }

    void push_back(Node& node) noexcept {
        node.previous = last_;
        node.next = nullptr;
        (last_ == nullptr ? first_ : last_->next) = &node;
        last_ = &node;
    }
    void erase(Node& node) noexcept {
        (node.previous == nullptr ? first_ : node.previous->next) = node.next;
        (node.next == nullptr ? last_ : node.next->previous) = node.previous;
        node.next = node.previous = nullptr;
    }
    [[nodiscard]] Node* pop_front() noexcept {
        Node* const node = first_;
        if (node != nullptr) {
            erase(*node);
        }
        return node;
    }

private:
    Node* first_{};
    Node* last_{};
};

}  // namespace galley
