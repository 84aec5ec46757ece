// SPDX-License-Identifier: BSL-1.0
// The context of a task: what the loop, the scope tree and the awaits of all its frames share.
#pragma once

#include <galley/contract/observer.hpp>
#include <galley/contract/ready.hpp>
#include <galley/contract/time.hpp>
#include <galley/kernel/scope_tree.hpp>

#include <cassert>
#include <cstdint>
#include <exception>

namespace galley {

class call_slot;
class context;
class loop;
class promise_base;
class task_registry;

/// What a suspended task waits for; it lives in the awaiter, in the innermost frame. Waiting allocates nothing.
class suspension {
public:
    suspension(const suspension&) = delete;
    suspension& operator=(const suspension&) = delete;

    /// The await's name, as in traces and deadlock reports: "sleep", "join", "get", ...
    [[nodiscard]] virtual const char* kind() const noexcept = 0;

    /// Called when the waiting task is cancelled (CANCEL-1). True: the wait is withdrawn, nothing will complete it any
    /// more. False: it ends by itself (an operation whose cancelling was requested; children that were told already).
    [[nodiscard]] virtual bool withdraw() noexcept = 0;

    [[nodiscard]] delivery with() const noexcept { return with_; }

    /// The wait is over: the task will be resumed with `with`. For whatever it waited for.
    void resume(cause why, delivery with = delivery::value) noexcept;

protected:
    suspension() = default;
    explicit constexpr suspension(delivery with) noexcept : with_{with} {}
    ~suspension() = default;

    context* task_{};  ///< null until awaited
    delivery with_{delivery::value};

private:
    friend class context;
    bool interrupted_{};  ///< it was told to withdraw; it is told once
};

/// Whoever is told of a task's end: a joiner, a group, `when_all`, `when_any`.
class task_owner {
public:
    virtual void child_ended(context& child) noexcept = 0;

protected:
    ~task_owner() = default;
};

/// One task. It is reference-counted (loop thread only): by its running, by its handle, and by whoever will take its
/// outcome; the frames go when it ends (READY-6), the outcome stays until nobody holds it.
class context : public scope_node {
public:
    enum class state : std::uint8_t { starting, ready, running, waiting, ended };

    [[nodiscard]] task_id id() const noexcept { return id_; }
    [[nodiscard]] const char* name() const noexcept { return name_; }
    [[nodiscard]] galley::loop& loop() const noexcept { return *loop_; }
    [[nodiscard]] state current_state() const noexcept { return state_; }
    [[nodiscard]] bool ended() const noexcept { return state_ == state::ended; }
    [[nodiscard]] outcome how() const noexcept;
    [[nodiscard]] const std::exception_ptr& exception() const noexcept;

    /// "start", "ready", or the kind of await.
    [[nodiscard]] const char* awaiting() const noexcept;

    /// Whether this entry of a ready queue is a task's step: its argument is the task then. Otherwise it is a callback.
    [[nodiscard]] static bool is_step(const ready_entry& entry) noexcept { return entry.run == nullptr; }
    /// Its next step, for a loop that knows the task of an entry, and who watches it; `tasks` are the loop's. False: it
    /// has ended with it, and may be gone.
    bool step(task_registry& tasks, observer* watching) noexcept;

    // --- awaits (called from awaiters, inside a step)
    [[nodiscard]] bool cancelled_here() const noexcept { return innermost_->cancelled(); }
    [[nodiscard]] scope_node& innermost() const noexcept { return *innermost_; }
    /// Opens it below the innermost.
    void enter(scope_node& scope) noexcept {
        innermost_->adopt(scope);
        innermost_ = &scope;
    }
    void leave_scope(scope_node& scope) noexcept {
        assert(innermost_ == &scope);  // scopes are left innermost first, as frames are
        innermost_ = scope.parent();
        scope.leave();
    }

    /// A satisfied await (READY-5): counts it against the budget. True if the task must suspend, as none is left.
    [[nodiscard]] bool satisfied(suspension& await) noexcept;
    /// The await is registered: the step ends here. Always true.
    bool suspend(suspension& await) noexcept;
    /// A yield: an append, whatever the budget.
    bool yield() noexcept;
    void make_ready(cause why) noexcept;

    // --- frames
    /// The innermost frame, which runs or is suspended: kept by every call's begin and end.
    void set_leaf(promise_base* frame) noexcept { leaf_ = frame; }
    /// Resumed by the step loop after the frame that is running now has been suspended.
    void go_on_with(promise_base* frame) noexcept;
    /// True if the stack of this step is used up so far that a call should start from the step loop (TASK-5).
    [[nodiscard]] bool stack_is_deep() const noexcept;

    // --- cancellation and ownership
    void interrupt() noexcept;
    void hold() noexcept { ++holders_; }
    void release() noexcept {
        if (give_up_hold()) {
            let_go();
        }
    }
    /// Who is told of its end; once it has ended, whose its outcome is.
    void set_owner(task_owner* owner) noexcept { owner_ = owner; }
    /// The outcome belongs to somebody, or will: a second join is an error (TASK-2).
    [[nodiscard]] bool claimed() const noexcept { return owner_ != nullptr; }
    /// The failure has reached somebody: it will not be reported (TASK-2, TASK-3).
    void mark_observed() noexcept;
    [[nodiscard]] bool failed_unobserved() const noexcept;

protected:
    /// `holders`: its running, and whoever will hold it.
    context(galley::loop& l, promise_base& first_frame, const char* name, task_owner* owner,
            std::uint32_t holders) noexcept;
    ~context() = default;

    /// Nobody holds it any more.
    virtual void let_go() noexcept = 0;
    /// The first half of that: its failure is reported if it has reached nobody.
    void report_if_unobserved() noexcept {
        if (how() != outcome::value && failed_unobserved()) [[unlikely]] {
            report();
        }
    }
    [[nodiscard]] bool give_up_hold() noexcept { return --holders_ == 0; }

    /// Of its first frame: where its outcome comes to. It follows the context in every task_state, so that it is found
    /// without a pointer.
    [[nodiscard]] call_slot& slot() noexcept;
    [[nodiscard]] const call_slot& slot() const noexcept { return const_cast<context*>(this)->slot(); }

private:
    friend class task_registry;

    [[nodiscard]] ready_entry next_step() noexcept { return {nullptr, this}; }
    void append(cause why) noexcept;
    void append_watched(cause why) noexcept;
    [[nodiscard]] bool yield_watched() noexcept;
    bool go_again(suspension& await, cause why, const char* kind) noexcept;
    bool suspend_watched() noexcept;
    void wait_for_something_foreign() noexcept;
    [[nodiscard]] delivery resumed_with() const noexcept;
    void run_frames(task_registry& tasks) noexcept;
    void finish(task_registry& tasks) noexcept;
    void report() noexcept;
    void keep_failure() noexcept;
    void destroy_frames() noexcept;

    state state_{state::starting};
    enum class failure : std::uint8_t {
        unobserved,
        listed,  ///< and unobserved
        observed
    } failure_{failure::unobserved};  ///< if it fails
    std::uint32_t holders_;
    galley::loop* loop_;
    const char* name_;
    scope_node* innermost_;  ///< the task itself, or its innermost open scope
    suspension* waiting_;    ///< what it waits for or, while ready, is resumed from; null: a yield; unset before it ran
    promise_base* leaf_;     ///< the innermost frame; null when the first has ended, or will never start (CANCEL-2)
    task_owner* owner_;
    task_id id_;  ///< from its start on
};

}  // namespace galley
