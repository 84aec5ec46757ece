// SPDX-License-Identifier: BSL-1.0
// The contract: what an event loop must do. ref::loop and fast::loop keep it; everything else is
// written once against it.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/fork_guard.hpp>
#include <galley/contract/observer.hpp>
#include <galley/contract/operation.hpp>
#include <galley/contract/ready.hpp>
#include <galley/contract/remote.hpp>
#include <galley/contract/time.hpp>
#include <galley/contract/timer.hpp>
#include <galley/kernel/tasks.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace galley {

/// The parameters of a loop, which its traces state.
struct loop_options {
    unsigned resolution_bits{10};  ///< R of TIME-2 is 2^this nanoseconds, below 41: by default about a microsecond
    /// B of WAIT-4: turns (steps and callbacks) after which a busy loop asks its driver again, at least 1. So what
    /// became ready outside, or due, waits for no more than this many turns and the rest of a round; an idle loop waits
    /// for it. To ask costs a system call: with 1 each turn of a lone task pays for one.
    std::uint32_t ask_every{256};
    std::uint32_t budget{128};  ///< satisfied awaits per step, at least 1 (READY-5)
    /// How long at most an idle loop looks around, in real time, before it sleeps (WAIT-2); not negative, and 0 is not
    /// at all. What comes meanwhile finds it awake, and need not wake it, which takes tens of microseconds across
    /// processors. It keeps a processor busy, so the time adapts to what comes, and is nothing while the thread that
    /// runs the loop may use one processor only. fast only: ref sleeps at once. Traces do not show it.
    duration spin{};
};

/// An event loop. One thread, the one that calls `run`, uses it; what other threads may call says so.
/// Construction throws std::invalid_argument for options out of range.
class loop {
public:
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    /// A loop destroys its tasks as LIFE-5 says.
    virtual ~loop() = default;

    // ---- ready -----------------------------------------------------------------------------------------------------

    /// Appends to the ready queue (READY-1): the entry runs in the next round, exactly once (READY-2). O(1). It cannot
    /// fail for a task's entry, as room for every pending task is reserved when it starts. For any other, room is
    /// reserved by whoever schedules it (`reserve_ready`); if it was not, and memory is short, the process is ended
    /// with a message, as an entry must not get lost.
    void schedule(ready_entry entry) noexcept {
        // A seam like a streambuf's: a loop may lend its buffer, and then this is a store and no call.
        if (has_room()) [[likely]] {
            *put_++ = entry;
        } else {
            overflow(entry);
        }
    }
    /// Whether `schedule` is but a store now, and nobody watches.
    [[nodiscard]] bool has_room() const noexcept { return put_ < put_end_; }
    /// The same for several, in order.
    void schedule(std::span<const ready_entry> entries) noexcept {
        for (const ready_entry& entry : entries) {
            schedule(entry);
        }
    }

    // ---- time ------------------------------------------------------------------------------------------------------

    /// The driver's clock, clamped to be monotone (TIME-1). Costs a clock read.
    [[nodiscard]] instant now() noexcept {
        latest_ = std::max(latest_, driver_.now());
        return latest_;
    }
    /// The clock as of the latest collect, at first as of the loop's construction: what decides which timers are due.
    /// Costs nothing.
    [[nodiscard]] instant sample() const noexcept { return sample_; }

    /// Starts a timer, again if it is started (TIME-4: a restart is a new start). It fires in the first collect whose
    /// sample has reached its key (TIME-2): the deadline rounded up to R; for a deadline that is not after the sample,
    /// the sample rounded down, so that it fires in the next collect (TIME-6). Takes no clock read: relative deadlines
    /// are made from `now()` by the caller (TIME-9). ref: O(log n), may throw std::bad_alloc with nothing changed, but
    /// not for a timer that is started already, nor for one timer that is started from a callback;
    /// fast: O(1), never throws.
    virtual void start(timer& t, instant deadline) = 0;
    /// False if it was not started or has fired: harmless (TIME-5).
    virtual bool cancel(timer& t) noexcept = 0;

    // ---- operations ------------------------------------------------------------------------------------------------

