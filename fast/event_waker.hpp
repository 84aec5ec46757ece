// SPDX-License-Identifier: BSL-1.0
// The waker of the epoll driver: a counter in the kernel that other threads raise.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/fork_guard.hpp>

#include <cerrno>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace galley::fast {

// An eventfd(2), level-triggered and always read after it was seen: under edges, whether a counter that is left unread
// gives another edge is the kernel's whim. It lives here, so that a wake on another thread never meets a closed, or
// reused, descriptor (POST-4).
class event_waker final : public waker {
public:
    event_waker() : descriptor_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
        if (descriptor_ < 0) {
            throw std::system_error{errno, std::generic_category(),
                                    "galley: no eventfd for the driver's waker (see ulimit -n)"};
        }
    }
    ~event_waker() override { ::close(descriptor_); }

    void wake() noexcept override {
        if (!guard_.in_child()) {             // there the counter is the parent's, too (LIFE-8)
            ::eventfd_write(descriptor_, 1);  // fails only when full of tokens, which is as good
        }
    }
    void consume() noexcept {
        eventfd_t tokens{};
        ::eventfd_read(descriptor_, &tokens);  // takes all of them; fails only if there are none
    }
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    int descriptor_;
    fork_guard guard_;
};

}  // namespace galley::fast
