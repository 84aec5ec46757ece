// SPDX-License-Identifier: BSL-1.0
// How a task suspends and becomes ready: what every await does, so it is inline. Part of context.hpp that needs a loop.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/kernel/context.hpp>

#include <cassert>

namespace galley {

// The usual case in line: there is room, as it was reserved, and nobody watches. The other is a call at the end. While
// the loop is being destroyed, nobody runs what is appended here, and there is nothing to be told of it.
inline void context::append(cause why) noexcept {
    if (loop_->has_room()) [[likely]] {
        loop_->schedule(next_step());
        return;
    }
    append_watched(why);
}

// It is `starting`, not `ready`.
inline void task_registry::start(context& task, scope_node& parent) noexcept {
    assert(on_its_thread() && "galley: a task was spawned from another thread: post to its loop instead");
    task.id_ = ++last_task_;
    ++pending_;
    if (parent.adopt(task)) [[unlikely]] {
        task.leaf_ = nullptr;  // CANCEL-2
    }
    if (task.loop_->has_room()) [[likely]] {
        task.loop_->schedule(task.next_step());
        return;
    }
    start_watched(task, parent);
}

inline void context::make_ready(cause why) noexcept {
    assert(loop_->tasks().on_its_thread() && "galley: a task was woken from another thread: post to its loop instead");
    assert(state_ != state::ready && state_ != state::ended);  // READY-4
    state_ = state::ready;
    append(why);
}

inline bool context::satisfied(suspension& await) noexcept {
    task_registry& tasks = loop_->tasks();
    if (--tasks.budget_left_ > 0) [[likely]] {
        return false;
    }
    return go_again(await, cause::budget, "budget");
}

inline bool context::suspend(suspension& await) noexcept {
    waiting_ = &await;
    state_ = state::waiting;
    if (loop_->watching() == nullptr) [[likely]] {
        return true;
    }
    return suspend_watched();
}

// Only inside a step: so the loop is not being destroyed. Always true: the task suspends.
inline bool context::yield() noexcept {
    state_ = state::ready;
    waiting_ = nullptr;
    if (loop_->has_room()) [[likely]] {
        loop_->schedule(next_step());
        return true;
    }
    return yield_watched();
}

inline void context::go_on_with(promise_base* frame) noexcept { loop_->tasks().next_frame_ = frame; }

inline bool context::stack_is_deep() const noexcept {
    return static_cast<const char*>(__builtin_frame_address(0)) <= loop_->tasks().stack_limit_;
}

inline void suspension::resume(cause why, delivery with) noexcept {
    with_ = with;
    task_->make_ready(why);
}

}  // namespace galley
