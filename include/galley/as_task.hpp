// SPDX-License-Identifier: BSL-1.0
// as_task: how everything that can be awaited can be given to what runs tasks.
#pragma once

#include <galley/task.hpp>

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

namespace galley {

namespace detail {

template <class A>
task<await_result<A>> await_in_task(A asked) {
    co_return co_await std::move(asked);
}

template <class F, class... A>
concept gives_awaitable = std::invocable<F&, A...> && awaitable<std::invoke_result_t<F&, A...>>;

}  // namespace detail

/// A task that keeps its callable and arguments until it has ended: captures of a coroutine lambda are not part of its
/// frame, and would dangle. `as_task(f)` is `invoke(f)`.
template <class F, class... A>
    requires detail::gives_awaitable<F, A...>
[[nodiscard]] task<await_result<std::invoke_result_t<F&, A...>>> invoke(F f, A... arguments) {
    co_return co_await f(std::move(arguments)...);
}

/// Whatever can be awaited as a task (TASK-9): a task as it is; anything else in a frame of its own, which keeps it. So
/// does a callable without parameters that gives something to await, such as a coroutine lambda: its captures live as
/// long as the task. `spawn`, groups, `when_all`, `when_any`, `timeout`, `shield`, `settled` and scopes take what this
/// takes. Throws std::bad_alloc.
template <class A>
[[nodiscard]] auto as_task(A what) {
    static_assert(std::move_constructible<A>, "galley: what is given away to be awaited must be movable: let its verb "
                                              "give a galley::request for the awaiter");
    if constexpr (detail::is_task<A>) {
        return what;
    } else if constexpr (awaitable<A>) {
        return detail::await_in_task(std::move(what));
    } else {
        static_assert(
            detail::gives_awaitable<A>,
            "galley: this can be neither awaited in a task nor called to give something that can: an awaiter "
            "of another library resumes coroutines behind the loop's back; wrap it in an awaiter of galley's");
        return galley::invoke(std::move(what));  // not the one of std, for a std::function
    }
}

/// The same for several.
template <class A>
[[nodiscard]] auto as_tasks(std::vector<A> what) {
    if constexpr (detail::is_task<A>) {
        return what;
    } else {
        std::vector<decltype(as_task(std::declval<A>()))> tasks;
        tasks.reserve(what.size());
        for (A& one : what) {
            tasks.push_back(as_task(std::move(one)));
        }
        return tasks;
    }
}

/// The type of that task, and of what it gives.
template <class A>
using task_from = decltype(as_task(std::declval<A>()));
template <class A>
using value_from = typename task_from<A>::value_type;

}  // namespace galley
