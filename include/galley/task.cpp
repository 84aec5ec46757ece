// SPDX-License-Identifier: BSL-1.0
#include <galley/task.hpp>

#include <stdexcept>

namespace galley {

void detail::throw_task_is_gone() {
    throw std::logic_error("galley::task: this task was moved from, awaited or spawned before");
}

// Awaiting a call resumes the callee right here, on the caller's stack, and if it ends without suspending the caller goes on: a loop of
// satisfied awaits uses no stack. When calls have nested so deep that the stack is nearly used up, the callee is parked instead and
// everything unwinds to the step loop, which goes on with it: a chain of any length fits (TASK-5). Symmetric transfer would be simpler, but it is a tail
// call only if the compiler makes it one: it overflows with g++ -O0 and under AddressSanitizer.
bool call_slot::call(promise_base& caller) noexcept {
    context& task = *caller.context_;
    caller_ = &caller;
    callee_->context_ = &task;
    callee_->slot_ = this;
    if (task.stack_is_deep()) {
        task.set_next(callee_);
        return true;
    }
    inline_ = true;
    callee_->frame().resume();
    inline_ = false;
    return !done_;
}

void call_slot::destroy_callee() noexcept {
    if (callee_ != nullptr) {
        std::exchange(callee_, nullptr)->frame().destroy();
    }
}

void promise_base::finished() noexcept {
    slot_->done_ = true;
    if (!slot_->inline_) {
        context_->set_next(slot_->caller_);  // null for a task's first frame: the step is over
    }
}

}  // namespace galley
