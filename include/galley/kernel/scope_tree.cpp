// SPDX-License-Identifier: BSL-1.0
#include <galley/cancel_scope.hpp>
#include <galley/kernel/context.hpp>
#include <galley/kernel/scope_tree.hpp>

namespace galley {

// What is below it comes between its neighbours, in order.
void scope_node::leave_to_parent() noexcept {
    for (scope_node* child = first_; child != nullptr; child = child->next_) {
        child->parent_ = parent_;
    }
    first_->previous_ = previous_;
    last_->next_ = next_;
    (next_ == nullptr ? parent_->last_ : next_->previous_) = last_;
    (previous_ == nullptr ? parent_->first_ : previous_->next_) = first_;
    parent_ = first_ = last_ = previous_ = next_ = nullptr;
}

bool scope_node::cancel() noexcept {
    if (requested_) {
        return false;
    }
    requested_ = true;
    if (!cancelled_) {
        cancelled_ = true;
        mark_below();
    }
    if (context* const task = own_task(); task != nullptr) {
        task->interrupt();
    }
    return true;
}

// Post-order without recursion, as chains of spawning tasks may be a million deep. What was cancelled before was walked
// before, and what was hung below it since then inherited the mark, so it is passed over whole.
void scope_node::mark_below() noexcept {
    scope_node* node = this;
    scope_node* next = first_;
    for (;;) {
        while (next != nullptr && (next->shield_ || next->cancelled_)) {
            next = next->next_;
        }
        if (next != nullptr) {
            next->cancelled_ = true;
            node = next;
            next = node->first_;
            continue;
        }
        if (node == this) {
            return;
        }
        if (node->kind_ == kind::task) {
            static_cast<context*>(node)->interrupt();
        }
        next = node->next_;
        node = node->parent_;
    }
}

context* scope_node::own_task() noexcept {
    switch (kind_) {
        case kind::task: return static_cast<context*>(this);
        case kind::scope: return static_cast<cancel_scope*>(this)->owner();
        case kind::root: break;
    }
    return nullptr;
}

scope_node* scope_node::next_below(const scope_node& top) const noexcept {
    if (first_ != nullptr) {
        return first_;
    }
    for (const scope_node* node = this; node != &top; node = node->parent_) {
        if (node->next_ != nullptr) {
            return node->next_;
        }
    }
    return nullptr;
}

}  // namespace galley
