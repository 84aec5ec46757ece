// SPDX-License-Identifier: BSL-1.0
// Starting a task, and the handle that joins, cancels or detaches it.
#pragma once

#include <galley/kernel/await.hpp>
#include <galley/task.hpp>

#include <cassert>
#include <exception>
#include <stdexcept>
#include <utility>

namespace galley {

/// Thrown by a join, `when_all` or `when_any` if the task that was awaited ended cancelled, while the awaiting one is
/// not cancelled itself.
struct task_cancelled : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return "galley: the awaited task was cancelled"; }
};

namespace detail {
[[noreturn]] void throw_task_cancelled();
[[noreturn]] void throw_joined_twice();
}  // namespace detail

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
[[nodiscard]] task_ref<T> start_task(loop& l, task<T>&& body, const char* name, scope_node& place, task_owner* owner) {
    l.tasks().reserve(1);
    auto* const state = new task_state<T>{l, *body.release(), name, owner, 2};
    l.tasks().start(*state, place);
    return task_ref<T>{state};
}

template <class T>
class join_handle;

/// The await of a task's end.
template <class T>
class [[nodiscard]] join_awaiter final : public awaiter<join_awaiter<T>>, private task_owner {
public:
    explicit join_awaiter(task_state<T>& target) noexcept : target_{task_ref<T>::hold(target)} {}
    ~join_awaiter() {
        if (target_ && !target_->ended() && this->waiting()) [[unlikely]] {
            static_cast<void>(withdraw());
        }
    }

    /// Throws std::logic_error if somebody joins that task, or has joined it, already (TASK-2).
    [[nodiscard]] bool begin() {
        if (target_->claimed()) [[unlikely]] {
            detail::throw_joined_twice();
        }
        target_->set_owner(this);
        if (target_->ended()) {
            note(*target_);
            return true;
        }
        return false;
    }
    [[nodiscard]] bool withdraw() noexcept override {
        target_->set_owner(nullptr);
        target_ = task_ref<T>{};  // let go at once: if it fails now, that is nobody's (TASK-3)
        return true;
    }
    [[nodiscard]] const char* kind() const noexcept override { return "join"; }

    T await_resume() {
        this->raise_if_cancelled();
        return target_->deliver();
    }

private:
    void note(const context& target) noexcept {
        if (target.how() != outcome::value) [[unlikely]] {
            this->with_ = delivery::error;
        }
    }
    void child_ended(context& child) noexcept override {
        note(child);
        this->resume(cause::join, this->with_);
    }

    task_ref<T> target_;
};

/// The handle of a spawned task. Dropping it detaches the task; a failure that nobody can take then goes to the loop's
/// handler (TASK-3). Move-only; loop thread only.
template <class T = void>
class [[nodiscard]] join_handle {
public:
    join_handle() = default;
    explicit join_handle(task_ref<T> state) noexcept : state_{std::move(state)} {}

    /// `co_await handle.join()`: its value; or throws its exception, or task_cancelled. A join that is cancelled leaves
    /// the task alone. Joining twice throws std::logic_error.
    [[nodiscard]] join_awaiter<T> join() const noexcept { return join_awaiter<T>{*state_}; }

    /// Cancels the task and what is below it (CANCEL-1). False: it has ended, nothing happens (CANCEL-4).
    bool cancel() const noexcept {
        if (state_->ended()) {
            return false;
        }
        state_->cancel();
        return true;
    }
    [[nodiscard]] bool ended() const noexcept { return state_->ended(); }
    /// True if its outcome belongs to a joiner already.
    [[nodiscard]] bool joining() const noexcept { return state_->claimed(); }
    [[nodiscard]] task_id id() const noexcept { return state_->id(); }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(state_); }

    /// Lets go of the task; it goes on by itself.
    void detach() noexcept { state_ = task_ref<T>{}; }

    /// The value of a task that has ended, from outside any task; throws its exception, or task_cancelled.
    T take() {
        const task_ref<T> target = std::move(state_);
        if (!target->ended() || target->claimed()) {
            throw std::logic_error("galley: take() is for a task that has ended and was not joined");
        }
        return target->deliver();
    }

private:
    task_ref<T> state_{};
};

/// Starts a task on `l`, from its thread: below the scope in which the running task stands, or, outside of tasks, below
/// the root. Its first step is in a later round (TASK-1). `name`, for people, must outlive the task. Throws
/// std::bad_alloc; nothing is started then.
template <class T>
[[nodiscard]] join_handle<T> spawn(loop& l, task<T> body, const char* name = nullptr) {
    return join_handle<T>{start_task(l, std::move(body), name, l.tasks().spawn_place(), nullptr)};
}

/// `co_await spawn(body())`: the same, on the running task's loop. Does not suspend.
template <class T>
class [[nodiscard]] spawn_here : public immediate<spawn_here<T>> {
public:
    spawn_here(task<T> body, const char* name) noexcept : body_{std::move(body)}, name_{name} {}
    [[nodiscard]] join_handle<T> await_resume() { return galley::spawn(this->task_->loop(), std::move(body_), name_); }

private:
    task<T> body_;
    const char* name_;
};
template <class T>
spawn_here<T> spawn(task<T> body, const char* name = nullptr) noexcept {
    return spawn_here<T>{std::move(body), name};
}

namespace detail {
template <class F, class... A>
using task_of = std::invoke_result_t<F&, A...>;
}

/// A task that keeps its callable and arguments until it has ended: captures of a coroutine lambda are not part of its
/// frame, and would dangle.
///     co_await spawn(invoke([&x]() -> task<> { ... }));
template <class F, class... A>
[[nodiscard]] detail::task_of<F, A...> invoke(F f, A... arguments) {
    co_return co_await f(std::move(arguments)...);
}

}  // namespace galley
