// SPDX-License-Identifier: BSL-1.0
// What can be seen of a loop at work. A loop without observer pays one test of a pointer per event.
#pragma once

#include <galley/contract/operation.hpp>
#include <galley/contract/time.hpp>
#include <galley/contract/timer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace galley {

enum class verdict : std::uint8_t { completed, stopped, deadlocked };
enum class outcome : std::uint8_t { none, value, exception, cancelled };

/// The flowchart's boxes.
enum class box : std::uint8_t { start, pending, pick, run, save, check, continue_ };

/// Why a task, or a callback, was put into the ready queue.
enum class cause : std::uint8_t { spawn, yield, budget, timer, complete, join, children, handover, cancel, post };

/// How a step begins: for the first time, or with what its await came to.
enum class delivery : std::uint8_t { start, value, error, cancelled };

/// What comes out of a scope: `absorbed` is its own cancellation, which ends there (CANCEL-5).
enum class scope_outcome : std::uint8_t { value, exception, absorbed, cancelled };

using task_id = std::uint64_t;   ///< from 1 in start order; 0 is no task
using scope_id = std::uint64_t;  ///< from 1 in the order of opening; 0 is no scope

/// Told of every event, on the loop's thread, as it happens. Members must neither throw nor call the loop's operations.
class observer {
public:
    observer() = default;
    observer(const observer&) = delete;
    observer& operator=(const observer&) = delete;
    virtual ~observer() = default;

    // Level P: what every loop shows.
    virtual void run_called() noexcept {}
    virtual void run_returned(verdict) noexcept {}
    virtual void spawned(task_id, task_id /*by*/, scope_id) noexcept {}
    virtual void stepping(task_id, instant /*sample*/, delivery) noexcept {}
    virtual void awaiting(task_id, const char* /*kind*/) noexcept {}
    virtual void scope_opened(task_id, scope_id, bool /*shield*/) noexcept {}
    virtual void scope_closed(task_id, scope_id, scope_outcome) noexcept {}
    virtual void ended(task_id, outcome) noexcept {}
    virtual void unobserved(task_id) noexcept {}
    virtual void destroyed(task_id) noexcept {}

    // Level L: the loop's own moves.
    virtual void entered(box) noexcept {}
    virtual void waiting(std::optional<instant>) noexcept {}
    virtual void sampled(instant) noexcept {}
    virtual void timer_started(const timer&) noexcept {}
    virtual void fired(const timer&) noexcept {}
    virtual void operation_started(const operation&) noexcept {}
    virtual void completed(const operation&) noexcept {}
    virtual void made_ready(task_id, cause) noexcept {}
    virtual void round_began(std::uint64_t, std::size_t) noexcept {}
};

}  // namespace galley
