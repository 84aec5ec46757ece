// SPDX-License-Identifier: BSL-1.0
// The driver: clock, operations, and the only place that may block. Any loop runs on any driver; a
// driver knows no tasks.
#pragma once

#include <galley/contract/operation.hpp>
#include <galley/contract/sockets.hpp>
#include <galley/contract/time.hpp>

#include <memory>
#include <optional>

namespace galley {

/// Ends a driver's wait from any thread. It is shared, since a foreign thread may be inside `wake` while the loop and
/// its driver are being destroyed (POST-4).
class waker {
public:
    waker() = default;
    waker(const waker&) = delete;
    waker& operator=(const waker&) = delete;
    virtual ~waker() = default;

    /// Sets a sticky token: the driver's wait under way, or else its next, returns and consumes it (WAIT-3). Any
    /// thread; never blocks.
    virtual void wake() noexcept = 0;
};

/// What a loop waits on. All members are called on the loop's thread only. Nothing here throws: what fails, fails as
/// the result of an operation.
///
/// In a forked child (LIFE-8) a driver and its waker touch nothing that they share with the parent in the kernel:
/// `wake` does nothing, `start` completes with ECANCELED, as on a descriptor that was closed, `close` closes the
/// child's own descriptor, `ask` and `wait` report what was cancelled, and return at once.
class driver {
public:
    driver() = default;
    driver(const driver&) = delete;
    driver& operator=(const driver&) = delete;
    virtual ~driver() = default;

    /// The clock, in nanoseconds since the driver's epoch, never negative. It may jump back; the
    /// loop clamps it (TIME-1).
    [[nodiscard]] virtual instant now() noexcept = 0;

    /// Starts `op`. True: it is complete already, `op.result` is set, and no wait will report it. False: it is in
    /// flight, and exactly one later `ask` or `wait` reports it (IO-1). The driver does the system call itself (IO-4).
    [[nodiscard]] virtual bool start(operation& op) noexcept = 0;

    /// Requests that an operation in flight end. Its one completion is reported by a later `ask` or `wait`: as
    /// cancelled, or with what it did if it was faster (IO-3).
    virtual void cancel(operation& op) noexcept = 0;

    /// Closes a descriptor. Operations in flight on it are reported later with ECANCELED; nothing stale is ever
    /// delivered to a descriptor that reuses the number (IO-6). Returns 0 or an errno value.
    [[nodiscard]] virtual int close(int descriptor) noexcept = 0;

    /// Requests the end of every operation in flight; none is started afterwards. For a loop that is being destroyed
    /// (LIFE-5): it goes on asking until all have been reported.
    virtual void shut() noexcept = 0;

    /// Appends what has completed to `done`, in the order of READY-1. Never blocks.
    virtual void ask(operation_list& done) noexcept = 0;

    /// The same, but blocks until something completes, the waker is used, or `until` is reached (none: no timeout). It
    /// may also return for no reason (WAIT-5).
    virtual void wait(std::optional<instant> until, operation_list& done) noexcept = 0;

    /// The waker of this driver; it outlives the driver for as long as somebody holds it.
    [[nodiscard]] virtual std::shared_ptr<waker> get_waker() noexcept = 0;

    /// Who makes the sockets that its operations can be about.
    [[nodiscard]] virtual sockets& get_sockets() noexcept { return sockets::of_kernel(); }

    /// True if the driver can prove that nothing will ever complete, be posted or be stopped from outside (LIFE-7).
    [[nodiscard]] virtual bool exhausted() const noexcept { return false; }
};

}  // namespace galley
