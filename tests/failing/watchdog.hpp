// SPDX-License-Identifier: BSL-1.0
// A case that hangs, or takes the process down, says which it is.
#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace galley_test {

/// While it lives, a case is under way. One at a time.
class watchdog {
public:
    /// No case takes time (kernel.cpp), so only what hangs, or spins, is so long under way.
    static constexpr unsigned patience = 20;  // seconds

    explicit watchdog(const char* description) noexcept {
        current = description;
        std::signal(SIGALRM, &hangs);
        std::signal(SIGABRT, &dies);
        ::alarm(patience);
    }
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    ~watchdog() {
        ::alarm(0);
        std::signal(SIGABRT, SIG_DFL);
        current = nullptr;
    }

private:
    static void say(const char* text) noexcept {
        if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) {
            return;  // nobody to tell
        }
    }
    static void hangs(int) {
        say("\nnothing has come of this case for 20 seconds: it hangs\n");
        std::abort();
    }
    static void dies(int) {
        say("\nthe process has died in the case: ");
        say(current);
        say("\n");
        std::signal(SIGABRT, SIG_DFL);  // abort(3) raises it again
    }

    static inline const char* current{};
};

}  // namespace galley_test
