// SPDX-License-Identifier: BSL-1.0
// The driver of the reference: poll(2) over everything in flight, at each look. No state per descriptor, hence nothing
// that could be stale.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/fork_guard.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <poll.h>

namespace galley::ref {

class pipe_waker;

/// Purpose:       real time and real descriptors, in the fewest ideas. An operation waits until poll says that its
///                descriptor is ready; then its system call is made, and if that would block after all, the operation
///                waits on.
/// Thread safety: the loop's thread only; the waker any thread.
/// Descriptors:   must be in non-blocking mode (O_NONBLOCK), or a call may block the loop: poll may err (poll(2),
///                BUGS).
/// Complexity:    with n operations in flight, `ask` and `wait` are O(n log n) always; `cancel` and `close` are O(n);
///                `start` is amortised O(1) and allocates. `fast::epoll_driver` is the one that scales.
/// Rules:         IO-1 to IO-6, LIFE-8, WAIT-2, WAIT-3, WAIT-5, TIME-1.
class poll_driver final : public driver {
public:
    /// Its epoch is now. Throws std::system_error if no pipe can be made for the waker, std::bad_alloc.
    poll_driver();
    ~poll_driver() override;

    [[nodiscard]] instant now() noexcept override;
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override;
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override;

private:
    void list_polled() noexcept;
    [[nodiscard]] pollfd& polled_of(const operation& op) noexcept;
    void look(std::size_t first, std::optional<instant> until, operation_list& done) noexcept;
    void attempt_ready(bool reads, operation_list& done) noexcept;
    void report_finished(operation_list& done) noexcept;
    template <class Which>
    void finish_if(Which which, io_result result) noexcept;

    std::chrono::steady_clock::time_point epoch_;
    std::shared_ptr<pipe_waker> waker_;
    std::vector<operation*> in_flight_;  ///< in start order
    std::vector<pollfd> polled_;         ///< the waker's, then one for each descriptor, by its number
    operation_list finished_;            ///< cancelled or closed, and not reported yet
    std::uint64_t started_{};
    fork_guard guard_;
};

}  // namespace galley::ref
