// SPDX-License-Identifier: BSL-1.0
#include <galley/cancel_scope.hpp>
#include <galley/kernel/context.hpp>
#include <galley/kernel/scope_tree.hpp>

namespace galley {

// What is below it comes before it, in order.
void scope_node::leave_to_parent() noexcept {
    scope_link* const first = children_.next_;
    scope_link* const last = children_.previous_;
    for (scope_link* child = first; child != &children_; child = child->next_) {
        node_of(*child).parent_ = parent_;
    }
    first->previous_ = previous_;
    previous_->next_ = first;
    last->next_ = this;
    previous_ = last;
    children_.previous_ = children_.next_ = &children_;
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
    scope_link* next = children_.next_;
    for (;;) {
        while (next != &node->children_ && (node_of(*next).shield_ || node_of(*next).cancelled_)) {
            next = next->next_;
        }
        if (next != &node->children_) {
            node = &node_of(*next);
            node->cancelled_ = true;
            next = node->children_.next_;
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
    if (!children_.empty()) {
        return first_child();
    }
    for (const scope_node* node = this; node != &top; node = node->parent_) {
        if (node->next_ != &node->parent_->children_) {
            return &node_of(*node->next_);
        }
    }
    return nullptr;
}

}  // namespace galley
