// SPDX-License-Identifier: BSL-1.0
// task<T>: a lazy coroutine, awaited as a call or spawned as a task.
#pragma once

#include <galley/kernel/awaitable.hpp>
#include <galley/kernel/frame_pool.hpp>
#include <galley/kernel/readiness.hpp>
#include <galley/kernel/result.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace galley {

namespace detail {
[[noreturn]] void throw_task_is_gone();
[[noreturn]] void throw_cancelled();
/// Inside of a handler: whether what it handles is `cancelled`.
[[nodiscard]] bool handles_cancelled() noexcept;
}  // namespace detail

/// The link from an awaiting frame to the one it awaits; it lives in the awaiting frame (for a task's first frame: in
/// its state). It owns the callee's frame.
class call_slot : public any_result {
protected:
    explicit call_slot(promise_base* callee) noexcept : inline_{true}, callee_{callee} {}
    /// Of a task's first frame: nobody is called on, and whoever resumes it goes on by itself.
    struct of_task {};
    call_slot(promise_base* callee, of_task) noexcept : inline_{true}, callee_{callee}, caller_{nullptr} {}
    /// One that has given a value was taken care of: whoever takes it destroys the callee first.
    ~call_slot() {
        if (kind() != outcome::value) [[unlikely]] {
            destroy_callee();
        }
    }

    /// Runs the callee for `caller`. True if the caller must suspend. See below for how stacks stay bounded (TASK-5).
    [[nodiscard]] bool call(promise_base& caller) noexcept;
    void destroy_callee() noexcept {
        if (callee_ != nullptr) {
            destroy_called();
        }
    }

    /// The same, where there is one.
    void destroy_called() noexcept;

private:
    friend class context;
    friend class promise_base;

    bool inline_;  ///< the caller is below the callee on this stack, inside `call`: whoever ends just returns
    promise_base* callee_;
    promise_base* caller_;  ///< set by `call`
};

/// The place for a value of type T; none for void.
template <class T>
struct value_place {
    using stored = typename detail::stored<T>::type;

protected:
    value_place() noexcept {}
    ~value_place() {}  // NOLINT(modernize-use-equals-default): whoever knows whether there is a value destroys it
    union {
        stored value_;
    };
};
template <>
struct value_place<void> {
    using stored = detail::nothing;
};

/// The outcome of a coroutine that gives a T (a value type, a reference, or void), and the slot that it comes to.
template <class T>
class result : public call_slot, protected value_place<T> {
    using typename value_place<T>::stored;

public:
    template <class... U>
    void set_value(U&&... value) noexcept(std::is_nothrow_constructible_v<stored, U...>) {
        drop_value();
        if constexpr (std::is_reference_v<T>) {
            std::construct_at(&this->value_, std::addressof(value)...);
        } else if constexpr (!std::is_void_v<T>) {
            std::construct_at(&this->value_, std::forward<U>(value)...);
        }
        kind_ = outcome::value;
    }
    void set_exception(std::exception_ptr error) noexcept {
        drop_value();
        std::construct_at(&error_, std::move(error));
        kind_ = outcome::exception;
    }
    void set_cancelled() noexcept {
        drop_value();
        kind_ = outcome::cancelled;
    }

    /// The value, moved out; or throws the exception, or `cancelled`.
    T take() {
        if (kind_ != outcome::value) [[unlikely]] {
            raise();
        }
        if constexpr (std::is_reference_v<T>) {
            return *this->value_;
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(this->value_);
        }
    }

protected:
    explicit result(promise_base* callee) noexcept : call_slot{callee} {}
    result(promise_base* callee, of_task t) noexcept : call_slot{callee, t} {}
    ~result() { drop_value(); }

private:
    /// There is one already if a destructor threw after `co_return`.
    void drop_value() noexcept {
        if constexpr (!std::is_trivially_destructible_v<stored>) {
            if (kind_ == outcome::value) [[unlikely]] {
                std::destroy_at(&this->value_);
                kind_ = outcome::none;
            }
        }
    }
};

/// What all promises have: the task they run in, and the slot of whoever awaits them. Two words.
class promise_base {
    struct final_awaiter {
        [[nodiscard]] static bool await_ready() noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
            frame.promise().finished();
        }
        static void await_resume() noexcept {}
    };

public:
    promise_base(const promise_base&) = delete;
    promise_base& operator=(const promise_base&) = delete;

    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static final_awaiter final_suspend() noexcept { return {}; }

