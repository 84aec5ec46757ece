// SPDX-License-Identifier: BSL-1.0
// Starting a task, and the handle that joins, cancels or detaches it.
#pragma once

#include <galley/as_task.hpp>
#include <galley/kernel/await.hpp>
#include <galley/settled.hpp>
#include <galley/task.hpp>

#include <cassert>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace galley {

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

    /// The same, without throwing.
    settlement<T> settle() {
        mark_observed();
        return settlement<T>{settlement<T>::of::task, *this};
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

template <class T>
class join_handle;

/// How a join tells of the task's end.
enum class join_style : bool { throws, answers };

/// The await of a task's end. One that is destroyed with its task, when the loop is, leaves the other task an owner
/// that is no more: nothing ends after that, so nobody tells it.
template <class T, join_style Style>
class [[nodiscard]] join_awaiter final : public awaiter<join_awaiter<T, Style>>, private task_owner {
public:
    explicit join_awaiter(task_ref<T> target) noexcept : target_{std::move(target)} {}

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

    auto await_resume() -> std::conditional_t<Style == join_style::throws, T, settlement<T>> {
        this->raise_if_cancelled();
        if constexpr (Style == join_style::throws) {
            return target_->deliver();
        } else {
            return target_->settle();
        }
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

/// The handle of a spawned task, which it owns: a handle that goes while its task has not ended cancels it (TASK-8), as
/// std::jthread asks its thread to stop; only `detach()` lets a task go on by itself. A failure that nobody can take
/// then goes to the loop's handler (TASK-3). Move-only; loop thread only.
template <class T = void>
class [[nodiscard("a handle that goes cancels its task: join it, keep it, or detach() it")]] join_handle {
    template <join_style Style>
    using joining = request<join_awaiter<T, Style>, task_ref<T>>;

public:
    join_handle() = default;
    explicit join_handle(task_ref<T> state) noexcept : state_{std::move(state)} {}
    join_handle(join_handle&&) noexcept = default;
    join_handle& operator=(join_handle&& other) noexcept {
        const join_handle old{std::exchange(state_, std::move(other.state_))};
        return *this;
    }
    ~join_handle() {
        if (state_ && !state_->ended()) {
            state_->cancel();  // interrupts nobody while the loop is destroyed (LIFE-5)
        }
    }

    /// `co_await handle.join()`: its value; or throws its exception, or task_cancelled. A join that is cancelled leaves
    /// the task alone. Joining twice throws std::logic_error.
    joining<join_style::throws> join() const noexcept {
        return joining<join_style::throws>{task_ref<T>::hold(*state_)};
    }
    /// `co_await handle.try_join()`: the same, but how the task ended is an answer (TASK-10), and nothing is thrown;
    /// except `cancelled`, if it is the join that was cancelled: then there is nothing to tell of the task.
    joining<join_style::answers> try_join() const noexcept {
        return joining<join_style::answers>{task_ref<T>::hold(*state_)};
    }

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
    [[nodiscard]] bool is_joined() const noexcept { return state_->claimed(); }
    [[nodiscard]] task_id id() const noexcept { return state_->id(); }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(state_); }

    /// Lets go of the task, which goes on by itself: nobody will take its outcome.
    void detach() noexcept { state_ = task_ref<T>{}; }

    /// The value of a task that has ended, from outside any task; throws its exception, or task_cancelled.
    T take() {
        if (!state_->ended() || state_->claimed()) {
            throw std::logic_error("galley: take() is for a task that has ended and was not joined");
        }
        const task_ref<T> target = std::move(state_);
        return target->deliver();
    }

private:
    task_ref<T> state_{};
};

/// Starts a task on `l`, from its thread: below the scope in which the running task stands, or, outside of tasks, below
/// the root. Its first step is in a later round (TASK-1). `name`, for people, must outlive the task. Throws
/// std::bad_alloc; nothing is started then. (In line, as a third of a task's life is its start.)
template <class A>
[[gnu::always_inline]] inline join_handle<value_from<A>> spawn(loop& l, A body, const char* name = nullptr) {
    static_assert(outlives_its_expression<A>, "galley: this refers to something that is gone when the task starts: "
                                              "spawn a coroutine that owns it");
    return join_handle<value_from<A>>{start_task(l, as_task(std::move(body)), name, l.tasks().spawn_place(), nullptr)};
}

/// The await that spawns.
template <class T>
class [[nodiscard]] spawn_awaiter : public immediate<spawn_awaiter<T>> {
public:
    spawn_awaiter(task<T> body, const char* name) noexcept : body_{std::move(body)}, name_{name} {}
    [[nodiscard]] join_handle<T> await_resume() { return galley::spawn(this->task_->loop(), std::move(body_), name_); }

private:
    task<T> body_;
    const char* name_;
};

/// `co_await spawn_here(body())`: spawns on the running task's loop, which only an await can know. Does not suspend.
template <class A>
auto spawn_here(A body, const char* name = nullptr) {
    static_assert(outlives_its_expression<A>, "galley: this refers to something that is gone when the task starts: "
                                              "spawn a coroutine that owns it");
    return request<spawn_awaiter<value_from<A>>, task_from<A>, const char*>{as_task(std::move(body)), name};
}

}  // namespace galley
