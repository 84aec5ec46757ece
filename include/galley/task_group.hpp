// SPDX-License-Identifier: BSL-1.0
// task_group: a body that may start any number of tasks, and does not end before they have ended.
#pragma once

#include <galley/kernel/await.hpp>
#include <galley/kernel/children.hpp>
#include <galley/spawn.hpp>

#include <concepts>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace galley {

/// A group of tasks. Used once, on the loop's thread:
///     task_group group;
///     co_await group.run([&]() -> task<> { group.spawn(a()); group.spawn(b()); co_return; });
class task_group {
public:
    task_group() = default;

    /// Awaits the body, then all the group's tasks (also inside a cancelled scope: a group's exit is never cut short).
    /// The first failure, of a task or of the body, cancels the rest and is thrown when all have ended; any further one
    /// goes to the loop's handler (TASK-6). Gives what the body gives, or nothing (void: false) if the group was
    /// cancelled through `cancel`. The callable is kept until then. Throws std::logic_error on a second run.
    template <class F>
        requires std::invocable<F&>
    [[nodiscard]] auto run(F body) -> task<finished<value_from<std::invoke_result_t<F&>>>> {
        using value = value_from<std::invoke_result_t<F&>>;
        context& self = co_await this_task();
        auto call = settled(body());  // nothing runs yet; but a callable may throw, so this is before the scope is open
        children_.scope().open(self);
        settlement<value> came_to = co_await std::move(call);
        if (came_to.how() == outcome::exception) {
            children_.body_failed(self, came_to.exception());
        } else if (came_to.how() == outcome::cancelled) {
            children_.body_cancelled();
        }
        co_await exit_awaiter{children_};
        if (!children_.settle()) {
            co_return finished<value>{};
        }
        if constexpr (std::is_void_v<value>) {
            co_return true;
        } else if constexpr (std::is_reference_v<value>) {
            co_return &came_to.take();
        } else {
            co_return finished<value>{came_to.take()};
        }
    }

    /// Starts a task in the group; its value is discarded. From the body, from the group's tasks, or from elsewhere,
    /// while the group is running: else throws std::logic_error. Throws std::bad_alloc, with nothing started. Gives the
    /// task's id.
    template <class A>
    task_id spawn(A body, const char* name = nullptr) {
        static_assert(outlives_its_expression<A>, "galley: this refers to something that is gone when the task starts: "
                                                  "spawn a coroutine that owns it");
        if (!is_running()) {
            throw std::logic_error("galley::task_group: tasks can be started only while the group is running");
        }
        loop& l = children_.scope().owner()->loop();
        const task_ref<value_from<A>> started =
            start_task(l, as_task(std::move(body)), name, children_.scope(), &children_);
        children_.started(1);
        return started->id();
    }

    /// Cancels the body and the tasks. False if nothing is left to cancel, or it was done before.
    bool cancel() noexcept { return is_running() && children_.scope().cancel(); }

    [[nodiscard]] bool is_running() const noexcept { return children_.scope().is_open() && !children_.is_judged(); }

private:
    class exit_awaiter final : public suspension {
    public:
        explicit exit_awaiter(children& c) noexcept : children_{&c} {}
        [[nodiscard]] static bool await_ready() noexcept { return false; }
        template <task_promise Promise>
        [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
            context& task = frame.promise().task();
            task_ = &task;
            if (children_->left() == 0) {
                with_ = children_->judge();
                return task.satisfied(*this);
            }
            children_->set_waiter(*this);
            return task.suspend(*this);
        }
        static void await_resume() noexcept {}
        [[nodiscard]] bool withdraw() noexcept override { return false; }
        [[nodiscard]] const char* kind() const noexcept override { return "group"; }

    private:
        children* children_;
    };

    children children_{children::policy::group};
};

}  // namespace galley
