// SPDX-License-Identifier: BSL-1.0
#include "table.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include <spec/stage/form/vocabulary.hpp>

namespace galley::spec::properties {
namespace {

using enum verb;
using w = world_verb;

constexpr std::size_t none = 0;  // no number is far: only TIME-7 is about the end of time

// ---- what makes scenarios ready for a rule --------------------------------------------------------------------------

void one_run_more(scenario& s) { s.runs = std::max(s.runs, 2); }
void close_orderly(scenario& s) { s.close = closing::orderly; }
void ask_rarely(scenario& s) { s.ask_every = 2 + s.ask_every % 4; }
void small_budget(scenario& s) { s.budget = 1 + s.budget % 3; }
void coarse_time(scenario& s) { s.resolution = std::max<std::int64_t>(s.resolution, 4); }
void one_channel(scenario& s) { s.channels.resize(std::max<std::size_t>(s.channels.size(), 1), 1); }
void full_queues(scenario& s) { s.queues.assign(s.queues.size(), 1); }

/// The clock stands still within steps, so that a deadline from the clock is one from the sample (TIME-9).
void no_burns(scenario& s) {
    for (auto& r : s.routines) {
        std::erase_if(r.body, [](const statement& what) { return what.what == burn; });
    }
}

/// Every second jump of the clock goes back.
void jump_back(scenario& s) {
    bool back = false;
    for (auto& entry : s.world) {
        if (entry.what == world_verb::jump && std::exchange(back, !back)) {
            entry.operands[0] = -std::abs(entry.operands[0]);
        }
    }
}

/// Two handles; one group, scope, semaphore and queue: so that those who name them meet.
void few_slots(scenario& s) {
    for (auto& r : s.routines) {
        for (auto& what : r.body) {
            for (std::size_t i = 0; i < info(what.what).count; ++i) {
                const auto kind = info(what.what).slots[i].kind;
                if (is_slot(kind) || kind == operand_kind::queue || kind == operand_kind::semaphore) {
                    what.operands[i] %= kind == operand_kind::handle ? 2 : 1;
                }
            }
        }
    }
}

/// Main begins with a statement about a routine that does more than nothing, if there is another routine.
void begin_with(scenario& s, verb v) {
    auto& main = s.routines[0].body;
    const bool room = s.routines.size() > 1 && main.size() < most_statements;
    if (room) {
        main.insert(main.begin(), v == verb::timeout ? statement{v, {2, 1}, {}} : statement{v, {0, 1}, {}});
    }
}
void begin_with_timeout(scenario& s) { begin_with(s, timeout); }
void begin_with_group(scenario& s) { begin_with(s, group); }

std::vector<rule_property> make_table() {
    const std::vector<verb> tasks{spawn, join, try_join, cancel, drop, lose, yield, fail};
    const std::vector<verb> children{all, any, group, go, fail, sleep};
    const std::vector<verb> scopes{scope,        shield,       timeout, group, cancel,
                                   cancel_scope, cancel_group, spawn,   sleep, try_};
    const std::vector<verb> sleeps{sleep, sleep_until, spawn, timeout, timeout_at, cancel, burn};
    const std::vector<verb> channels{read, write, accept, connect, readable, writable, spawn, cancel, timeout};
    const std::vector<verb> waits{wait, acquire, lock, put, get, release, unlock, spawn, cancel, set};
    const std::vector<w> traffic{w::data, w::room, w::peer, w::end};
    return {
        {"LIFE-1",
         "a_run_ends_exactly_when_it_must",
         {{spawn, sleep, read, wait, hold_remote, drop_remote}, traffic, none}},
        {"LIFE-2",
         "a_stop_ends_the_run_after_its_round",
         {{spawn, yield, stop, sleep, post}, {w::stop, w::post}, none},
         {&one_run_more}},
        {"LIFE-3",
         "a_keep_alive_delays_completed_and_a_remote_does_not",
         {{keep_alive, drop_keep_alive, hold_remote, spawn, stop, post}, {w::stop, w::post}, none},
         {&one_run_more}},
        {"LIFE-5", "a_loop_is_destroyed_in_order", {{spawn, read, wait, get}, {}, none}},
        {"LIFE-6",
         "an_orderly_close_cancels_all_and_runs_once_more",
         {{spawn, sleep, wait, shield, get}, {}, none},
         {&close_orderly}},
        {"LIFE-7",
         "nobody_waits_for_an_exhausted_driver",
         {{read, accept, hold_remote, spawn}, {w::wake, w::peer}, none}},
        {"READY-1",
         "what_becomes_ready_first_runs_first",
         {{read, write, accept, connect, readable, writable, spawn, sleep, cancel}, traffic, none},
         {&one_channel}},
        {"READY-3", "no_step_inside_a_step", {{spawn, set, wait, post, cancel, yield}, {}, none}},
        {"READY-4",
         "a_task_is_made_ready_once_and_by_what_it_awaits",
         {{spawn, cancel, wait, set, sleep, join}, {}, none}},
        {"READY-5",
         "a_step_has_its_budget",
         {{get, put, acquire, release, release, spawn, spawn, cancel, cancel}, {}, none},
         {&small_budget, &few_slots}},
        {"READY-6", "a_joiner_is_appended_as_the_task_ends", {tasks, {}, none}},
        {"WAIT-2", "a_wait_is_until_the_first_timer", {sleeps, {}, none}},
        {"WAIT-3",
         "what_comes_during_a_wait_wakes",
         {{wait, read, sleep, spawn}, {w::post, w::wake, w::stop, w::data}, none}},
        {"WAIT-4",
         "the_driver_is_asked_after_so_many_turns",
         {{yield, spawn, post, sleep, burn}, {w::post, w::data}, none},
         {&ask_rarely}},
        {"TIME-1", "time_does_not_go_back", {{sleep, now, burn, spawn}, {w::jump}, none}, {&jump_back, &no_burns}},
        {"TIME-2",
         "no_timer_is_early_or_beside_its_key",
         {{sleep, sleep_until, spawn, timeout, yield}, {w::jump}, none},
         {&coarse_time, &jump_back, &no_burns}},
        {"TIME-3", "all_that_is_due_fires_at_once", {sleeps, {}, none}},
        {"TIME-4", "timers_fire_by_key_and_start_order", {{sleep, sleep_until, spawn, burn}, {}, none}},
        {"TIME-6", "a_past_deadline_fires_at_the_next_collect", {{sleep, sleep_until, spawn, burn, yield}, {}, none}},
        {"TIME-7", "the_end_of_time_is_the_last_key", {{sleep, sleep_until, spawn, burn, timeout}, {w::jump}, 2}},
        {"TIME-8", "a_timer_that_fires_may_cancel_sleeps", {{timeout, sleep, spawn, all}, {}, none}},
        {"TIME-9", "a_relative_deadline_counts_from_the_call", {{sleep, burn, spawn, timeout}, {w::jump}, none}},
        {"IO-1", "an_operation_completes_exactly_once", {channels, traffic, none}, {&one_channel}},
        {"IO-3",
         "a_cancelled_operation_completes_with_what_it_did",
         {{read, accept, write, readable, spawn, cancel, cancel, close, timeout}, {w::data, w::room}, none},
         {&one_channel, &few_slots, &begin_with_timeout}},
        {"IO-4",
         "reads_come_before_writes",
         {{read, write, readable, writable, spawn}, {w::data, w::room, w::break_}, none},
         {&one_channel}},
        {"IO-5",
         "results_and_errors_reach_the_task",
         {channels, {w::data, w::room, w::break_, w::end}, none},
         {&one_channel}},
        {"IO-6",
         "closing_ends_what_is_in_flight",
         {{read, accept, close, spawn, write}, {w::data}, none},
         {&one_channel}},
        {"POST-1", "callbacks_run_once_in_order", {{post, wait, yield, spawn}, {w::post, w::wake}, none}},
        {"POST-4", "a_closed_loop_refuses_posts", {{spawn, wait, stop}, {w::post, w::wake, w::stop}, none}},
        {"TASK-1", "children_start_later_and_in_order", {{spawn, all, any, go, group}, {}, none}},
        {"TASK-2",
         "an_outcome_reaches_one_owner",
         {{spawn, join, cancel, fail, return_, timeout, join}, {}, none},
         {&few_slots, &begin_with_timeout}},
        {"TASK-3", "no_failure_is_silent", {{spawn, drop, fail, join, go}, {}, none}},
        {"TASK-4", "a_call_goes_on_within_the_step", {{call, try_, spawn, join, yield}, {}, none}},
        {"TASK-6",
         "a_group_ends_with_all_its_tasks",
         {{all, group, go, go, fail, fail, sleep, cancel_group, yield}, {}, none},
         {&few_slots, &begin_with_group}},
        {"TASK-7", "the_first_to_end_wins", {{any, sleep, fail, yield, spawn}, {}, none}, {}},
        {"TASK-8",
         "a_handle_that_goes_cancels_its_task",
         {{spawn, spawn, lose, lose, sleep, wait, yield}, {}, none},
         {&few_slots}},
        {"TASK-10",
         "how_something_ended_is_an_answer",
         {{spawn, spawn, try_join, try_join, fail, cancel, try_, sleep}, {}, none},
         {&few_slots, &begin_with_timeout}},
        {"CANCEL-1",
         "a_wait_is_withdrawn_inside_the_cancel",
         {{spawn, cancel, cancel, sleep, wait, get, acquire, yield, set, burn}, {}, none},
         {&few_slots}},
        {"CANCEL-2",
         "a_task_cancelled_before_its_first_step_never_starts",
         {{spawn, cancel, yield, cancel_group, go}, {}, none}},
        {"CANCEL-3",
         "nothing_is_awaited_in_a_cancelled_scope",
         {{scope, shield, shield, timeout, group, cancel_scope, sleep, try_, wait}, {}, none},
         {&few_slots, &begin_with_timeout}},
        {"CANCEL-4", "cancelling_says_whether_it_did_anything", {{spawn, cancel, yield}, {}, none}},
        {"CANCEL-5",
         "a_timeout_is_reported_only_if_it_cut_something_short",
         {{scope, timeout, timeout, cancel_scope, sleep, sleep, burn, try_}, {}, none},
         {&few_slots, &begin_with_timeout}},
        {"CANCEL-6",
         "an_outcome_is_one_of_three",
         {{spawn, cancel, fail, return_, try_, join, sleep}, {}, none},
         {&few_slots}},
        {"CANCEL-7",
         "a_cancellation_reaches_what_is_below_in_order",
         {{scope, group, go, cancel, cancel_scope, cancel_group, spawn, spawn, sleep, wait, all}, {}, none},
         {&few_slots, &begin_with_timeout}},
        {"SYNC-1",
         "waiters_are_served_in_turn",
         {{wait, acquire, lock, put, get, release, unlock, spawn, spawn, set}, {w::post}, none},
         {&full_queues, &few_slots}},
        {"SYNC-2",
         "nothing_is_lost_by_a_cancelled_waiter",
         {{acquire, lock, put, get, release, spawn, spawn, cancel}, {w::post}, none},
         {&full_queues, &few_slots}},
        {"SYNC-3",
         "a_closed_queue_is_drained_and_then_tells",
         {{put, get, close_queue, spawn, spawn, yield}, {}, none},
         {&full_queues, &few_slots}},
    };
}

}  // namespace

std::span<const rule_without_property> rules_without_property() noexcept {
    static constexpr std::array<rule_without_property, 3> table{{
        {"TIME-5",
         "no statement is told what cancelling a timer came to; what it might do to other timers breaks TIME-3"},
        {"POST-3", "it allows wake-ups to be merged, which breaks nothing; a post that is merged breaks POST-1"},
        {"CANCEL-8",
         "that a timeout is cancelled when its time is up is TIME-2's and TIME-3's, what comes of it CANCEL-5's"},
    }};
    return table;
}

std::span<const rule_property> rule_properties() {
    static const std::vector<rule_property> table = make_table();  // tests are registered before main
    return table;
}

}  // namespace galley::spec::properties
