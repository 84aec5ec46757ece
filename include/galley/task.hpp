// SPDX-License-Identifier: BSL-1.0
// task<T>: a lazy coroutine, awaited as a call or spawned as a task.
#pragma once

#include <galley/kernel/call_result.hpp>
#include <galley/kernel/frame.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <utility>

namespace galley {

namespace detail {
[[noreturn]] void throw_task_is_gone();
}  // namespace detail

template <class T>
class task;

template <class T>
class promise_result : public promise_base {
public:
    template <class U = T>
        requires std::convertible_to<U&&, T>
    void return_value(U&& value) {
        static_cast<result<T>&>(slot()).set_value(std::forward<U>(value));
    }

protected:
    ~promise_result() = default;
};
template <>
class promise_result<void> : public promise_base {
public:
    void return_void() const noexcept { static_cast<result<void>&>(slot()).set_value(); }

protected:
    ~promise_result() = default;
};

template <class T>
class promise final : public promise_result<T> {
public:
    [[nodiscard]] task<T> get_return_object() noexcept;
    void unhandled_exception() noexcept {
        auto& came_to = static_cast<result<T>&>(this->slot());
        if (detail::handles_cancelled()) {
            came_to.set_cancelled();
        } else {
            came_to.set_exception(std::current_exception());
        }
    }
};

/// The await of a call: same task, same step (TASK-4), no budget (READY-5).
template <class T>
class [[nodiscard]] call_awaiter : public result<T> {
public:
    explicit call_awaiter(promise_base* callee) noexcept : result<T>{callee} {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <task_promise Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
        return this->call(caller.promise());
    }
    T await_resume() {
        this->destroy_called();  // before the caller goes on, as a function's locals and parameters would be
        return this->take();
    }
};

/// A coroutine that gives a T: lazy (nothing runs until it is awaited or spawned), move-only, owns its frame. Awaiting
/// it is a call. Dropping it unawaited destroys the frame. T: a movable type, a reference, or void.
template <class T = void>
class [[nodiscard("a task does nothing before it is awaited, spawned or given away"), gnu::warn_unused]] task {
public:
    using promise_type = promise<T>;
    using value_type = T;

    task(task&& other) noexcept : promise_{std::exchange(other.promise_, nullptr)} {}
    task& operator=(task&& other) noexcept {
        task{std::move(other)}.swap(*this);
        return *this;
    }
    ~task() {
        if (promise_ != nullptr) {
            std::coroutine_handle<promise<T>>::from_promise(*promise_).destroy();
        }
    }

    /// Throws std::logic_error for a task that was moved from.
    [[nodiscard]] call_awaiter<T> operator co_await() && { return call_awaiter<T>{release()}; }

    /// Throws std::logic_error if the frame was given up.
    void check() const {
        if (promise_ == nullptr) [[unlikely]] {
            detail::throw_task_is_gone();
        }
    }
    /// Gives up the frame, to whoever will run it. Throws std::logic_error if it is gone already.
    [[nodiscard]] promise<T>* release() {
        check();
        return give_up();
    }
    /// The same, where it is known to be there; else null.
    [[nodiscard]] promise<T>* give_up() noexcept { return std::exchange(promise_, nullptr); }

private:
    friend class promise<T>;
    explicit task(promise<T>& p) noexcept : promise_{&p} {}
    void swap(task& other) noexcept { std::swap(promise_, other.promise_); }

    promise<T>* promise_;
};

template <class T>
task<T> promise<T>::get_return_object() noexcept {
    static_assert(alignof(promise) == alignof(promise_base) && std::derived_from<promise, promise_base>);
    static_assert(detail::fits_frames<T>,
                  "galley: no coroutine can have a variable that is aligned so strictly, as its frame is not: give a "
                  "std::unique_ptr to it");
    return task<T>{*this};
}

}  // namespace galley
