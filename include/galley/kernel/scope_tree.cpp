// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/context.hpp>
#include <galley/kernel/open_scope.hpp>
#include <galley/kernel/scope_tree.hpp>

namespace galley {

// What is below it comes before it, in order.
void scope_node::leave_to_parent() noexcept {
    chain_link* const first = children_.next;
    chain_link* const last = children_.previous;
    for (chain_link* child = first; child != &children_; child = child->next) {
        node_of(*child).parent_ = parent_;
    }
    first->previous = previous;
    previous->next = first;
    last->next = this;
    previous = last;
    children_.clear();
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
    chain_link* at = children_.next;
    for (;;) {
        while (at != &node->children_ && (node_of(*at).shield_ || node_of(*at).cancelled_)) {
            at = at->next;
        }
        if (at != &node->children_) {
            node = &node_of(*at);
            node->cancelled_ = true;
            at = node->children_.next;
            continue;
        }
        if (node == this) {
            return;
        }
        if (node->kind_ == kind::task) {
            static_cast<context*>(node)->interrupt();
        }
        at = node->next;
        node = node->parent_;
    }
}

context* scope_node::own_task() noexcept {
    switch (kind_) {
        case kind::task: return static_cast<context*>(this);
        case kind::scope: return static_cast<open_scope*>(this)->owner();
        case kind::root: break;
    }
    return nullptr;
}

scope_node* scope_node::next_below(const scope_node& top) const noexcept {
    if (!children_.empty()) {
        return first_child();
    }
    for (const scope_node* node = this; node != &top; node = node->parent_) {
        if (node->next != &node->parent_->children_) {
            return &node_of(*node->next);
        }
    }
    return nullptr;
}

}  // namespace galley
