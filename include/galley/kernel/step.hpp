// SPDX-License-Identifier: BSL-1.0
// A task's step, for loops that run it in line.
#pragma once

#include <galley/kernel/frame.hpp>

#include <cassert>

namespace galley {

inline bool context::step(task_registry& tasks, observer* watching) noexcept {
    assert(&tasks == &loop_->tasks());
    assert(tasks.current_ == nullptr);  // READY-3
    tasks.current_ = this;
    tasks.budget_left_ = tasks.budget_;

    if (watching != nullptr) {
        watching->stepping(id_, loop_->sample(), resumed_with());
    }
    state_ = state::running;
    if (leaf_ == nullptr) [[unlikely]] {
        slot().set_outcome_cancelled();  // CANCEL-2
    } else {
        run_frames(tasks);
    }
    tasks.current_ = nullptr;
    if (state_ != state::running) [[likely]] {
        return true;
    }
    if (leaf_ != nullptr) [[unlikely]] {
        wait_for_something_foreign();
        return true;
    }
    finish(tasks);
    return false;
}

// The innermost frame, then, as long as the one that ran has ended or made a deep call, the one to go on with.
inline void context::run_frames(task_registry& tasks) noexcept {
    promise_base* frame = leaf_;
    for (;;) {
        frame->frame().resume();
        frame = tasks.next_frame_;
        if (frame == nullptr) [[likely]] {
            return;
        }
        tasks.next_frame_ = nullptr;
    }
}

}  // namespace galley
