// SPDX-License-Identifier: BSL-1.0
// A driver that looks on while another one works: it counts, holds the driver to IO-1 and IO-5, and turns a hang into a
// failure that says who waits for what.
#pragma once

#include <galley/contract/driver.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

namespace galley_test {

/// For how long nothing at all may happen. Generous, as the machine may be busy with something else.
constexpr std::chrono::seconds hang_limit{60};

/// How many waits in a row may bring nothing: more than any test has timers.
constexpr std::size_t spin_limit = 3'000'000;

class spied_driver final : public galley::driver {
public:
    explicit spied_driver(std::unique_ptr<galley::driver> kernel) noexcept : kernel_{std::move(kernel)} {}
    ~spied_driver() override { EXPECT_EQ(in_flight(), 0U) << "IO-1: the loop has gone, and left operations behind"; }

    [[nodiscard]] galley::instant now() noexcept override { return kernel_->now(); }
    [[nodiscard]] bool start(galley::operation& op) noexcept override {
        ++starts;
        if (kernel_->start(op)) {
            judge(op);
            return true;
        }
        EXPECT_TRUE(in_flight_.insert(&op).second) << "an operation was started twice";
        return false;
    }
    void cancel(galley::operation& op) noexcept override {
        EXPECT_TRUE(in_flight_.contains(&op)) << "an operation was cancelled that is not in flight";
        kernel_->cancel(op);
    }
    [[nodiscard]] int close(int descriptor) noexcept override { return kernel_->close(descriptor); }
    void shut() noexcept override { kernel_->shut(); }
    void ask(galley::operation_list& done) noexcept override {
        begin_look();
        galley::operation_list mine;
        kernel_->ask(mine);
        take(mine, done);
    }
    void wait(std::optional<galley::instant> until, galley::operation_list& done) noexcept override {
        begin_look();
        const galley::instant limit = kernel_->now() + hang_limit;
        galley::operation_list mine;
        kernel_->wait(until ? std::min(*until, limit) : limit, mine);
        fruitless_ = mine.empty() ? fruitless_ + 1 : 0;
        if (mine.empty() && (kernel_->now() >= limit || fruitless_ == spin_limit) && on_hang) {
            on_hang();
        }
        take(mine, done);
    }
    [[nodiscard]] std::shared_ptr<galley::waker> get_waker() noexcept override { return kernel_->get_waker(); }

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }

    std::size_t starts{};  ///< operations
    std::size_t looks{};   ///< asks and waits
    std::function<void()> on_hang;
    std::function<void()> at_next_look;  ///< what another thread might do just then; once

private:
    void begin_look() {
        ++looks;
        if (at_next_look) {
            std::exchange(at_next_look, nullptr)();
        }
    }
    void take(galley::operation_list& from, galley::operation_list& to) noexcept {
        while (galley::operation* const op = from.pop_front()) {
            EXPECT_EQ(in_flight_.erase(op), 1U) << "IO-1: reported twice, or never started";
            judge(*op);
            to.push_back(*op);
        }
    }
    static void judge(const galley::operation& op) {
        EXPECT_FALSE(op.result.error == EINTR || op.result.error == EAGAIN || op.result.error == EINPROGRESS)
            << "IO-5: error " << op.result.error << " is the driver's business";
    }

    std::unique_ptr<galley::driver> kernel_;
    std::unordered_set<const galley::operation*> in_flight_;
    std::size_t fruitless_{};  ///< waits in a row that brought nothing
};

}  // namespace galley_test
