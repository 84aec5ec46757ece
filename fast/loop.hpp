// SPDX-License-Identifier: BSL-1.0
// Purpose: the contract of galley::loop at speed: a ready queue that is appended to with one store, a timer wheel, a
// lock-free inbox. Here they are put together; what is decided between two rounds is in iteration.hpp.
//
// Thread safety: one thread, except stop, get_remote and the remotes themselves.
// Invariants:
//  1. The events seen by an observer are exactly those of ref::loop; without observer none of the tests for one is in
//     the code of a round.
//  2. While there are operations in flight the driver knows them; none is once the loop is closed.
// Complexity: schedule, start and cancel O(1).
// Rules: LIFE-3 to LIFE-5, LIFE-8, READY-1, READY-2, TIME-1 to TIME-6, IO-3.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/fast/iteration.hpp>
#include <galley/fast/ready_buffer.hpp>
#include <galley/fast/run_flag.hpp>
#include <galley/fast/timer_wheel.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace galley::fast {

namespace detail {
/// A base, so that it is constructed before galley::loop, and destroyed after it.
struct own_driver {
    std::unique_ptr<driver> own;
};
}  // namespace detail

/// The loop for programs.
class loop final : private detail::own_driver, public galley::loop, private basic_iteration<loop> {
public:
    [[nodiscard]] static constexpr loop_options default_options() noexcept { return {}; }

    /// On an epoll driver of its own. Throws std::invalid_argument for options out of range, std::system_error if the
    /// kernel grants no descriptor.
    explicit loop(const loop_options& options = {});
    /// On a driver that must outlive it. Throws std::invalid_argument for options out of range.
    explicit loop(driver& d, const loop_options& options = {});
    ~loop() override;

    void start(timer& t, instant deadline) noexcept override;
    bool cancel(timer& t) noexcept override { return timers_.cancel(t); }

    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    int close(int descriptor) noexcept override { return get_driver().close(descriptor); }

    void observe(observer* o) noexcept override {
        galley::loop::observe(o);
        ready_.lend(o == nullptr);
    }

    void reserve_ready(std::size_t tasks) override { ready_.reserve_tasks(tasks); }

    verdict run() override;
    void stop() noexcept override { outside().box()->stop(); }
    [[nodiscard]] remote get_remote() override { return remote{outside().box()}; }

private:
    friend basic_iteration<loop>;

    void overflow(ready_entry entry) noexcept override;

    void take_in(timer& t) noexcept;
    void start_watched(timer& t) noexcept;
    void leave();
    void reap() noexcept;

    // ---- what the iteration is about -------------------------------------------------------------------------------

    [[nodiscard]] bool anything_ready() const noexcept { return put_ != ready_.begin(); }
    [[nodiscard]] bool one_is_ready() const noexcept { return put_ == ready_.begin() + 1; }
    /// Of what is ready.
    [[nodiscard]] bool next_is_step() const noexcept { return context::is_step(*ready_.begin()); }
    [[nodiscard]] bool push_callback(ready_entry entry) noexcept { return ready_.push_callback(entry); }
    [[nodiscard]] std::size_t pending() const noexcept { return tasks().pending(); }
    [[nodiscard]] timer_wheel<>& timers() noexcept { return timers_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return operations_; }
    void call(callback& work) noexcept { tasks().call(work); }
    void collect_operations(operation_list& done) noexcept;
    void collect_timers() noexcept;

    // (f)
    template <bool Watched>
    void begin_round() noexcept;
    template <bool Watched>
    void run_round() noexcept;
    template <bool Watched>
    void run_several() noexcept;
    template <bool Watched>
    void run(ready_entry entry) noexcept;

    bool closed_{};
    ready_buffer ready_;
    timer_wheel<> timers_;
    std::size_t operations_{};  ///< in flight
    std::uint64_t rounds_{};
    basic_run_flag<> running_;
};

}  // namespace galley::fast
