// SPDX-License-Identifier: BSL-1.0
// A flag that tasks can wait for.
#pragma once

#include <galley/kernel/wait_list.hpp>

namespace galley {

/// Unset at first. Loop thread only; what another thread brings about is a `completion`. Must not be destroyed while a
/// task waits (SYNC-3).
class event {
public:
    class [[nodiscard]] awaiter_type final : public list_awaiter<awaiter_type> {
    public:
        explicit awaiter_type(event& e) noexcept : event_{&e} {}
        [[nodiscard]] bool begin() noexcept { return event_->set_ || wait_in(event_->waiters_); }
        [[nodiscard]] const char* kind() const noexcept override { return "wait"; }
        void await_resume() const { raise_unless_served(); }

    private:
        event* event_;
    };

    /// `co_await e.wait()`: satisfied while the event is set.
    request<awaiter_type, event&> wait() noexcept { return request<awaiter_type, event&>{*this}; }
    /// Sets it, and makes all that wait ready, in order (SYNC-1). O(waiters).
    void set() noexcept {
        set_ = true;
        waiters_.serve_all();
    }
    void reset() noexcept { set_ = false; }
    [[nodiscard]] bool is_set() const noexcept { return set_; }

private:
    bool set_{};
    wait_list waiters_;
};

}  // namespace galley
