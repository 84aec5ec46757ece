// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/context.hpp>
#include <galley/kernel/step.hpp>

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

void context::append_watched(cause why) noexcept {
    loop_->schedule(ready_entry{&step_of, this});
    if (observer* const o = loop_->watching()) {
        o->made_ready(id_, why);
    }
}

bool context::yield_watched() noexcept {
    append_watched(cause::yield);
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, waiting_->kind());
    }
    return true;
}

// It stays ready, as one that yields.
void context::go_again(suspension& await, cause why, const char* kind) noexcept {
    make_ready(why);
    waiting_ = &await;
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, kind);
    }
}

void context::step_of(void* self) noexcept {
    context& task = *static_cast<context*>(self);
    static_cast<void>(task.step(task.loop_->watching()));
}

void context::wait_for_something_foreign() noexcept {
    static thread_local foreign_wait unknown;  // of no task in particular: nobody will resume it
    suspend(unknown);
}

void context::finish() noexcept {  // READY-6
    assert(innermost_ == this);
    state_ = state::ended;
    task_registry& tasks = loop_->tasks();
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
    slot_->destroy_callee();
    release();
}

// Innermost first: a frame that was destroyed from its caller's destructor would take stack for each link
// of the chain (TASK-5).
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

void context::let_go() noexcept {
    if (failed_unobserved()) {
        const std::exception_ptr error = exception();
        mark_observed();
        loop_->tasks().report(*this, error);
    }
    delete this;
}

}  // namespace galley
