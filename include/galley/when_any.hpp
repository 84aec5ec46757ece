// SPDX-License-Identifier: BSL-1.0
// when_any: start several tasks, take the first that ends.
#pragma once

#include <galley/as_task.hpp>
#include <galley/kernel/child_tasks.hpp>
#include <galley/task.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace galley {

/// Which child won, and what it gave (std::monostate for void).
template <class T>
struct winner {
    std::size_t index;
    detail::regular<T> value;
};

namespace detail {

template <class T>
class [[nodiscard]] when_any_vector final : public vector_awaiter<when_any_vector<T>, T> {
public:
    explicit when_any_vector(std::vector<task<T>> bodies) noexcept
        : vector_awaiter<when_any_vector, T>{children::policy::any, std::move(bodies)} {}
    [[nodiscard]] const char* kind() const noexcept override { return "any"; }
    [[nodiscard]] bool begin() {
        if (this->bodies_.empty()) {
            throw std::logic_error("galley::when_any: of no tasks none can be the first");
        }
        return vector_awaiter<when_any_vector, T>::begin();
    }

    winner<T> await_resume() {
        this->settle();
        task_state<T>* first = this->states().begin();
        while (first != this->children_.winner()) {
            ++first;
        }
        return winner<T>{static_cast<std::size_t>(first - this->states().begin()), take_regular(*first)};
    }
};

template <class... T>
class [[nodiscard]] when_any_tuple final : public tuple_awaiter<when_any_tuple<T...>, T...> {
public:
    explicit when_any_tuple(task<T>... bodies) noexcept
        : tuple_awaiter<when_any_tuple, T...>{children::policy::any, std::move(bodies)...} {}
    [[nodiscard]] const char* kind() const noexcept override { return "any"; }

    std::variant<regular<T>...> await_resume() {
        this->settle();
        return take(std::index_sequence_for<T...>{});
    }

private:
    template <std::size_t... I>
    std::variant<regular<T>...> take(std::index_sequence<I...>) {
        std::optional<std::variant<regular<T>...>> found;
        const auto look = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
            auto& state = std::get<N>(this->states_);
            if (&*state == this->children_.winner()) {
                found.emplace(std::in_place_index<N>, take_regular(*state));
            }
        };
        (look(std::integral_constant<std::size_t, I>{}), ...);
        return std::move(*found);
    }
};

}  // namespace detail

/// `co_await when_any(a(), b())`: runs all of them at once; the first to end, however it ends, wins. The others are
/// cancelled in order and awaited; their values are discarded, their failures go to the loop's handler (TASK-7). Gives
/// a std::variant whose index is the winner's.
template <class... A>
    requires(sizeof...(A) > 0)
auto when_any(A... bodies) {
    return request<detail::when_any_tuple<value_from<A>...>, task_from<A>...>{as_task(std::move(bodies))...};
}
/// The same for any number of one type. Its await throws std::logic_error if there are none.
template <class A>
auto when_any(std::vector<A> bodies) {
    return request<detail::when_any_vector<value_from<A>>, std::vector<task_from<A>>>{as_tasks(std::move(bodies))};
}

}  // namespace galley
