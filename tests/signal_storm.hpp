// SPDX-License-Identifier: BSL-1.0
// Signals, many times a second, with a handler that does not ask for interrupted calls to be restarted.
#pragma once

#include "tests/socket_fixture.hpp"

#include <chrono>
#include <csignal>

#include <sys/time.h>

namespace galley_test {

/// While it lives, SIGALRM interrupts every system call that blocks, each `period` (below a second). One at a time.
class signal_storm {
public:
    explicit signal_storm(std::chrono::microseconds period) {
        count = 0;
        struct sigaction action{};
        action.sa_handler = [](int) {
            count = count + 1;
            if (count == limit) {
                stop();
            }
        };
        check(::sigaction(SIGALRM, &action, &before_), "sigaction");
        const itimerval every{{0, period.count()}, {0, period.count()}};
        check(::setitimer(ITIMER_REAL, &every, nullptr), "setitimer");
    }
    signal_storm(const signal_storm&) = delete;
    signal_storm& operator=(const signal_storm&) = delete;
    ~signal_storm() {
        stop();
        ::sigaction(SIGALRM, &before_, nullptr);
    }
    static inline volatile std::sig_atomic_t count{};   ///< of signals
    static constexpr std::sig_atomic_t limit = 30'000;  ///< then it is over, so that a hang becomes a failure

private:
    static void stop() noexcept {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
    }

    struct sigaction before_{};
};

}  // namespace galley_test
