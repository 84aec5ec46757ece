// SPDX-License-Identifier: BSL-1.0
// A driver with a clock and a wait, and nothing else: for tests of how a loop sleeps and is woken.
#pragma once

#include <galley/contract/driver.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace galley_test {

/// Its wait really blocks, and fails the test if a wake-up is lost; its clock jumps to the deadline of each wait that
/// has one.
class blocking_driver : public galley::driver {
    struct bell : galley::waker {
        void wake() noexcept override {
            const std::lock_guard lock{mutex};
            token = true;
            condition.notify_one();
        }
        std::mutex mutex;
        std::condition_variable condition;
        bool token{};
    };

public:
    [[nodiscard]] galley::instant now() noexcept override { return now_; }
    [[nodiscard]] bool start(galley::operation&) noexcept override { return true; }
    void cancel(galley::operation&) noexcept override {}
    [[nodiscard]] int close(int) noexcept override { return 0; }
    void shut() noexcept override {}
    void ask(galley::operation_list&) noexcept override { ++asks; }
    void wait(std::optional<galley::instant> until, galley::operation_list&) noexcept override {
        ++waits;
        std::unique_lock lock{bell_->mutex};
        if (until) {
            now_ = std::max(now_, *until);
        } else {
            const bool woken =
                bell_->condition.wait_for(lock, std::chrono::seconds{100}, [this] { return bell_->token; });
            EXPECT_TRUE(woken) << "a wake-up was lost";
        }
        bell_->token = false;
    }
    [[nodiscard]] std::shared_ptr<galley::waker> get_waker() noexcept override { return bell_; }

    int asks{};
    int waits{};

private:
    std::shared_ptr<bell> bell_{std::make_shared<bell>()};
    galley::instant now_{};
};

}  // namespace galley_test
