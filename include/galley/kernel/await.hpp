// SPDX-License-Identifier: BSL-1.0
// The gate that awaits go through: cancelled here? satisfied now? else registered.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/kernel/context.hpp>
#include <galley/kernel/frame.hpp>

#include <concepts>
#include <coroutine>

namespace galley {

/// Base of everything that a task can wait for, but for two awaits that have no `begin` and go through the steps of
/// this gate by themselves: a yield, which is an append whatever the budget (sleep.hpp), and the exit of a group, which
/// is waited for in a cancelled scope, too (task_group.hpp). `Derived` has
///
///     bool begin();                                  takes effect now: true; or registers itself: false.
///                                                    May throw: then nothing was begun
///     bool withdraw() noexcept override;             see suspension
///     const char* kind() const noexcept override;    see suspension
///     auto await_resume();                           calls `raise_if_cancelled()` first
///
/// and its destructor withdraws what is still waiting, for a task that is destroyed. `Base` is what else it is.
template <class Derived, std::derived_from<suspension> Base = suspension>
class awaiter : public Base {
public:
    [[nodiscard]] static bool await_ready() noexcept { return false; }

    template <task_promise Promise>
    [[nodiscard, gnu::always_inline]] bool await_suspend(std::coroutine_handle<Promise> frame) {
        context& task = frame.promise().task();
        this->task_ = &task;
        if (task.cancelled_here()) [[unlikely]] {  // CANCEL-3: before anything is started
            this->with_ = delivery::cancelled;
            return task.satisfied(*this);
        }
        if (static_cast<Derived&>(*this).begin()) {
            return task.satisfied(*this);
        }
        return task.suspend(*this);
    }

protected:
    awaiter() = default;
    ~awaiter() = default;

    [[nodiscard]] galley::loop& loop() const noexcept { return this->task_->loop(); }
    /// Throws `cancelled` if the await ended so.
    void raise_if_cancelled() const {
        if (this->with_ == delivery::cancelled) [[unlikely]] {
            detail::throw_cancelled();
        }
    }
};

/// Base of what gives something of the running task without ever suspending it; not an await in the sense of the rules.
template <class Derived>
class immediate {
public:
    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <task_promise Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
        task_ = &frame.promise().task();
        return false;
    }

protected:
    immediate() = default;
    ~immediate() = default;
    context* task_{};
};

/// `co_await this_loop()`: the loop that runs this task.
class this_loop final : public immediate<this_loop> {
public:
    this_loop() = default;
    [[nodiscard]] loop& await_resume() const noexcept { return task_->loop(); }
};

/// `co_await this_task()`: the running task's context.
class this_task final : public immediate<this_task> {
public:
    this_task() = default;
    [[nodiscard]] context& await_resume() const noexcept { return *task_; }
};

}  // namespace galley
