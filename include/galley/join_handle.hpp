// SPDX-License-Identifier: BSL-1.0
// The handle of a started task, which joins, cancels or detaches it.
#pragma once

#include <galley/kernel/await.hpp>
#include <galley/kernel/awaitable.hpp>
#include <galley/kernel/task_state.hpp>
#include <galley/settled.hpp>

#include <stdexcept>
#include <type_traits>
#include <utility>

namespace galley {

namespace detail {
[[noreturn]] void throw_joined_twice();
}  // namespace detail

/// How a join tells of the task's end.
enum class join_style : bool { throws, answers };

/// The await of a task's end. One that is destroyed with its task, when the loop is, leaves the other task an owner
/// that is no more: nothing ends after that, so nobody tells it.
template <class T, join_style Style>
class [[nodiscard]] join_awaiter final : public awaiter<join_awaiter<T, Style>>, private task_owner {
public:
    explicit join_awaiter(task_ref<T> target) noexcept : target_{std::move(target)} {}

    /// Throws std::logic_error if somebody joins that task, or has joined it, already (TASK-2).
    [[nodiscard]] bool begin() {
        if (target_->claimed()) [[unlikely]] {
            detail::throw_joined_twice();
        }
        target_->set_owner(this);
        if (target_->ended()) {
            note(*target_);
            return true;
        }
        return false;
    }
    [[nodiscard]] bool withdraw() noexcept override {
        target_->set_owner(nullptr);
        target_ = task_ref<T>{};  // let go at once: if it fails now, that is nobody's (TASK-3)
        return true;
    }
    [[nodiscard]] const char* kind() const noexcept override { return "join"; }

    auto await_resume() -> std::conditional_t<Style == join_style::throws, T, settlement<T>> {
        this->raise_if_cancelled();
        if constexpr (Style == join_style::throws) {
            return target_->deliver();
        } else {
            target_->mark_observed();
            return settlement<T>{settlement<T>::of::task, *target_};
        }
    }

private:
    void note(const context& target) noexcept {
        if (target.how() != outcome::value) [[unlikely]] {
            this->with_ = delivery::error;
        }
    }
    void child_ended(context& child) noexcept override {
        note(child);
        this->resume(cause::join, this->with_);
    }

    task_ref<T> target_;
};

/// The handle of a spawned task, which it owns: a handle that goes while its task has not ended cancels it (TASK-8), as
/// std::jthread asks its thread to stop; only `detach()` lets a task go on by itself. A failure that nobody can take
/// then goes to the loop's handler (TASK-3). Move-only; loop thread only.
template <class T = void>
class [[nodiscard("a handle that goes cancels its task: join it, keep it, or detach() it")]] join_handle {
    template <join_style Style>
    using joining = request<join_awaiter<T, Style>, task_ref<T>>;

public:
    join_handle() = default;
    explicit join_handle(task_ref<T> state) noexcept : state_{std::move(state)} {}
    join_handle(join_handle&&) noexcept = default;
    join_handle& operator=(join_handle&& other) noexcept {
        const join_handle old{std::exchange(state_, std::move(other.state_))};
        return *this;
    }
    ~join_handle() {
        if (state_ && !state_->ended()) {
            state_->cancel();  // interrupts nobody while the loop is destroyed (LIFE-5)
        }
    }

    /// `co_await handle.join()`: its value; or throws its exception, or task_cancelled. A join that is cancelled leaves
    /// the task alone. Joining twice throws std::logic_error.
    joining<join_style::throws> join() const noexcept {
        return joining<join_style::throws>{task_ref<T>::hold(*state_)};
    }
    /// `co_await handle.try_join()`: the same, but how the task ended is an answer (TASK-10), and nothing is thrown;
    /// except `cancelled`, if it is the join that was cancelled: then there is nothing to tell of the task.
    joining<join_style::answers> try_join() const noexcept {
        return joining<join_style::answers>{task_ref<T>::hold(*state_)};
    }

    /// Cancels the task and what is below it (CANCEL-1). False: it has ended, nothing happens (CANCEL-4).
    bool cancel() const noexcept {
        if (state_->ended()) {
            return false;
        }
        state_->cancel();
        return true;
    }
    [[nodiscard]] bool ended() const noexcept { return state_->ended(); }
    /// True if its outcome belongs to a joiner already.
    [[nodiscard]] bool is_joined() const noexcept { return state_->claimed(); }
    [[nodiscard]] task_id id() const noexcept { return state_->id(); }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(state_); }

    /// Lets go of the task, which goes on by itself: nobody will take its outcome.
    void detach() noexcept { state_ = task_ref<T>{}; }

    /// The value of a task that has ended, from outside any task; throws its exception, or task_cancelled.
    T take() {
        if (!state_->ended() || state_->claimed()) {
            throw std::logic_error("galley: take() is for a task that has ended and was not joined");
        }
        const task_ref<T> target = std::move(state_);
        return target->deliver();
    }

private:
    task_ref<T> state_{};
};

}  // namespace galley
