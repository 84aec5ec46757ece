// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/children.hpp>
#include <galley/kernel/frame.hpp>
#include <galley/kernel/result.hpp>

#include <utility>

namespace galley {

children::~children() {
    if (remembered_ != nullptr) {
        remembered_->release();
    }
    if (body_error_ != nullptr) {  // destroyed before it came out: it is not silent (TASK-3)
        context& owner = *scope_.owner();
        owner.loop().tasks().report(owner, std::move(body_error_));
    }
}

void children::child_ended(context& child) noexcept {
    --left_;
    if (policy_ == policy::any || child.how() != outcome::value) [[unlikely]] {
        note(child);
    }
    if (left_ == 0) [[unlikely]] {
        tell_waiter();
    }
}

void children::tell_waiter() noexcept {
    if (waiter_ != nullptr) {
        waiter_->resume(cause::children, judge());
    }
}

void children::note(context& child) noexcept {
    const outcome how = child.how();
    child_cancelled_ = child_cancelled_ || how == outcome::cancelled;
    const bool settles = policy_ == policy::any || how == outcome::exception;
    if (settles && remembered_ == nullptr && body_error_ == nullptr) {
        remembered_ = &child;
        child.hold();
        if (left_ > 0 || policy_ != policy::any) {
            scope_.cancel();
        }
    } else if (how ==
               outcome::exception) {  // one failure comes out of the await; the others go to the handler: none is lost
        child.mark_observed();
        child.loop().tasks().report(child, child.exception());
    }
}

void children::body_failed(context& owner, std::exception_ptr error) noexcept {
    if (failed()) {
        owner.loop().tasks().report(owner, std::move(error));
    } else {
        body_error_ = std::move(error);
    }
    scope_.cancel();
}

void children::body_cancelled() noexcept {
    body_cancelled_ = true;
    scope_.cancel();
}

bool children::failed() const noexcept {
    return body_error_ != nullptr || (remembered_ != nullptr && remembered_->how() == outcome::exception);
}

scope_outcome children::verdict() const noexcept {
    if (failed()) {
        return scope_outcome::exception;
    }
    if (policy_ == policy::group) {
        const bool cut_off = body_cancelled_ || (child_cancelled_ && scope_.cancelled());
        return cut_off ? scope_.outcome_of(outcome::cancelled) : scope_outcome::value;
    }
    const bool no_value = policy_ == policy::any ? remembered_->how() == outcome::cancelled : child_cancelled_;
    if (!no_value) {
        return scope_outcome::value;
    }
    return scope_.outer_cancelled() ? scope_outcome::cancelled : scope_outcome::exception;  // task_cancelled
}

delivery children::judge() noexcept {
    judged_ = verdict();
    is_judged_ = true;
    switch (judged_) {
        case scope_outcome::exception: return delivery::error;
        case scope_outcome::cancelled: return delivery::cancelled;
        case scope_outcome::value:
        case scope_outcome::absorbed: break;
    }
    return delivery::value;
}

bool children::settle() {
    scope_.close(judged_);
    if (judged_ == scope_outcome::cancelled) {
        throw cancelled{};
    }
    if (judged_ == scope_outcome::exception) {
        if (body_error_ != nullptr) {
            std::rethrow_exception(std::exchange(body_error_, nullptr));
        }
        if (!failed()) {
            throw task_cancelled{};
        }
        remembered_->mark_observed();
        std::rethrow_exception(remembered_->exception());
    }
    return judged_ == scope_outcome::value;
}

}  // namespace galley
