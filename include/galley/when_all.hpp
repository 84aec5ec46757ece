// SPDX-License-Identifier: BSL-1.0
// when_all: start several tasks, await them all.
#pragma once

#include <galley/as_task.hpp>
#include <galley/kernel/child_tasks.hpp>
#include <galley/task.hpp>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace galley {

namespace detail {

template <class T>
class [[nodiscard]] when_all_vector final : public vector_awaiter<when_all_vector<T>, T> {
public:
    explicit when_all_vector(std::vector<task<T>> bodies) noexcept
        : vector_awaiter<when_all_vector, T>{children::policy::all, std::move(bodies)} {}
    [[nodiscard]] const char* kind() const noexcept override { return "all"; }
    [[nodiscard]] bool begin() {
        if constexpr (!std::is_void_v<T>) {  // here, as later what the children give would be lost for want of room
            values_.reserve(this->bodies_.size());
        }
        return vector_awaiter<when_all_vector, T>::begin();
    }

    auto await_resume() {
        this->settle();
        if constexpr (!std::is_void_v<T>) {
            for (task_state<T>& state : this->states()) {
                values_.push_back(state.take());
            }
            return std::move(values_);
        }
    }

private:
    std::vector<regular<T>> values_{};
};

template <class... T>
class [[nodiscard]] when_all_tuple final : public tuple_awaiter<when_all_tuple<T...>, T...> {
public:
    explicit when_all_tuple(task<T>... bodies) noexcept
        : tuple_awaiter<when_all_tuple, T...>{children::policy::all, std::move(bodies)...} {}
    [[nodiscard]] const char* kind() const noexcept override { return "all"; }

    std::tuple<regular<T>...> await_resume() {
        this->settle();
        return std::apply([](task_ref<T>&... state) { return std::tuple<regular<T>...>{take_regular(*state)...}; },
                          this->states_);
    }
};

}  // namespace detail

/// `co_await when_all(a(), b())`: runs all of them at once, as tasks that are spawned in order (TASK-1), and gives
/// their values as a tuple (std::monostate for void). The first failure cancels the rest; when all have ended it is
/// thrown, and any further failure has gone to the loop's handler. Takes what `as_task` takes.
template <class... A>
auto when_all(A... bodies) {
    return request<detail::when_all_tuple<value_from<A>...>, task_from<A>...>{as_task(std::move(bodies))...};
}
/// The same for any number of one type: gives a std::vector of the values, in order (void: nothing).
template <class A>
auto when_all(std::vector<A> bodies) {
    return request<detail::when_all_vector<value_from<A>>, std::vector<task_from<A>>>{as_tasks(std::move(bodies))};
}

}  // namespace galley
