// SPDX-License-Identifier: BSL-1.0
// What a task may await: concepts, and the request that verbs give.
#pragma once

#include <concepts>
#include <coroutine>
#include <tuple>
#include <type_traits>
#include <utility>

namespace galley {

class promise_base;
template <class T>
class promise;
template <class T>
class task;

/// The promise of a frame that runs in a task. Every awaiter of galley insists on one: the task is reached through it.
template <class P>
concept task_promise = std::derived_from<P, promise_base>;

namespace detail {

template <class A>
consteval auto find_awaiter() {
    if constexpr (requires(A&& a) { static_cast<A&&>(a).operator co_await(); }) {
        return std::type_identity<decltype(std::declval<A>().operator co_await())>{};
    } else if constexpr (requires(A&& a) { operator co_await(static_cast<A&&>(a)); }) {
        return std::type_identity<decltype(operator co_await(std::declval<A>()))>{};
    } else {
        return std::type_identity<A&&>{};
    }
}
template <class A>
using awaiter_of = typename decltype(find_awaiter<A>())::type;

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

}  // namespace detail

/// What a task may await: its awaiter takes the handle of a task's frame, and of no other coroutine. One that takes any
/// handle (std::suspend_always, or another library's) resumes it behind the back of the loop, which then knows neither
/// that the task goes on, nor how to cancel it.
template <class A>
concept awaitable = requires(detail::awaiter_of<A> a, std::coroutine_handle<promise<void>> of_task) {
    a.await_ready();
    a.await_suspend(of_task);
    a.await_resume();
} && !requires(detail::awaiter_of<A> a, std::coroutine_handle<> of_any) { a.await_suspend(of_any); };

/// What awaiting an A gives.
template <awaitable A>
using await_result = decltype(std::declval<detail::awaiter_of<A>>().await_resume());

/// What a verb such as `q.get()` gives: what is asked for, and nothing begun. It may be moved, kept, and given to
/// whatever takes an awaitable. The awaiter, which must not move, is made when it is awaited, in the frame that does.
template <class Awaiter, class... Args>
class [[nodiscard("nothing is begun before it is awaited, spawned or given away"), gnu::warn_unused]] request {
public:
    explicit constexpr request(Args... asked) noexcept(std::is_nothrow_constructible_v<std::tuple<Args...>, Args...>)
        : asked_{std::forward<Args>(asked)...} {}

    [[nodiscard]] Awaiter operator co_await() && { return std::make_from_tuple<Awaiter>(std::move(asked_)); }

private:
    std::tuple<Args...> asked_;
};

namespace detail {
template <class A>
inline constexpr bool borrows = false;
template <class Awaiter, class... Args>
inline constexpr bool borrows<request<Awaiter, Args...>> = (std::is_rvalue_reference_v<Args> || ...);
}  // namespace detail

/// What may still be awaited when the expression that made it is over: a request that refers to what the caller gave up
/// (`q.put(std::move(item))`) may not.
template <class A>
concept outlives_its_expression = !detail::borrows<A>;

}  // namespace galley
