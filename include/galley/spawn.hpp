// SPDX-License-Identifier: BSL-1.0
// Starting a task.
#pragma once

#include <galley/as_task.hpp>
#include <galley/join_handle.hpp>
#include <galley/kernel/await.hpp>
#include <galley/kernel/task_state.hpp>
#include <galley/task.hpp>

#include <utility>

namespace galley {

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
