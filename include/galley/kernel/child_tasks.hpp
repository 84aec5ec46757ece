// SPDX-License-Identifier: BSL-1.0
// Awaiting several tasks that the await itself starts: what `when_all` and `when_any` are made of.
#pragma once

#include <galley/kernel/await.hpp>
#include <galley/kernel/awaitable.hpp>
#include <galley/kernel/children.hpp>
#include <galley/kernel/task_state.hpp>

#include <cassert>
#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace galley::detail {

/// A value as a member of a tuple or variant: void becomes std::monostate, a reference one that can be stored.
template <class T>
struct regular_type {
    using type = T;
};
template <class T>
struct regular_type<T&> {
    using type = std::reference_wrapper<T>;
};
template <>
struct regular_type<void> {
    using type = std::monostate;
};
template <class T>
using regular = typename regular_type<T>::type;

template <class T>
regular<T> take_regular(task_state<T>& state) {
    if constexpr (std::is_void_v<T>) {
        state.take();
        return {};
    } else {
        return state.take();
    }
}

/// Awaiting children that the await itself starts. Once they run, a cancellation reaches them as well, and the await
/// ends with them.
template <class Derived>
class children_awaiter : public awaiter<Derived> {
public:
    [[nodiscard]] bool withdraw() noexcept override { return false; }

protected:
    explicit children_awaiter(children::policy p) noexcept : children_{p} {}
    ~children_awaiter() = default;

    /// Starts what is prepared: `start` is a callable that starts it all, without failing.
    template <class Start>
    void start_all(std::size_t count, Start start) {
        this->loop().tasks().reserve(count);
        children_.scope().open(*this->task_);
        children_.started(count);
        children_.set_waiter(*this);
        start(static_cast<scope_node&>(children_.scope()));
    }
    /// Throws what the children came to, unless it is a value.
    void settle() {
        if (children_.scope().is_open()) {
            static_cast<void>(children_.settle());
        } else {
            this->raise_if_cancelled();  // refused before anything was started (CANCEL-3)
        }
    }

    children children_;
};

/// The tasks of an await, in one block; they end before it. A base, so that it is destroyed after the children, which
/// refer to them.
template <class T>
class task_array {
protected:
    task_array() = default;
    task_array(const task_array&) = delete;
    task_array& operator=(const task_array&) = delete;
    ~task_array() {
        for (task_state<T>& state : *this) {
            assert(state.ended());
            state.let_go_in_place();
        }
        if (begin_ != nullptr) {
            std::allocator<task_state<T>>{}.deallocate(begin_, room_);
        }
    }

public:
    /// Room for all. Once. Throws std::bad_alloc.
    void reserve(std::size_t count) {
        begin_ = end_ = std::allocator<task_state<T>>{}.allocate(count);
        room_ = count;
    }
    /// Makes the tasks of these, whose frames are there, and hands each to `start`.
    template <class Start>
    void add(loop& l, std::vector<task<T>>& bodies, task_owner* owner, Start start) noexcept {
        task_state<T>* end = end_;
        for (task<T>& body : bodies) {
            start(*std::construct_at(end++, l, *body.give_up(), nullptr, owner, 2U));
        }
        end_ = end;
    }
    [[nodiscard]] task_state<T>* begin() const noexcept { return begin_; }
    [[nodiscard]] task_state<T>* end() const noexcept { return end_; }

private:
    task_state<T>* begin_{};
    task_state<T>* end_{};
    std::size_t room_{};
};

/// The same number of children of one type.
template <class Derived, class T>
class vector_awaiter : private task_array<T>, public children_awaiter<Derived> {
public:
    [[nodiscard]] bool begin() {
        if (bodies_.empty()) {
            return true;
        }
        for (const task<T>& body : bodies_) {
            body.check();
        }
        states().reserve(bodies_.size());
        this->start_all(bodies_.size(), [&](scope_node& place) noexcept {
            loop& l = this->loop();
            states().add(l, bodies_, &this->children_,
                         [&](task_state<T>& child) noexcept { l.tasks().start(child, place); });
        });
        return false;
    }

protected:
    vector_awaiter(children::policy p, std::vector<task<T>> bodies) noexcept
        : children_awaiter<Derived>{p}, bodies_{std::move(bodies)} {}
    ~vector_awaiter() = default;

    [[nodiscard]] task_array<T>& states() noexcept { return *this; }

    std::vector<task<T>> bodies_;
};

/// Children of different types.
template <class Derived, class... T>
class tuple_awaiter : public children_awaiter<Derived> {
public:
    [[nodiscard]] bool begin() {
        if constexpr (sizeof...(T) == 0) {
            return true;
        } else {
            states_ = std::apply(  // a braced list, as its elements are evaluated in order
                [&](task<T>&... body) {
                    return std::tuple<task_ref<T>...>{prepare(this->loop(), std::move(body), &this->children_)...};
                },
                bodies_);
            this->start_all(sizeof...(T), [&](scope_node& place) noexcept {
                std::apply([&](const task_ref<T>&... state) { (start_prepared(state, place), ...); }, states_);
            });
            return false;
        }
    }

protected:
    tuple_awaiter(children::policy p, task<T>... bodies) noexcept
        : children_awaiter<Derived>{p}, bodies_{std::move(bodies)...} {}
    ~tuple_awaiter() = default;

    std::tuple<task<T>...> bodies_;
    std::tuple<task_ref<T>...> states_{};
};

}  // namespace galley::detail
