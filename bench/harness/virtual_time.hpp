// SPDX-License-Identifier: BSL-1.0
// Hours that pass in no time, for every loop alike: the clock jumps when somebody waits.
#pragma once

#include <cstdint>

namespace galley_bench {

/// While one lives, the system's clocks stand still for its thread, except when the thread waits for descriptors
/// (epoll, poll): then nothing is waited for, and the clocks move on by the time that it would have waited, or by a
/// millisecond, if that is longer: a program that is woken for each of a million timers within ten seconds would be
/// measured by its waits. No descriptor becomes ready. CPU time is the real one. Every loop is measured as it is
/// shipped, with its own driver, and neither the clock nor the wait costs it a system call.
///
/// timerfd_create is refused, so that a loop which knows a way without falls back on it (Asio does).
class virtual_time {
public:
    virtual_time();
    virtual_time(const virtual_time&) = delete;
    virtual_time& operator=(const virtual_time&) = delete;
    ~virtual_time();

    /// From here on it is measured how long turns take: from one look of the loop at the clock or at its descriptors to
    /// the next one. What becomes due meanwhile has to wait for that long. It costs a system call for each look.
    static void begin_turns() noexcept;
    /// The longest since they began, or this was asked last, in nanoseconds of CPU time.
    [[nodiscard]] static std::int64_t longest_turn() noexcept;

    static constexpr std::int64_t shortest_wait = 1'000'000;
    /// What a look at the descriptors takes, without a wait: libev looks until the clock has passed a deadline.
    static constexpr std::int64_t look = 100;
};

}  // namespace galley_bench
