// SPDX-License-Identifier: BSL-1.0
// The driver for speed: epoll(7), edge-triggered, one registration per descriptor and no system call that could be
// known to be in vain.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/fork_guard.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <sys/epoll.h>

namespace galley::fast {

class event_waker;

/// Purpose:       real time and real descriptors, at one system call per transfer.
/// Thread safety: the loop's thread only; the waker any thread.
/// Descriptors:   must be in non-blocking mode, and be closed through `close`: a number that is closed behind the
///                driver's back and then reused is taken for registered still, and its operations may wait for ever.
///                (Asking the kernel each time would cost what is saved.)
/// Invariants:
///   1. A descriptor that has an operation in flight is registered with epoll, for both directions and for good.
///   2. A hint that says no is right: no attempt can succeed before the next edge, which the kernel keeps for us. A
///      hint that says maybe can be wrong, and then costs an attempt. So hints are cleared only by EAGAIN, by poll(2),
///      and by a short read of a TCP stream, and set by every edge.
///   3. While the hint of a direction is true, its queue is empty outside of this class: what can go on, went on.
///   4. Edges are handled where they are harvested, with no call out in between, and `close` unregisters first. So none
///      is stale (IO-6).
/// Complexity:    `start`, `cancel` O(1); `close` O(its operations); `ask`, `wait` O(what is reported and the edges),
///                whatever is in flight; `shut` O(highest descriptor). No allocation but for the table, 40 bytes per
///                descriptor number. `ask` makes no system call if nothing is in flight.
/// Rules:         IO-1 to IO-6, LIFE-8, WAIT-2, WAIT-3, WAIT-5, TIME-1. Completions of one `ask` come in the order of
///                the kernel's edges, per descriptor reads before writes, each in start order.
class epoll_driver final : public driver {
public:
    /// Its epoch is now. Throws std::system_error if the kernel grants no epoll or event descriptor, std::bad_alloc.
    epoll_driver();
    ~epoll_driver() override;

    [[nodiscard]] instant now() noexcept override;
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override;
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override;

private:
    /// What is behind a descriptor number; found out at its first use.
    enum class type : std::uint8_t { unknown, file, socket, tcp };

    /// What is known of a descriptor.
    struct channel {
        operation_list reads;  ///< in flight, in start order
        operation_list writes;
        type what{type::unknown};
        bool registered{};
        bool maybe_readable{};         ///< false at first: registering brings an edge if there is something
        bool maybe_writable{true};     ///< true at first: it mostly is, and then needs no registration
        bool short_read_drains{true};  ///< false once an end, an error or urgent data was seen
    };

    [[nodiscard]] int find_channel(int descriptor) noexcept;
    [[nodiscard]] int register_descriptor(int descriptor, channel& c) noexcept;
    [[nodiscard]] static bool& hint(channel& c, const operation& op) noexcept;
    [[nodiscard]] static operation_list& queue(channel& c, const operation& op) noexcept;
    [[nodiscard]] static bool attempt(channel& c, operation& op) noexcept;
    void look(std::optional<instant> until, operation_list& done) noexcept;
    [[nodiscard]] int harvest(epoll_event* events, int room, std::optional<instant> until) noexcept;
    void on_edge(channel& c, std::uint32_t edge, operation_list& done) noexcept;
    void go_on(channel& c, operation_list& in_flight, operation_list& done) noexcept;
    void finish_all(operation_list& in_flight, io_result result) noexcept;

    duration epoch_;  ///< by the system's clock
    std::shared_ptr<event_waker> waker_;
    int epoll_{-1};
    bool woken_{};                   ///< a token that `ask` met, kept for the next wait (WAIT-3)
    bool has_pwait2_{true};          ///< until the kernel says otherwise
    std::vector<channel> channels_;  ///< by descriptor
    std::size_t in_flight_{};
    std::uint64_t started_{};
    operation_list finished_;  ///< cancelled or closed, and not reported yet
    fork_guard guard_;
};

}  // namespace galley::fast
