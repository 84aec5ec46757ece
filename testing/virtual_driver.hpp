// SPDX-License-Identifier: BSL-1.0
// A driver whose clock stands still until the loop waits: hours pass in no time, and what the world does is scripted.
#pragma once

#include <galley/contract/driver.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace galley::testing {

/// Time moves only while the loop waits, and by `pass`; never by being read. A loop that waits for nothing that could
/// come is told so (LIFE-7), and its run ends *deadlocked*. Loop thread only, but for its waker.
class virtual_driver final : public driver {
public:
    virtual_driver();
    ~virtual_driver() override;

    /// `event` happens at `when`, or at the next look at the driver, if that is past; those of one moment in the order
    /// of these calls. It stands for something outside of the loop: a thread that posts, a signal, a peer. It must not
    /// throw. Throws std::bad_alloc.
    void at(instant when, std::function<void()> event);
    /// Time that a step takes, as a long computation does; negative: the clock jumps back, at most to 0.
    void pass(duration d) noexcept { now_ = saturating_add(now_, d); }

    [[nodiscard]] instant now() noexcept override { return now_; }
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override { shut_ = true; }
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override;
    [[nodiscard]] bool exhausted() const noexcept override { return events_.empty(); }

private:
    class token;

    instant now_{};
    std::map<std::pair<instant, std::uint64_t>, std::function<void()>> events_;  ///< by (time, order)
    std::uint64_t events_made_{};
    std::shared_ptr<token> token_;
    bool shut_{};
};

}  // namespace galley::testing
