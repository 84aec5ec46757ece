// SPDX-License-Identifier: BSL-1.0
// The two promises that an event loop is made for, as properties over random scenarios on both loops:
// it never blocks while something can be done, and in a fair world all tasks complete.
#include "arbitrary_scenario.hpp"
#include "judges.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace galley::spec {
namespace {

/// Follows a trace as it grows: what is in the ready queue.
class ready_watch {
public:
    explicit ready_watch(const trace& t) noexcept : trace_{&t} {}

    [[nodiscard]] std::size_t ready_now() {
        for (; seen_ < trace_->events.size(); ++seen_) {
            const event_kind kind = trace_->events[seen_].kind;
            ready_ += kind == event_kind::ready ? 1U : 0U;
            ready_ -= kind == event_kind::step || kind == event_kind::callback ? 1U : 0U;
        }
        return ready_;
    }

private:
    const trace* trace_;
    std::size_t seen_{};
    std::size_t ready_{};
};

/// Passes everything on, and counts the blocking calls that are made while work is ready.
class spy final : public driver {
public:
    spy(driver& d, const trace& so_far, std::size_t& faults) noexcept : inner_{d}, watch_{so_far}, faults_{faults} {}

    [[nodiscard]] instant now() noexcept override { return inner_.now(); }
    [[nodiscard]] bool start(operation& op) noexcept override { return inner_.start(op); }
    void cancel(operation& op) noexcept override { inner_.cancel(op); }
    [[nodiscard]] int close(int descriptor) noexcept override { return inner_.close(descriptor); }
    void shut() noexcept override {
        shut_ = true;
        inner_.shut();
    }
    void ask(operation_list& done) noexcept override { inner_.ask(done); }
    void wait(std::optional<instant> until, operation_list& done) noexcept override {
        if (!shut_ && watch_.ready_now() > 0) {  // a loop that is being destroyed runs nothing any more
            ++faults_;
        }
        inner_.wait(until, done);
    }
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override { return inner_.get_waker(); }
    [[nodiscard]] bool exhausted() const noexcept override { return inner_.exhausted(); }

private:
    driver& inner_;
    ready_watch watch_;
    std::size_t& faults_;
    bool shut_{};
};

using runner = trace (*)(const scenario&, const driver_wrapper&);

std::size_t blocking_faults(runner run, const scenario& s) {
    std::size_t faults = 0;
    static_cast<void>(run(s, [&faults](driver& d, const trace& so_far) -> std::unique_ptr<driver> {
        return std::make_unique<spy>(d, so_far, faults);
    }));
    return faults;
}

/// Entries of the ready queue (task ids, 0 for a callback) that did not run in the round after they became ready
/// (READY-2).
std::size_t late_entries(const trace& t) {
    std::deque<std::uint64_t> waiting;
    std::size_t left_of_round = 0;
    std::size_t late = 0;
    for (const event& e : t.events) {
        if (e.kind == event_kind::ready) {
            waiting.push_back(e.numbers[0]);
        } else if (e.kind == event_kind::round) {
            late += left_of_round;  // of the round before
            late += waiting.size() == e.numbers[1] ? 0 : 1;
            left_of_round = waiting.size();
        } else if (e.kind == event_kind::step || e.kind == event_kind::callback) {
            const std::uint64_t who = e.kind == event_kind::step ? e.numbers[0] : 0;
            if (left_of_round == 0 || waiting.empty() || waiting.front() != who) {
                return late + 1;
            }
            waiting.pop_front();
            --left_of_round;
        }
    }
    return late + left_of_round;
}

/// True if every task ended and `run` returned completed right then: nothing was waited for, and nothing ran, after the
/// last end.
bool all_completed_at_once(const trace& t) {
    std::size_t spawned = 0;
    std::size_t ended = 0;
    bool idle_after_end = false;
    for (const event& e : t.events) {
        spawned += e.kind == event_kind::spawn ? 1U : 0U;
        ended += e.kind == event_kind::end ? 1U : 0U;
        const bool moves_on = e.kind == event_kind::wait || e.kind == event_kind::round;
        idle_after_end = idle_after_end || (moves_on && ended == spawned);
        if (e.kind == event_kind::exit) {
            return !idle_after_end && ended == spawned && e.texts[0] == "completed" && e.pending.empty();
        }
    }
    return false;
}

RC_GTEST_PROP(never_blocks, on_ref, (const scenario& s)) { RC_ASSERT(blocking_faults(&run_on_ref, s) == 0U); }
RC_GTEST_PROP(never_blocks, on_fast, (const scenario& s)) { RC_ASSERT(blocking_faults(&run_on_fast, s) == 0U); }

RC_GTEST_PROP(a_ready_task_runs_within_one_round, on_ref, (const scenario& s)) {
    RC_ASSERT(late_entries(run_on_ref(s)) == 0U);
}
RC_GTEST_PROP(a_ready_task_runs_within_one_round, on_fast, (const scenario& s)) {
    RC_ASSERT(late_entries(run_on_fast(s)) == 0U);
}

RC_GTEST_PROP(all_tasks_complete, on_ref, ()) {
    RC_ASSERT(all_completed_at_once(run_on_ref(*arbitrary_fair_scenario())));
}
RC_GTEST_PROP(all_tasks_complete, on_fast, ()) {
    RC_ASSERT(all_completed_at_once(run_on_fast(*arbitrary_fair_scenario())));
}

}  // namespace
}  // namespace galley::spec
