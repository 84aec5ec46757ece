// SPDX-License-Identifier: BSL-1.0
// The tree of tasks and cancel scopes: who is below whom, and how a cancellation spreads (CANCEL-1, CANCEL-7).
#pragma once

#include <galley/kernel/chain.hpp>

#include <cassert>
#include <cstdint>

namespace galley {

class context;
class task_registry;

/// A node of the tree: the root, a task, or an open cancel scope. Children are kept in the order in which they came.
/// Loop thread only. `insert`, `erase` O(1) plus O(children) where children move up; `cancel` O(nodes below).
class scope_node : private chain_link {
public:
    enum class kind : std::uint8_t { root, task, scope };

    explicit scope_node(kind k, bool shield = false) noexcept : kind_{k}, shield_{shield} {}
    scope_node(const scope_node&) = delete;
    scope_node& operator=(const scope_node&) = delete;
    ~scope_node() = default;

    /// Hangs `child` below this node, as the last. True: it is cancelled at once, as this node is, and it is no shield.
    bool adopt(scope_node& child) noexcept;

    /// Takes this node out of the tree; what is below it takes its place, in order.
    void leave() noexcept;

    /// Requests cancellation: marks this node and everything below it that no shield protects, and interrupts the tasks
    /// there, children in order, depth first, a task after what is below it, this node's own task last (CANCEL-7).
    /// False if it was requested before.
    bool cancel() noexcept;

    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
    [[nodiscard]] bool requested() const noexcept { return requested_; }
    [[nodiscard]] bool is_shield() const noexcept { return shield_; }
    /// True if the cancellation comes from outside as well: then the outer one wins (CANCEL-5).
    [[nodiscard]] bool outer_cancelled() const noexcept {
        return !shield_ && parent_ != nullptr && parent_->cancelled_;
    }
    [[nodiscard]] scope_node* parent() const noexcept { return parent_; }
    [[nodiscard]] scope_node* first_child() const noexcept {
        return children_.empty() ? nullptr : &node_of(*children_.next);
    }
    [[nodiscard]] kind node_kind() const noexcept { return kind_; }

    /// The node after this one in a walk over everything below `top`, parents first; null at the end. O(1) amortised.
    [[nodiscard]] scope_node* next_below(const scope_node& top) const noexcept;

private:
    friend class task_registry;  // a task that is not in the tree may be in a chain of the registry

    [[nodiscard]] static scope_node& node_of(chain_link& place) noexcept { return static_cast<scope_node&>(place); }
    void leave_to_parent() noexcept;
    void mark_below() noexcept;
    [[nodiscard]] context* own_task() noexcept;

    scope_node* parent_{};
    chain children_;
    // One byte, all of whose bits are used, so that it is written at once; and a context goes on after the second.
    kind kind_ : 6;
    bool shield_ : 1;
    bool requested_ : 1 {};
    bool cancelled_{};
};

inline bool scope_node::adopt(scope_node& child) noexcept {
    assert(child.parent_ == nullptr);
    child.parent_ = this;
    child.link_before(children_);
    if (cancelled_ && !child.shield_) [[unlikely]] {
        child.cancelled_ = true;
        return true;
    }
    return false;
}

inline void scope_node::leave() noexcept {
    assert(parent_ != nullptr);
    if (!children_.empty()) [[unlikely]] {
        leave_to_parent();
    }
    unlink();
    parent_ = nullptr;
}

}  // namespace galley
