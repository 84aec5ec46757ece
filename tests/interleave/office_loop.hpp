// SPDX-License-Identifier: BSL-1.0
// The loop of an office: fast's iteration, the shipped source, with what it is about: a queue, timers that are but
// counted, and a driver that waits for a token.
#pragma once

#include "office.hpp"

#include <galley/contract/loop.hpp>
#include <galley/fast/iteration.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace galley::interleave {

class office::office_loop final : private fast::basic_iteration<office_loop, atomic> {
    using iteration = fast::basic_iteration<office_loop, atomic>;
    friend iteration;

public:
    office_loop(office& o, std::shared_ptr<mailbox> box)
        : iteration{std::move(box), duration::zero()},
          of_{o},
          busy_{o.plan_.busy},
          timers_{o, o.plan_.timers},
          driver_{*this} {
        if (busy_ != 0) {
            ready_.push_back(step);
        }
    }

    /// One run, which is a look at least.
    [[nodiscard]] verdict run() {
        begin_run();
        const verdict v = iterate<false>();
        looks_ += v == verdict::stopped ? 1 : 0;
        return v;
    }
    /// The plan ends it.
    [[nodiscard]] bool is_over() const {
        return looks_ >= of_.plan_.looks || (of_.plan_.kept_remote && timers_.empty() && of_.all_came());
    }
    /// As the destructor of fast::loop.
    void close() {
        outside().close();
        drop_callbacks(ready_);
    }
    [[nodiscard]] const std::shared_ptr<mailbox>& box() { return outside().box(); }

private:
    /// One or more, each of which ends one wait.
    class timers_as_counted {
    public:
        timers_as_counted(office& o, std::size_t count) : of_{o}, left_{count} {}
        [[nodiscard]] bool empty() const { return left_ == 0; }
        [[nodiscard]] static bool are_due() { return false; }
        /// Asked once before each sleep.
        [[nodiscard]] std::optional<instant> wake_by() {
            ++of_.sleeps_;
            return first_key();
        }
        [[nodiscard]] std::optional<instant> first_key() const {
            return empty() ? std::nullopt : std::optional{instant{}};
        }
        void fire() { --left_; }

    private:
        office& of_;
        std::size_t left_;
    };
    class driver_as_token {
    public:
        explicit driver_as_token(office_loop& l) : loop_{l} {}
        void ask(operation_list&) { loop_.steps_since_asked_ = 0; }
        void wait(std::optional<instant> until, operation_list& done) {
            ask(done);
            if (until) {
                loop_.timers_.fire();
            } else {
                loop_.of_.token_.wait();
            }
        }
        [[nodiscard]] static bool exhausted() { return false; }

    private:
        office_loop& loop_;
    };

    // ---- what the iteration is about -------------------------------------------------------------------------------

    [[nodiscard]] bool anything_ready() const { return !ready_.empty(); }
    [[nodiscard]] bool next_is_step() const { return ready_.front().run == step.run; }
    [[nodiscard]] bool push_callback(ready_entry entry) {
        ready_.push_back(entry);
        return true;
    }
    [[nodiscard]] std::size_t pending() const { return is_over() ? 0 : 1; }
    [[nodiscard]] timers_as_counted& timers() { return timers_; }
    [[nodiscard]] driver_as_token& get_driver() { return driver_; }
    [[nodiscard]] static std::size_t in_flight() { return 0; }
    [[nodiscard]] static loop_options options() { return {.ask_every = ask_every}; }
    [[nodiscard]] static instant now() { return {}; }
    [[nodiscard]] static observer* watching() { return nullptr; }
    [[nodiscard]] static bool in_forked_child() { return false; }
    static void take_sample() {}
    static void call(callback& work) { work(); }
    static void collect_operations(operation_list&) {}
    void collect_timers() { ++looks_; }
    template <bool Watched>
    void begin_round() {}
    template <bool Watched>
    void run_round() {
        of_.stage_.require(steps_since_asked_ < ask_every, "a busy loop asks in time");
        const std::vector<ready_entry> round = std::exchange(ready_, {});
        count_steps(static_cast<std::int64_t>(round.size()));
        steps_since_asked_ += round.size();
        for (const ready_entry& entry : round) {
            if (entry.run != step.run) {
                entry.run(entry.argument);
            } else if (--busy_ != 0) {
                ready_.push_back(step);
            }
        }
        of_.own_remote_.reset();
    }

    static constexpr std::uint32_t ask_every = 2;
    static constexpr ready_entry step{nullptr, nullptr};  ///< of a task, as in fast

    office& of_;
    std::size_t looks_{};
    std::size_t busy_;  ///< for so many rounds there is a task
    std::size_t steps_since_asked_{};
    std::vector<ready_entry> ready_{};
    timers_as_counted timers_;
    driver_as_token driver_;
};

}  // namespace galley::interleave
