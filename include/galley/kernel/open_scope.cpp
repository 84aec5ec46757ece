// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/loop.hpp>
#include <galley/kernel/open_scope.hpp>

#include <cassert>
#include <stdexcept>

namespace galley {

namespace {

[[noreturn]] void throw_run_before() {
    throw std::logic_error("galley::cancel_scope: a scope is run once, and this one was run before");
}

}  // namespace

void open_scope::abandon() noexcept {
    assert(parent() == nullptr && "galley::cancel_scope: destroyed, though a task is inside of it");
    owner_->loop().cancel(*this);
}

void open_scope::open(context& task) {
    if (id_ != 0) [[unlikely]] {
        throw_run_before();
    }
    loop& l = task.loop();
    id_ = l.tasks().next_scope_id();
    owner_ = &task;
    task.enter(*this);
    if (observer* const o = l.watching()) [[unlikely]] {
        o->scope_opened(task.id(), id_, is_shield());
    }
    if (deadline_) {
        start_timer(l);
    }
}

inline void open_scope::start_timer(loop& l) {
    try {
        l.start(*this, deadline_->on(l));
    } catch (...) {
        close(scope_outcome::exception);
        throw;
    }
}

scope_outcome open_scope::outcome_without_value(outcome body) const noexcept {
    if (body == outcome::exception) {
        return scope_outcome::exception;
    }
    return requested() && !outer_cancelled() ? scope_outcome::absorbed : scope_outcome::cancelled;
}

void open_scope::close(scope_outcome how) noexcept {
    context& task = *std::exchange(owner_, nullptr);
    loop& l = task.loop();
    task.leave_scope(*this);
    if (observer* const o = l.watching()) [[unlikely]] {
        o->scope_closed(task.id(), id_, how);
    }
    if (timer::is_started()) {
        l.cancel(*this);
    }
}

}  // namespace galley
