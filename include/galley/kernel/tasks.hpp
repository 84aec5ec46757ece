// SPDX-License-Identifier: BSL-1.0
// The tasks of one loop: who is pending, in which tree, and which failures nobody has taken yet.
#pragma once

#include <galley/contract/callback.hpp>
#include <galley/contract/observer.hpp>
#include <galley/kernel/context.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

namespace galley {

/// Told of every failure that reaches nobody (TASK-3): of `task`, or, if that is null, of a posted callback.
using failure_handler = void (*)(void* argument, const context* task, std::exception_ptr error) noexcept;

/// The task layer's part of a loop; both loops have one, and it is reached through them. Loop thread only.
class task_registry {
public:
    task_registry(loop& l, std::uint32_t budget, std::size_t call_stack) noexcept
        : loop_{&l}, call_stack_{call_stack}, budget_{budget} {}
    task_registry(const task_registry&) = delete;
    task_registry& operator=(const task_registry&) = delete;
    ~task_registry();

    /// Tasks that were started and have not ended, and keep-alives (LIFE-1).
    [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
    /// The pending tasks in start order. O(n log n).
    [[nodiscard]] std::vector<const context*> pending_tasks() const;
    [[nodiscard]] scope_node& root() noexcept { return root_; }

    /// Room in the ready queue for this many more tasks. Throws std::bad_alloc, and then nothing has changed.
    void reserve(std::size_t tasks) {
        if (pending_ + tasks > room_) [[unlikely]] {
            reserve_more(pending_ + tasks);
        }
    }
    /// Starts `task`, for which room was reserved, below `parent`: it is appended to the ready queue (TASK-1).
    void start(context& task, scope_node& parent) noexcept;
    /// While it lives the loop runs, on this thread.
    class [[nodiscard]] run_here {
    public:
        explicit run_here(task_registry& r) noexcept : runs_on_{&r.runs_on_} { note(this_thread()); }
        run_here(const run_here&) = delete;
        run_here& operator=(const run_here&) = delete;
        ~run_here() { note(nullptr); }

    private:
        // relaxed: it is but compared. The thread that runs the loop reads what it wrote itself; any other reads a null
        // or the mark of some thread, but not its own.
        void note(const void* thread) noexcept { runs_on_->store(thread, std::memory_order_relaxed); }
        std::atomic<const void*>* runs_on_;
    };
    /// A run begins: calls may use so much of the stack from here on.
    run_here begin_run() noexcept {
        stack_limit_ = static_cast<const char*>(__builtin_frame_address(0)) - call_stack_;
        return run_here{*this};
    }
    /// False if the loop runs, and not on this thread: a mistake, of which checked builds tell.
    [[nodiscard]] bool on_its_thread() const noexcept {
        const void* const thread = runs_on_.load(std::memory_order_relaxed);  // relaxed: see run_here
        return thread == nullptr || thread == this_thread();
    }
    /// Calls a posted callback; what it throws goes to the handler.
    void call(callback& work) noexcept {
        try {
            work();
        } catch (...) {
            callback_failed();
        }
    }
    /// Where a task that is spawned now goes: below the innermost scope of the running task, else below the root.
    [[nodiscard]] scope_node& spawn_place() noexcept { return current_ == nullptr ? root_ : current_->innermost(); }

    void keep_alive(int change) noexcept { pending_ += static_cast<std::size_t>(change); }

    /// The first half of LIFE-5, for destructors of loops, after every operation was reaped: destroys the pending tasks
    /// in reverse start order, each from its innermost frame outward, and then what their destructors have spawned;
    /// then reports what nobody has observed. Nothing is made ready from here on.
    void destroy_all() noexcept;
    [[nodiscard]] bool closing() const noexcept { return closing_; }

    /// Who is told of failures that reach nobody; at first they are printed to stderr.
    void on_failure(failure_handler handler, void* argument) noexcept {
        handler_ = handler;
        handler_argument_ = argument;
    }
    /// Hands a failure that reaches nobody to the handler.
    void report(const context& task, std::exception_ptr error) noexcept;

    void observe(observer* o) noexcept { observer_ = o; }
    [[nodiscard]] observer* watching() const noexcept { return observer_; }
    [[nodiscard]] scope_id next_scope_id() noexcept { return ++last_scope_; }

private:
    friend class context;

    /// In a handler: tells of the exception.
    void callback_failed() noexcept;
    /// An address that no other thread has.
    [[nodiscard]] static const void* this_thread() noexcept {
        static thread_local const char mark{};
        return &mark;
    }
    static void print_failure(void* argument, const context* task, std::exception_ptr error) noexcept;
    void reserve_more(std::size_t tasks);
    void start_watched(context& task, const scope_node& parent) noexcept;
    void ended(context&) noexcept { --pending_; }
    void list_failure(context& task) noexcept;
    void unlist_failure(context& task) noexcept;
    [[nodiscard]] context* take_apart() noexcept;
    void destroy(context* list) noexcept;

    loop* loop_;
    scope_node root_{scope_node::kind::root};
    context* current_{};
    // Of the step that is running; of one task at a time (READY-3).
    promise_base* next_frame_{};   ///< to go on with, when the frame that runs has been suspended; null between steps
    const char* stack_limit_{};    ///< calls go on from the step loop below this (stacks grow downward)
    std::uint32_t budget_left_{};  ///< satisfied awaits (READY-5)
    observer* observer_{};
    std::size_t pending_{};  ///< keep-alives are counted as well
    std::size_t room_{};     ///< in the ready queue, for so many tasks
    task_id last_task_{};
    scope_id last_scope_{};
    std::size_t call_stack_;  ///< how many bytes of stack calls may use before they go on from the step loop
    chain failures_;          ///< that nobody has observed: of tasks that have left the tree
    failure_handler handler_{&print_failure};
    void* handler_argument_{};
    std::uint32_t budget_;  ///< of a step
    bool closing_{};
    std::atomic<const void*> runs_on_{};  ///< the mark of the thread on which the loop runs; null between runs
};

}  // namespace galley