    /// Starts an operation. True: it is complete at once, its result is set, `complete` will not be called (IO-1).
    /// False: `complete` will be called in a later collect, exactly once.
    [[nodiscard]] virtual bool start(operation& op) noexcept = 0;
    /// Requests the end of an operation in flight; its one completion comes in a later collect (IO-3).
    virtual void cancel(operation& op) noexcept = 0;
    /// Closes a descriptor; what is in flight on it completes with ECANCELED (IO-6). Returns 0 or an errno value.
    virtual int close(int descriptor) noexcept = 0;
    /// Who makes the sockets that operations on this loop can be about: the driver says.
    [[nodiscard]] sockets& get_sockets() noexcept { return driver_.get_sockets(); }

    // ---- who is pending --------------------------------------------------------------------------------------------

    /// The loop's tasks: `began` and `ended` of the design are its `start` and what follows a task's end.
    [[nodiscard]] task_registry& tasks() noexcept { return tasks_; }
    [[nodiscard]] const task_registry& tasks() const noexcept { return tasks_; }
    /// Room in the ready queue for this many entries at a time, one for each pending task, so that making a task ready
    /// cannot fail. Throws std::bad_alloc with nothing changed.
    virtual void reserve_ready(std::size_t entries) = 0;

    // ---- running ---------------------------------------------------------------------------------------------------

    /// Runs until LIFE-1 gives a verdict. Throws std::logic_error when called from inside a step or from a second
    /// thread at the same time (LIFE-4), and in a forked child (LIFE-8). After stopped or deadlocked it may be called
    /// again and goes on where it left off (LIFE-3).
    virtual verdict run() = 0;
    /// Requests a stop: the current round finishes, no later one begins (LIFE-2). Any thread, never blocks; sticky
    /// until a `run` returns stopped.
    virtual void stop() noexcept = 0;

    // ---- other threads ---------------------------------------------------------------------------------------------

    /// A token for other threads (POST-1 to POST-4). Loop thread, or any thread that keeps the loop from being
    /// destroyed meanwhile.
    [[nodiscard]] virtual remote get_remote() = 0;

    [[nodiscard]] const loop_options& options() const noexcept { return options_; }
    [[nodiscard]] observer* watching() const noexcept { return tasks_.watching(); }
    /// Who is told of every event; null: nobody. Not inside `run`.
    virtual void observe(observer* o) noexcept { tasks_.observe(o); }

protected:
    /// `call_stack`: how many bytes of stack awaited calls may take before they go on from the step loop instead
    /// (TASK-5); 0: always. It has no influence on order, budget or trace.
    loop(driver& d, const loop_options& options, std::size_t call_stack);

    /// Called by `schedule` when the lent buffer is full, or none is lent, as while there is an observer.
    virtual void overflow(ready_entry entry) noexcept = 0;
    /// For an entry that nobody has reserved room for, if there is no memory for it. Ends the process.
    [[noreturn]] static void end_without_room() noexcept;

    [[nodiscard]] driver& get_driver() noexcept { return driver_; }
    /// This is a copy in a forked child, which must not run (LIFE-8).
    [[nodiscard]] bool in_forked_child() const noexcept { return guard_.in_child(); }
    /// Throws the std::logic_error that says so.
    [[noreturn]] static void refuse_in_forked_child();
    /// Samples the clock (TIME-2). The observer is told if it changed.
    void take_sample() noexcept {
        const instant time = now();
        if (time != sample_) {
            sample_ = time;
            if (observer* const o = watching()) [[unlikely]] {
                o->sampled(time);
            }
        }
    }

    [[nodiscard]] instant key_of(instant deadline) const noexcept {
        return deadline <= sample_ ? resolution_.round_down(sample_) : resolution_.round_up(deadline);
    }

    ready_entry* put_{};      ///< where the next entry goes, in a buffer that a loop lends
    ready_entry* put_end_{};  ///< null: nothing is lent

private:
    driver& driver_;
    loop_options options_;
    resolution resolution_;
    instant latest_{};
    instant sample_{};
    task_registry tasks_;
    fork_guard guard_;
};

/// Delays *completed* while it exists: for a service that tasks will need again (LIFE-3). Loop thread only; must not
/// outlive the loop.
class keep_alive {
public:
    explicit keep_alive(loop& l) noexcept : loop_{&l} { l.tasks().keep_alive(+1); }
    keep_alive(keep_alive&& other) noexcept : loop_{std::exchange(other.loop_, nullptr)} {}
    keep_alive& operator=(keep_alive&&) = delete;
    ~keep_alive() {
        if (loop_ != nullptr) {
            loop_->tasks().keep_alive(-1);
        }
    }

private:
    loop* loop_;
};

}  // namespace galley
