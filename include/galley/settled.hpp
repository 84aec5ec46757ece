// SPDX-License-Identifier: BSL-1.0
// settled: awaiting without being thrown at.
#pragma once

#include <galley/as_task.hpp>
#include <galley/kernel/result.hpp>
#include <galley/task.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace galley {

/// How something ended that was awaited: exactly one of value, exception, cancelled (CANCEL-6). It can be copied if its
/// value can.
template <class T>
class [[nodiscard]] settlement {
    using stored = std::conditional_t<std::is_void_v<T>, detail::nothing,
                                      std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

public:
    /// Of a call, whose cancellation is the caller's, or of a task that was joined, whose cancellation is not.
    enum class of : bool { call, task };

    /// Takes over what `came_to` holds.
    settlement(of what, result<T>& came_to) : what_{what}, how_{came_to.kind()} {
        if (how_ == outcome::exception) {
            error_ = came_to.exception();
        }
        if (how_ != outcome::value) {
            return;
        }
        if constexpr (std::is_void_v<T>) {
            value_.emplace();
        } else if constexpr (std::is_reference_v<T>) {
            value_ = std::addressof(came_to.take());
        } else {
            value_.emplace(came_to.take());
        }
    }

    [[nodiscard]] outcome how() const noexcept { return how_; }
    [[nodiscard]] bool has_value() const noexcept { return how_ == outcome::value; }
    /// The exception, if it ended with one, else null.
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return error_; }

    /// The value, moved out; or throws what the await would have thrown: the exception, or `cancelled`, or, of a task
    /// that was joined, task_cancelled.
    T take() {
        if (how_ == outcome::exception) {
            std::rethrow_exception(error_);
        }
        if (how_ == outcome::cancelled && what_ == of::task) {
            throw task_cancelled{};
        }
        if (how_ == outcome::cancelled) {
            throw cancelled{};
        }
        if constexpr (std::is_reference_v<T>) {
            return **value_;
        } else if constexpr (!std::is_void_v<T>) {
            return *std::move(value_);
        }
    }

private:
    of what_;
    outcome how_;
    std::exception_ptr error_{};
    std::optional<stored> value_{};
};

/// The await of a call that gives how it ended.
template <class T>
class [[nodiscard]] settled_call : public result<T> {
public:
    explicit settled_call(task<T> body) : result<T>{body.release()} {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <task_promise Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
        return this->call(caller.promise());
    }
    settlement<T> await_resume() {
        this->destroy_called();  // before the caller goes on, as a function's locals and parameters would be
        return settlement<T>{settlement<T>::of::call, *this};
    }
};

/// `co_await settled(body())`: a call that throws nothing: it gives how the body ended (TASK-10), be that an exception
/// or `cancelled`. So something can be awaited whatever becomes of the body, which no handler can do:
///     auto ended = co_await settled(serve(stream));
///     co_await shield(say_goodbye(stream));
///     co_return ended.take();
/// `when_all(settled(a()), settled(b()))` waits for both, whatever becomes of them. A scope that is cancelled stays so
/// (CANCEL-3): a loop in which every await is settled would not notice.
template <class A>
auto settled(A body) {
    return request<settled_call<value_from<A>>, task_from<A>>{as_task(std::move(body))};
}

}  // namespace galley
