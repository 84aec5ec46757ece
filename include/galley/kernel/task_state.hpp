// SPDX-License-Identifier: BSL-1.0
// A task of some type: the block that it lives in, who holds it, and its start.
#pragma once

#include <galley/kernel/call_result.hpp>
#include <galley/kernel/context.hpp>
#include <galley/kernel/frame_pool.hpp>
#include <galley/kernel/readiness.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace galley {

/// A task of result type T: its context and the place for its outcome. One block, recycled.
template <class T>
class task_state final : public context, public result<T> {
public:
    task_state(galley::loop& l, promise_base& first_frame, const char* name, task_owner* owner,
               std::uint32_t holders) noexcept
        : context{l, first_frame, name, owner, holders}, result<T>{&first_frame, call_slot::of_task{}} {
        static_assert(sizeof(context) % alignof(result<T>) == 0);
        assert(&context::slot() == static_cast<call_slot*>(this));
    }

    using context::exception;

    /// The outcome, to its one owner (TASK-2): the value, or throws the exception, or task_cancelled.
    T deliver() {
        if (how() != outcome::value) [[unlikely]] {
            mark_observed();
            if (how() == outcome::cancelled) {
                detail::throw_task_cancelled();
            }
        }
        return this->take();
    }

    void release() noexcept {
        if (give_up_hold()) {
            let_go();
        }
    }

    [[nodiscard]] static void* operator new(std::size_t size) { return frame_pool::allocate(size); }
    static void operator delete(void* memory, std::size_t size) noexcept { frame_pool::deallocate(memory, size); }

    /// Of one that has not come from `new`, when it has ended.
    void let_go_in_place() noexcept {
        report_if_unobserved();
        std::destroy_at(this);
    }
    ~task_state() = default;

private:
    [[gnu::noinline]] void let_go() noexcept override {
        report_if_unobserved();
        delete this;
    }
};

/// Holds a task: its outcome stays as long as somebody does. Loop thread only.
template <class T>
class task_ref {
public:
    task_ref() = default;
    /// Takes over a hold that exists already.
    explicit task_ref(task_state<T>* held) noexcept : state_{held} {}
    task_ref(const task_ref&) = delete;
    task_ref(task_ref&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    task_ref& operator=(task_ref&& other) noexcept {
        task_ref old{std::exchange(state_, std::exchange(other.state_, nullptr))};
        return *this;
    }
    ~task_ref() {
        if (state_ != nullptr) {
            state_->release();
        }
    }

    [[nodiscard]] static task_ref hold(task_state<T>& state) noexcept {
        state.hold();
        return task_ref{&state};
    }
    [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
    task_state<T>& operator*() const noexcept { return *state_; }
    task_state<T>* operator->() const noexcept { return state_; }

private:
    task_state<T>* state_{};
};

/// Makes a task, but does not start it: so that several can be made first, and then started without anything that could
/// fail. Throws std::bad_alloc with the frame still the caller's; std::logic_error if the task was moved from.
template <class T>
[[nodiscard]] task_ref<T> prepare(loop& l, task<T>&& body, task_owner* owner) {
    return task_ref<T>{new task_state<T>{l, *body.release(), nullptr, owner, 1}};
}

/// Starts what was prepared, below `place`, for which the registry has reserved room.
template <class T>
void start_prepared(const task_ref<T>& prepared, scope_node& place) noexcept {
    prepared->hold();  // the first hold is the caller's; this one is its running
    prepared->loop().tasks().start(*prepared, place);
}

/// Makes a task and starts it, with the failures of `prepare`.
template <class T>
[[nodiscard, gnu::always_inline]] inline task_ref<T> start_task(loop& l, task<T>&& body, const char* name,
                                                                scope_node& place, task_owner* owner) {
    l.tasks().reserve(1);
    auto* const state = new task_state<T>{l, *body.release(), name, owner, 2};
    l.tasks().start(*state, place);
    return task_ref<T>{state};
}

}  // namespace galley
