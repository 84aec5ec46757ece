// SPDX-License-Identifier: BSL-1.0
#include <galley/context.hpp>
#include <galley/loop.hpp>
#include <galley/task.hpp>

#include <cassert>
#include <utility>

namespace galley {

namespace {

/// What a task waits for that awaited something that is not galley's: the loop cannot know when it is over.
class foreign_wait final : public suspension {
public:
    [[nodiscard]] const char* kind() const noexcept override { return "something foreign"; }
    [[nodiscard]] bool withdraw() noexcept override { return false; }
};

}  // namespace

const char* context::awaiting() const noexcept {
    switch (state_) {
        case state::starting: return "start";
        case state::ready: return "ready";
        case state::running: return "running";
        case state::waiting: return waiting_->kind();
        case state::ended: break;
    }
    return "ended";
}

instant context::since() const noexcept { return waiting_ == nullptr ? epoch : waiting_->since_; }

void context::enter(scope_node& scope) noexcept {
    innermost_->adopt(scope);
    innermost_ = &scope;
}

void context::leave_scope(scope_node& scope) noexcept {
    if (loop_->tasks().closing()) {
        return;  // the tree was taken apart as a whole
    }
    assert(innermost_ == &scope);  // scopes are left innermost first, as frames are
    innermost_ = scope.parent();
    scope.leave();
}

bool context::satisfied(suspension& await) noexcept {
    if (--budget_left_ > 0) [[likely]] {
        return false;
    }
    make_ready(cause::budget);
    waiting_ = &await;
    await.since_ = loop_->sample();
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, "budget");
    }
    return true;
}

void context::suspend(suspension& await) noexcept {
    waiting_ = &await;
    await.since_ = loop_->sample();
    state_ = state::waiting;
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, await.kind());
    }
}

void context::yield(suspension& await) noexcept {
    make_ready(cause::yield);
    waiting_ = &await;
    await.since_ = loop_->sample();
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, await.kind());
    }
}

void context::make_ready(cause why) noexcept {
    assert(state_ != state::ready && state_ != state::ended);  // READY-4
    if (loop_->tasks().closing()) {
        return;
    }
    if (why != cause::spawn) {
        state_ = state::ready;
    }
    loop_->schedule(ready_entry{&step, this});
    if (observer* const o = loop_->watching()) {
        o->made_ready(id_, why);
    }
}

const context* context::of(const ready_entry& entry) noexcept {
    return entry.run == &step ? static_cast<const context*>(entry.argument) : nullptr;
}

void context::step(void* self) noexcept {
    context& task = *static_cast<context*>(self);
    galley::loop& l = *task.loop_;
    task_registry& tasks = l.tasks();
    assert(tasks.current_ == nullptr);  // READY-3
    tasks.current_ = tasks.stepped_ = &task;
    task.stack_limit_ = static_cast<const char*>(__builtin_frame_address(0)) - tasks.call_stack_;
    task.budget_left_ = l.options().budget;

    const bool first = task.state_ == state::starting;
    const bool never_starts = first && task.cancelled();  // CANCEL-2
    task.state_ = state::running;
    if (observer* const o = l.watching()) {
        const delivery start = never_starts ? delivery::cancelled : delivery::start;
        o->stepping(task.id_, l.sample(), first ? start : task.waiting_->with());
    }
    task.waiting_ = nullptr;
    if (never_starts) {
        task.set_cancelled();
    } else {
        task.run_frames();
    }
    tasks.current_ = nullptr;
    if (task.state_ != state::running) {
        return;
    }
    if (task.how() == outcome::none) [[unlikely]] {
        static thread_local foreign_wait unknown;  // of no task in particular: nobody will resume it
        task.suspend(unknown);
        return;
    }
    task.finish();
}

// The innermost frame, then, as long as the one that ran has ended or made a deep call, the one to go on with.
void context::run_frames() noexcept {
    promise_base* frame = leaf_;
    do {
        next_frame_ = nullptr;
        frame->frame().resume();
        frame = next_frame_;
    } while (frame != nullptr);
}

void context::finish() noexcept {  // READY-6
    assert(innermost_ == this);
    state_ = state::ended;
    task_registry& tasks = loop_->tasks();
    tasks.stepped_ = nullptr;
    if (observer* const o = loop_->watching()) {
        o->ended(id_, how());
    }
    leave();
    tasks.ended(*this);
    if (owner_ != nullptr) {
        std::exchange(owner_, nullptr)->child_ended(*this);
    }
    if (failed_unobserved() && holders_ > 1) {
        tasks.list_failure(*this);
    }
    root_slot().destroy_callee();
    release();
}

// Innermost first: a frame that was destroyed from its caller's destructor would take stack for each link of the chain
// (TASK-5).
void context::destroy_frames() noexcept {
    promise_base* frame = leaf_;
    while (frame != nullptr) {
        call_slot& slot = *frame->slot_;
        promise_base* const caller = slot.caller_;
        slot.destroy_callee();
        frame = caller;
    }
    leaf_ = nullptr;
}

void context::interrupt() noexcept {
    // A wait inside a shield is not reached, though its task is (CANCEL-3).
    if (state_ != state::waiting || !cancelled_here() || std::exchange(waiting_->interrupted_, true)) {
        return;
    }
    if (waiting_->withdraw()) {
        waiting_->resume(cause::cancel, delivery::cancelled);
    }
}

void context::release() noexcept {
    if (--holders_ > 0) {
        return;
    }
    if (failed_unobserved()) {
        const std::exception_ptr error = exception();
        mark_observed();
        loop_->tasks().report(*this, error);
    }
    delete this;
}

bool context::failed_unobserved() const noexcept {
    return state_ == state::ended && !observed_ && how() == outcome::exception;
}

void context::mark_observed() noexcept {
    observed_ = true;
    if (in_failures_) {
        loop_->tasks().unlist_failure(*this);
    }
}

}  // namespace galley
