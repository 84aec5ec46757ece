// SPDX-License-Identifier: BSL-1.0
// A driver whose clock stands still until somebody waits: hours pass in no time, and the clock costs nothing.
#pragma once

#include <galley/contract/driver.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>

namespace galley_bench {

/// A wait ends at its deadline, but lasts a millisecond at least: a program that is woken for each of a million timers
/// within ten seconds would be measured by its waits. It knows no I/O and no other threads.
class manual_driver : public galley::driver {
public:
    static constexpr galley::duration shortest_wait = std::chrono::milliseconds{1};

    [[nodiscard]] galley::instant now() noexcept override { return now_; }
    [[nodiscard]] bool start(galley::operation& op) noexcept override {
        op.result = {galley::io_result::status::done, ENOSYS, 0};
        return true;
    }
    void cancel(galley::operation&) noexcept override {}
    [[nodiscard]] int close(int) noexcept override { return ENOSYS; }
    void shut() noexcept override {}
    void ask(galley::operation_list&) noexcept override {}
    void wait(std::optional<galley::instant> until, galley::operation_list&) noexcept override {
        if (until) {
            now_ = std::max(*until, now_ + shortest_wait);
        }
    }
    [[nodiscard]] std::shared_ptr<galley::waker> get_waker() noexcept override { return waker_; }
    [[nodiscard]] bool exhausted() const noexcept override { return true; }

private:
    class no_waker final : public galley::waker {
        void wake() noexcept override {}
    };

    galley::instant now_{};
    std::shared_ptr<galley::waker> waker_{std::make_shared<no_waker>()};
};

}  // namespace galley_bench
