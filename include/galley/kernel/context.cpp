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

void context::append_watched(cause why) noexcept {
    if (loop_->tasks().closing()) {
        return;  // LIFE-5
    }
    loop_->schedule(next_step());
    if (observer* const o = loop_->watching()) {
        o->made_ready(id_, why);
    }
}

bool context::yield_watched() noexcept {
    append_watched(cause::yield);
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, "yield");
    }
    return true;
}

bool context::suspend_watched() noexcept {
    loop_->watching()->awaiting(id_, waiting_->kind());
    return true;
}

// It stays ready, as one that yields. Always true: it suspends.
bool context::go_again(suspension& await, cause why, const char* kind) noexcept {
    make_ready(why);
    waiting_ = &await;
    if (observer* const o = loop_->watching()) {
        o->awaiting(id_, kind);
    }
    return true;
}

delivery context::resumed_with() const noexcept {
    if (leaf_ == nullptr) {
        return delivery::cancelled;
    }
    if (state_ == state::starting) {
        return delivery::start;
    }
    return waiting_ == nullptr ? delivery::value : waiting_->with();
}

void context::wait_for_something_foreign() noexcept {
    static thread_local foreign_wait unknown;  // of no task in particular: nobody will resume it
    suspend(unknown);
}

void context::finish(task_registry& tasks) noexcept {  // READY-6
    assert(innermost_ == this);
    state_ = state::ended;
    tasks.ended(*this);
    if (observer* const o = tasks.watching()) [[unlikely]] {
        o->ended(id_, how());
    }
    leave();
    if (owner_ != nullptr) {
        owner_->child_ended(*this);
    }
    if (how() == outcome::exception) [[unlikely]] {
        keep_failure();
    }
    slot().destroy_called();
    release();
}

void context::keep_failure() noexcept {
    if (failed_unobserved() && holders_ > 1) {
        loop_->tasks().list_failure(*this);
    }
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
    slot().destroy_callee();  // of one that was never going to start
    leaf_ = nullptr;
}

void context::interrupt() noexcept {
    if (loop_->tasks().closing()) {
        return;  // LIFE-5: its await may be destroyed already, and nobody goes on to see an interruption
    }
    if (state_ == state::starting) {
        leaf_ = nullptr;  // CANCEL-2
        return;
    }
    // A wait inside a shield is not reached, though its task is (CANCEL-3).
    if (state_ != state::waiting || !cancelled_here() || std::exchange(waiting_->interrupted_, true)) {
        return;
    }
    if (waiting_->withdraw()) {
        waiting_->resume(cause::cancel, delivery::cancelled);
    }
}

void context::report() noexcept {
    const std::exception_ptr error = exception();
    mark_observed();
    loop_->tasks().report(*this, error);
}

}  // namespace galley
