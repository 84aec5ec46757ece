// SPDX-License-Identifier: BSL-1.0
// Purpose: how long an idle loop looks around before it sleeps, if it is told to. To look again takes nanoseconds, to
// be woken on another processor tens of microseconds; but who looks keeps a processor busy.
//
// The time adapts to how long the loop was idle, as KVM's halt polling does (Linux,
// Documentation/virt/kvm/halt-polling.rst): if it slept, and the longest time would have been enough, it is doubled; if
// that would not have been enough either, it is halved, and soon nothing. An idle time that ended while the loop looked
// around changes nothing.
//
// Real time, also where the loop's is virtual: what is weighed is a processor's time against that of a wake-up, and a
// virtual clock may stand still until somebody waits.
//
// Thread safety: the loop's thread.
// Complexity: `find` O(time).
// Rules: WAIT-2.
#pragma once

#include <galley/contract/time.hpp>

#include <algorithm>
#include <chrono>

namespace galley::fast {

/// Whether the calling thread may run on more than one processor. If not, whoever it waits for could not run meanwhile.
[[nodiscard]] bool others_can_run() noexcept;

/// `Clock` is for tests.
template <class Clock = std::chrono::steady_clock>
class basic_spinning {
public:
    explicit basic_spinning(duration longest) noexcept : longest_{longest}, time_{longest} {}

    /// To be called by the thread that is going to run the loop.
    void begin_run() noexcept { wanted_ = longest_ > duration::zero() && others_can_run(); }
    [[nodiscard]] bool wanted() const noexcept { return wanted_; }

    /// Calls `look(thoroughly)` until that finds something, or it was for long enough. True: found. It is thorough from
    /// time to time only, as that may cost a system call.
    template <class Look>
    [[nodiscard]] bool find(Look look) noexcept {
        idle_since_ = Clock::now();
        if (time_ == duration::zero()) {
            return false;
        }
        for (unsigned looks = 1;; ++looks) {
            const bool thoroughly = looks % thorough_every == 0;
            if (look(thoroughly)) {
                return true;
            }
            if (thoroughly && Clock::now() - idle_since_ >= time_) {
                return false;
            }
            relax();
        }
    }
    /// The sleep that came after a `find` in vain is over.
    void slept() noexcept {
        if (Clock::now() - idle_since_ < longest_) {
            time_ = time_ > longest_ / 2 ? longest_ : std::min(longest_, std::max(2 * time_, shortest));
        } else {
            time_ = time_ > shortest ? time_ / 2 : duration::zero();
        }
    }
    /// How long it is going to look around next time.
    [[nodiscard]] duration time() const noexcept { return time_; }

private:
    static constexpr unsigned thorough_every = 16;
    /// Less is hardly worth a look, as a sleep takes as long.
    static constexpr duration shortest = std::chrono::microseconds{5};

    /// Leaves the processor's other thread more of it, and the cache line to who writes it.
    static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }

    duration longest_;
    duration time_;
    typename Clock::time_point idle_since_{};
    bool wanted_{};
};

using spinning = basic_spinning<>;

}  // namespace galley::fast
