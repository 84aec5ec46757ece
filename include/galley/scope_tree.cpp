// SPDX-License-Identifier: BSL-1.0
#include <galley/cancel_scope.hpp>
#include <galley/context.hpp>
#include <galley/scope_tree.hpp>

#include <cassert>

namespace galley {

void scope_node::adopt(scope_node& child) noexcept {
    assert(child.parent_ == nullptr);
    child.parent_ = this;
    child.previous_ = last_;
    child.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &child;
    last_ = &child;
    child.cancelled_ = child.cancelled_ || (cancelled_ && !child.shield_);
}

void scope_node::leave() noexcept {
    if (parent_ == nullptr) {
        return;  // the tree is being destroyed: it was taken apart as a whole
    }
    scope_node* before = previous_;
    scope_node* after = next_;
    if (first_ != nullptr) {  // the children come between the neighbours, in order
        for (scope_node* child = first_; child != nullptr; child = child->next_) {
            child->parent_ = parent_;
        }
        first_->previous_ = previous_;
        last_->next_ = next_;
        after = first_;
        (next_ == nullptr ? parent_->last_ : next_->previous_) = last_;
        (before == nullptr ? parent_->first_ : before->next_) = after;
    } else {
        (before == nullptr ? parent_->first_ : before->next_) = after;
        (after == nullptr ? parent_->last_ : after->previous_) = before;
    }
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
