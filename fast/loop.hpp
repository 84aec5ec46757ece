// SPDX-License-Identifier: BSL-1.0
// Purpose: the contract of galley::loop at speed: a ready queue that is appended to with one store, a timer wheel, a
// lock-free inbox.
//
// Thread safety: one thread, except stop, get_remote and the remotes themselves.
// Invariants:
//  1. Between two rounds of a busy loop four tests must pass, and then nothing else is looked at (quiet): the inbox's
//     word is 0; turns are left until the driver is asked, of which there are none while something is to be looked at
//     again (a timer that was started due, a post left over, a stop); something is ready; and that is a task's step, or
//     somebody is pending.
//  2. Posts are in the inbox, then among those that have arrived, then in the ready queue; never in two of them. When
//     they have run, their nodes go back to the posters (receiving_end).
//  3. The events seen by an observer are exactly those of ref::loop; without observer none of the tests for one is in
//     the code of a round.
// Complexity: schedule, start and cancel O(1); an iteration O(what it collects and runs).
// Rules: LIFE-1 to LIFE-5, LIFE-7, LIFE-8, READY-1, READY-2, WAIT-1 to WAIT-5, TIME-1 to TIME-6, POST-1, IO-3.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/fast/ready_buffer.hpp>
#include <galley/fast/receiving_end.hpp>
#include <galley/fast/run_flag.hpp>
#include <galley/fast/spinning.hpp>
#include <galley/fast/timer_wheel.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace galley::fast {

namespace detail {
/// A base, so that it is constructed before galley::loop, and destroyed after it.
struct own_driver {
    std::unique_ptr<driver> own;
};
}  // namespace detail

/// The loop for programs.
class loop final : private detail::own_driver, public galley::loop {
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
    void stop() noexcept override { outside_.box()->stop(); }
    [[nodiscard]] remote get_remote() override { return remote{outside_.box()}; }

private:
    void overflow(ready_entry entry) noexcept override;

    void take_in(timer& t) noexcept;
    void start_watched(timer& t) noexcept;
    void leave();

    // One iteration's parts, (a) to (f) of the rules. Watched: there is an observer.
    template <bool Watched>
    [[nodiscard]] verdict iterate() noexcept;
    [[nodiscard]] bool quiet() const noexcept;
    void look_again() noexcept { kept_back_ += std::exchange(steps_left_, 0); }
    [[nodiscard]] bool anything_ready() const noexcept { return put_ != ready_.begin(); }
    [[nodiscard]] bool one_is_ready() const noexcept { return put_ == ready_.begin() + 1; }
    [[nodiscard]] std::optional<verdict> judge() noexcept;
    [[nodiscard]] std::optional<verdict> judge_idle() noexcept;
    [[nodiscard]] bool check() noexcept;
    [[nodiscard]] bool wait(operation_list& done) noexcept;
    [[nodiscard]] bool look_around(std::optional<instant> until, operation_list& done) noexcept;
    void collect_operations(operation_list& done) noexcept;
    void collect_timers() noexcept;
    void collect_posts() noexcept;
    template <bool Watched>
    void begin_round() noexcept;
    template <bool Watched>
    void run_round() noexcept;
    template <bool Watched>
    void run_several() noexcept;
    template <bool Watched>
    void run(ready_entry entry) noexcept;
    template <bool Watched>
    void enter(box b) const noexcept;

    static void run_post(void* node) noexcept;
    void reap() noexcept;
    void drop_callbacks() noexcept;

    std::int64_t steps_left_{};  ///< until the driver is asked again, or 0: something is to be looked at before
    std::int64_t kept_back_{};   ///< what is left besides, then
    bool closed_{};
    ready_buffer ready_;
    timer_wheel<> timers_;
    std::size_t operations_{};  ///< in flight
    std::uint64_t rounds_{};
    receiving_end outside_;  ///< what other threads tell
    spinning spinning_;
    basic_run_flag<> running_;
};

}  // namespace galley::fast
