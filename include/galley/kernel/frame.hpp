// SPDX-License-Identifier: BSL-1.0
// Frames, whatever they give: the promise that all have, and how one calls another.
#pragma once

#include <galley/kernel/awaitable.hpp>
#include <galley/kernel/frame_pool.hpp>
#include <galley/kernel/readiness.hpp>
#include <galley/kernel/result.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <type_traits>

namespace galley {

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

}  // namespace galley