#if !defined(__GNUC__) || defined(__clang__) || __GNUC__ > 12
    /// Refuses what a task cannot await. Not with g++-12, which copies what this returns by reference, and awaiters do
    /// not move: there a task that awaits something foreign shows as waiting for "something foreign".
    template <class A>
    [[nodiscard]] static constexpr A&& await_transform(A&& asked) noexcept {
        static_assert(awaitable<A&&> || !awaitable<std::remove_reference_t<A>&&>,
                      "galley: this is awaited once, and gives itself up for it: co_await std::move(...)");
        static_assert(awaitable<std::remove_reference_t<A>&&>,
                      "galley: a task cannot await this: an awaiter of another library resumes coroutines behind the "
                      "loop's back; derive one from galley::awaiter");
        return static_cast<A&&>(asked);
    }
#endif

    /// The task that this frame runs in. Only once it has been awaited or spawned.
    [[nodiscard]] context& task() const noexcept { return *context_; }

    [[nodiscard]] static void* operator new(std::size_t size) { return frame_pool::allocate(size); }
    static void operator delete(void* memory, std::size_t size) noexcept { frame_pool::deallocate(memory, size); }

protected:
    promise_base() noexcept {}
    ~promise_base() = default;

    [[nodiscard]] call_slot& slot() const noexcept { return *slot_; }

private:
    friend class call_slot;
    friend class context;
    friend class task_registry;

    void finished() noexcept;
    /// Its coroutine. The handle is computed from the address of the promise, so promise_base must be the first base of
    /// every promise and must not be aligned less strictly than it; `promise` asserts that. Storing the handle would
    /// cost each frame a word.
    [[nodiscard]] std::coroutine_handle<promise_base> frame() noexcept {
        return std::coroutine_handle<promise_base>::from_promise(*this);
    }

    context* context_;  ///< set when it is awaited or spawned, as the next
    call_slot* slot_;
};

// These run for every awaited call, so they are inline.

// Awaiting a call resumes the callee right here, on the caller's stack, and if it ends without suspending the caller
// goes on: a loop of satisfied awaits uses no stack. When calls have nested so deep that the stack is nearly used up,
// the callee is parked instead and everything unwinds to the step loop, which goes on with it: a chain of any length
// fits (TASK-5). Symmetric transfer would be simpler, but it is a tail call only if the compiler makes it one: it
// overflows with g++ -O0 and under AddressSanitizer.
inline bool call_slot::call(promise_base& caller) noexcept {
    context& task = *caller.context_;
    caller_ = &caller;
    callee_->context_ = &task;
    callee_->slot_ = this;
    task.set_leaf(callee_);
    if (task.stack_is_deep()) [[unlikely]] {
        inline_ = false;
        task.go_on_with(callee_);
        return true;
    }
    callee_->frame().resume();
    if (kind() != outcome::none) [[likely]] {
        return false;
    }
    inline_ = false;
    return true;
}

inline void call_slot::destroy_called() noexcept {
    callee_->frame().destroy();
    callee_ = nullptr;
}

inline void promise_base::finished() noexcept {
    context_->set_leaf(slot_->caller_);
    if (!slot_->inline_) {
        context_->go_on_with(slot_->caller_);
    }
}

inline context::context(galley::loop& l, promise_base& first_frame, const char* name, task_owner* owner,
                        std::uint32_t holders) noexcept
    : scope_node{kind::task},
      holders_{holders},
      loop_{&l},
      name_{name},
      innermost_{this},
      leaf_{&first_frame},
      owner_{owner} {
    first_frame.context_ = this;
    first_frame.slot_ = &slot();
}
inline call_slot& context::slot() noexcept { return *std::launder(reinterpret_cast<call_slot*>(this + 1)); }
inline outcome context::how() const noexcept { return slot().kind(); }
inline const std::exception_ptr& context::exception() const noexcept { return slot().exception(); }
inline bool context::failed_unobserved() const noexcept {
    return how() == outcome::exception && state_ == state::ended && failure_ != failure::observed;
}
inline void context::mark_observed() noexcept {
    if (failure_ == failure::listed) [[unlikely]] {
        loop_->tasks().unlist_failure(*this);
    }
    failure_ = failure::observed;
}

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
    return task<T>{*this};
}

}  // namespace galley
