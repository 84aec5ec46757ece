// SPDX-License-Identifier: BSL-1.0
// The reference loop without boxes, and with a choice wherever a relaxed rule would have made it.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/testing/chooser.hpp>
#include <galley/testing/posting_thread.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace galley::testing {

/// Keeps every rule but those that are relaxed. For virtual time. Each call of `get_remote` stands for a thread of its
/// own, whose posts come in order; copies of a remote are the same thread. Real threads may post, but when they do is
/// nobody's choice, so nothing that they take part in can be replayed.
/// Complexity: a turn is O(ready), a timer O(log timers).
/// Thread safety: see galley::loop.
class exploring_loop final : public loop {
public:
    /// Driver, chooser and counter must outlive the loop. Each turn (a step, a callback) takes one from `turns_left`;
    /// when none is left `run` returns *stopped*.
    exploring_loop(driver& d, const loop_options& options, const relaxations& relaxed, chooser& choose,
                   std::uint64_t& turns_left);
    ~exploring_loop() override;

    void start(timer& t, instant deadline) override;
    bool cancel(timer& t) noexcept override;
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    int close(int descriptor) noexcept override { return get_driver().close(descriptor); }
    void reserve_ready(std::size_t entries) override { ready_.reserve(entries); }
    verdict run() override;
    void stop() noexcept override;
    [[nodiscard]] remote get_remote() override;

    /// While a turn is decided: the task whose step is the alternative; null for a callback.
    [[nodiscard]] const context* alternative(std::size_t choice) const noexcept;

private:
    using timer_map = std::map<std::pair<instant, std::uintptr_t>, timer*>;

    /// An entry of the ready queue: a task's step, or else a posted callback.
    struct entry {
        ready_entry step{};
        callback posted{};
        std::uint64_t by{};  ///< the thread of a callback
    };
    struct poster {
        std::shared_ptr<posting_thread> thread;
        std::list<numbered_posts> on_their_way;
    };

    [[nodiscard]] std::size_t choose(bool relaxed, point what, std::size_t of) {
        return relaxed && of > 1 ? chooser_.choose(what, of) : 0;
    }
    [[nodiscard]] bool stop_requested() const;
    void consume_stop();
    [[nodiscard]] std::optional<verdict> over();

    void collect();
    [[nodiscard]] bool take_posts();
    [[nodiscard]] std::size_t posts_on_their_way() const noexcept;
    [[nodiscard]] bool look_at_driver(bool told, operation_list& done);
    [[nodiscard]] std::optional<instant> wake_time();
    void collect_operations(operation_list& done);
    void collect_timers();
    [[nodiscard]] timer_map::iterator next_due(std::uintptr_t last);
    void collect_posts();

    void run_round();
    [[nodiscard]] std::size_t pick(std::size_t among);
    void turn(entry e);
    void overflow(ready_entry entry) noexcept override { ready_.emplace_back().step = entry; }

    const relaxations relaxed_;
    chooser& chooser_;
    std::uint64_t& turns_left_;
    const std::shared_ptr<post_office> office_;
    std::vector<poster> posters_;
    std::vector<entry> ready_;
    std::vector<std::size_t> may_be_next_;  ///< places in the ready queue, while a turn is decided
    timer_map timers_;                      ///< by (key, start order)
    std::uintptr_t timers_started_{};
    std::size_t operations_{};  ///< in flight
    std::uint32_t turns_since_asked_{};
    bool running_{};
};

}  // namespace galley::testing
