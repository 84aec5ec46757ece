// SPDX-License-Identifier: BSL-1.0
// Cancel scopes: a body whose awaits, and whose tasks, are cancelled together; with deadlines and shields.
#pragma once

#include <galley/as_task.hpp>
#include <galley/kernel/awaitable.hpp>
#include <galley/kernel/call_result.hpp>
#include <galley/kernel/deadline.hpp>
#include <galley/kernel/open_scope.hpp>
#include <galley/task.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace galley {

/// What a body gives that may be cut off by its own scope: the value, or nothing. For void: whether it finished.
template <class T>
struct finished_type {
    using type = std::optional<T>;
};
template <class T>
struct finished_type<T&> {
    using type = T*;
};
template <>
struct finished_type<void> {
    using type = bool;
};
template <class T>
using finished = typename finished_type<T>::type;

/// Thrown by `timeout` if its deadline cut its body off.
struct timed_out : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return "galley: the time was up"; }
};

template <class T>
class scoped_call;

/// A part of a task's work that is cancelled together. Loop thread only. `timeout` and `shield` are made of it.
class cancel_scope : public open_scope {
public:
    enum class protection : bool { open, shielded };

    cancel_scope() noexcept : open_scope{false, std::nullopt} {}
    /// With a deadline, at which it cancels itself: `5s` after it is opened, or at an instant.
    explicit cancel_scope(deadline d) noexcept : open_scope{false, d} {}
    /// Shielded: what encloses it cannot cancel what is inside (CANCEL-3).
    explicit cancel_scope(protection p) noexcept : open_scope{p == protection::shielded, std::nullopt} {}

    /// `co_await scope.run(body())`: awaits the body as a call inside this scope. Gives what the body gives, or nothing
    /// if the scope was cancelled and that is why the body ended (CANCEL-5). A scope is used once.
    template <class A>
    auto run(A body) {
        return request<scoped_call<value_from<A>>, open_scope&, task_from<A>>{*this, as_task(std::move(body))};
    }
};

/// The await of a body inside a scope.
template <class T>
class [[nodiscard]] scoped_call : public result<T> {
public:
    scoped_call(open_scope& scope, task<T> body) : result<T>{body.release()}, scope_{&scope} {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <task_promise Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> caller) {
        scope_->open(caller.promise().task());
        return this->call(caller.promise());
    }
    /// Throws what leaves the scope: an exception, or `cancelled` if the cancellation is an enclosing scope's.
    [[nodiscard]] finished<T> await_resume() {
        this->destroy_called();
        const scope_outcome how = scope_->outcome_of(this->kind());
        scope_->close(how);
        if (how == scope_outcome::absorbed) {
            return {};
        }
        if constexpr (std::is_void_v<T>) {
            this->take();
            return true;
        } else if constexpr (std::is_reference_v<T>) {
            return &this->take();
        } else {
            return finished<T>{this->take()};
        }
    }

private:
    open_scope* scope_;
};

namespace detail {

// The scope must be constructed before the call that refers to it, and destroyed after it.
struct scope_holder {
    template <class... A>
    explicit scope_holder(A... a) noexcept : scope{a...} {}
    cancel_scope scope;
};

template <class T>
class [[nodiscard]] try_timeout_call : scope_holder, public scoped_call<T> {
public:
    try_timeout_call(deadline d, task<T> body) : scope_holder{d}, scoped_call<T>{scope, std::move(body)} {}
};

template <class T>
class [[nodiscard]] timeout_call : public try_timeout_call<T> {
public:
    using try_timeout_call<T>::try_timeout_call;
    T await_resume() {
        auto value = try_timeout_call<T>::await_resume();
        if (!value) {
            throw timed_out{};
        }
        if constexpr (!std::is_void_v<T>) {
            return std::forward<T>(*value);
        }
    }
};

template <class T>
class [[nodiscard]] shield_call : scope_holder, public scoped_call<T> {
public:
    explicit shield_call(task<T> body)
        : scope_holder{cancel_scope::protection::shielded}, scoped_call<T>{scope, std::move(body)} {}
    T await_resume() {
        auto value = scoped_call<T>::await_resume();
        if constexpr (!std::is_void_v<T>) {
            return std::forward<T>(*value);  // a shield has nothing of its own to absorb: there is a value
        }
    }
};

}  // namespace detail

/// `co_await timeout(5s, body())`, or with an instant: what the body gives; throws `timed_out` if the deadline came
/// first (CANCEL-8) and cut it off (CANCEL-5). A body that finishes all the same yields its value; if an enclosing
/// scope is cancelled too, that goes on outward. Takes what `as_task` takes.
template <class A>
auto timeout(deadline d, A body) {
    return request<detail::timeout_call<value_from<A>>, deadline, task_from<A>>{d, as_task(std::move(body))};
}
/// The same, but to be late is an answer: nothing (`finished` says how that is told of a void body).
template <class A>
auto try_timeout(deadline d, A body) {
    return request<detail::try_timeout_call<value_from<A>>, deadline, task_from<A>>{d, as_task(std::move(body))};
}

/// `co_await shield(body())`: enclosing cancellations wait until the body is over. For clean-up that must await.
template <class A>
auto shield(A body) {
    return request<detail::shield_call<value_from<A>>, task_from<A>>{as_task(std::move(body))};
}

}  // namespace galley
