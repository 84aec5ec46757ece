// SPDX-License-Identifier: BSL-1.0
// A real driver under the simulated clock: the kernel does the I/O, another thread is the world, and yet the same
// scenario gives the same trace as on the sim driver.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/real/real_channels.hpp>
#include <spec/stage/real/world_thread.hpp>
#include <spec/stage/run/passing_time.hpp>
#include <spec/stage/run/sim.hpp>

#include <galley/contract/driver.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace galley::spec {

/// Three things of the sim driver it imposes on the inner one, for these are what the rules leave open:
///   - *the clock*: time moves as there, at once;
///   - *when the world acts*: at the script's instants. The world thread performs an entry while the loop thread is
///     inside the inner driver's `wait`, without timeout, if the loop would block, else while the loop's thread rests.
///     After each entry the inner driver is asked, so that what one entry completes is known apart from the next one's.
///     Entries of one instant are performed together, as long as no two concern the same direction of a channel: there
///     the kernel would not tell the second one's bytes from the first one's;
///   - *at once*: an operation that is reported right after it was started is taken for one that completed at once,
///     and reports are sorted by the sim driver's instants.
/// What ends the inner wait is the kernel: the waker, for posts and stops; for I/O an operation of this class's own,
/// on a pipe, the *bell*, into which the world thread writes after it has performed the entry.
/// The loop's thread only, but for `rescue`.
class lockstep_driver final : public driver, public passing_time {
public:
    /// All must outlive it. `outside` is told of posts and stops on the world thread.
    lockstep_driver(const scenario& s, driver& inner, real_channels& channels, world_listener& outside,
                    problem_list& problems);

    /// Who tells what the tasks await, when a wait hangs. On the loop's thread.
    void on_hang(std::function<std::string()> tell) { tell_ = std::move(tell); }
    /// Ends a wait that hangs; from then on nothing blocks any more. Any thread.
    void rescue() noexcept;
    /// The index of the first entry that has not been delivered.
    [[nodiscard]] std::size_t delivered() const noexcept { return next_entry_; }

    void burn(duration d) noexcept override { now_ = saturating_add(now_, d); }
    [[nodiscard]] instant now() noexcept override { return now_; }
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override;
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override { return inner_.get_waker(); }
    [[nodiscard]] bool exhausted() const noexcept override;

private:
    struct completion {
        instant time;
        operation* op;
    };

    [[nodiscard]] const world_entry* due() const noexcept;
    void deliver_due(bool blocking);
    [[nodiscard]] std::span<const world_entry> take_batch();
    void deliver(std::span<const world_entry> batch, bool blocking);
    bool ring() noexcept;
    void silence_bell(std::span<const world_entry> batch, bool was_rung);
    void perform(const world_entry& entry);
    [[nodiscard]] std::string describe(std::span<const world_entry> batch) const;
    [[nodiscard]] bool look(instant time, const operation* awaited);
    void keep(operation_list& reported, instant time);
    void drain_after(const operation& op);
    void report(operation_list& done);

    const scenario& scenario_;
    driver& inner_;
    real_channels& channels_;
    world_listener& outside_;
    problem_list& problems_;
    instant now_{};
    std::size_t next_entry_{};
    std::vector<completion> completions_;
    std::array<owned_descriptor, 2> bell_;  ///< rung by the world thread when it has done some I/O
    bool bell_is_reported_{};
    operation bell_rings_;
    bool shut_{};
    std::function<std::string()> tell_;
    std::atomic<bool> rescued_{false};
    world_thread thread_;
};

}  // namespace galley::spec
