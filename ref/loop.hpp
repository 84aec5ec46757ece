// SPDX-License-Identifier: BSL-1.0
// The reference loop: the flowchart as code. It is written to be read and believed; fast/loop.hpp is the one to use.
//
//     Start -> [Event loop starts] -> [Pending tasks?] -no-> stop
//       yes -> [Pick the next ready task] -> [Run it until it awaits] -> [Save its state, return to the loop]
//           -> [Check which tasks can now resume (timer due, I/O done)] -> [Continue] -> back to Pending?
//
// Each box is a label of `run`; what stands in it is the function of that name.
#pragma once

#include <galley/ref/inbox.hpp>

#include <galley/contract/loop.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace galley::ref {

/// What the box "Save its state" saves: what a task awaits and since when. For debuggers and readers.
struct saved_state {
    const char* name;    ///< the task's name, or null
    const char* awaits;  ///< the kind of await, or "ready"
    instant since;       ///< the sample at which it was suspended
};

/// Complexity: plain containers, so starting and cancelling a timer costs O(log n), and starting one allocates, unless
///     a place is left of one that fired or was cancelled.
/// Thread safety: see galley::loop.
class loop final : public galley::loop {
public:
    /// On a poll_driver of its own. Throws std::system_error if that cannot be made,
    /// std::invalid_argument for bad options.
    explicit loop(const loop_options& options = {});
    /// On any driver, which must outlive the loop.
    explicit loop(driver& d, const loop_options& options = {});
    ~loop() override;

    void start(timer& t, instant deadline) override;
    bool cancel(timer& t) noexcept override;
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    int close(int descriptor) noexcept override { return get_driver().close(descriptor); }
    void reserve_ready(std::size_t entries) override;
    verdict run() override;
    void stop() noexcept override { inbox_->stop(); }
    [[nodiscard]] remote get_remote() override { return remote{inbox_}; }

    /// The state of every task that has run and has not ended; of those for which there was memory.
    [[nodiscard]] const std::map<task_id, saved_state>& saved() const noexcept { return saved_; }

private:
    loop(std::unique_ptr<driver> own, const loop_options& options);

    // The boxes.
    [[nodiscard]] std::optional<verdict> over();
    [[nodiscard]] bool pick();
    void run_picked() noexcept;
    void save() noexcept;
    void check();

    // What `check` consists of.
    [[nodiscard]] bool look_at_driver(operation_list& done);
    [[nodiscard]] std::optional<instant> first_key() const noexcept;
    void collect_operations(operation_list& done) noexcept;
    void collect_timers() noexcept;
    void collect_posts() noexcept;

    void overflow(ready_entry entry) noexcept override;

    const std::unique_ptr<driver> own_driver_;
    const std::shared_ptr<inbox> inbox_;
    // Entries move from list to list, and are made where somebody can be told that memory is short: a task's by whoever
    // spawns it, a callback's by its poster. So making ready what waits cannot fail.
    std::list<turn> ready_;
    std::list<turn> places_;     ///< of tasks that are not in the ready queue
    std::size_t places_made_{};  ///< as many as tasks were pending at a time, or more
    std::size_t round_{};        ///< how many entries at the front of the ready queue belong to this round
    turn picked_;
    task_id picked_id_{};     ///< of the task whose step was picked; 0: a callback
    context* picked_task_{};  ///< null: it has ended, or was none
    using timer_map = std::map<std::pair<instant, std::uintptr_t>, timer*>;
    timer_map timers_;                 ///< by (key, start order) (TIME-4)
    timer_map::node_type free_place_;  ///< of the latest timer that fired or was cancelled, for the next one
    std::uintptr_t timers_started_{};
    std::size_t operations_{};  ///< in flight
    std::uint32_t steps_since_asked_{};
    std::uint64_t rounds_{};
    std::map<task_id, saved_state> saved_;
    std::atomic<bool> running_{false};  ///< true: a `run` is under way. Written by `run` alone; atomic only to report a
                                        ///< second thread's (LIFE-4)
};

}  // namespace galley::ref
