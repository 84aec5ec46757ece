// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/check/occasions.hpp"

#include <algorithm>
#include <array>

#include "spec/stage/check/occasions_watch.hpp"

namespace galley::spec {
namespace {

constexpr std::array<occasion_info, occasion_count> table{{
    {"LIFE-1", "completes", "a run ends completed"},
    {"LIFE-1", "deadlocks", "a run ends deadlocked with a task pending"},
    {"LIFE-2", "stop_in_round", "a step requests a stop while others of its round have yet to run"},
    {"LIFE-2", "stop_in_wait", "a stop arrives during a wait"},
    {"LIFE-3", "goes_on", "run is called again with tasks left by a stop or a deadlock"},
    {"LIFE-3", "leaves_callbacks", "a run completes while a callback is queued"},
    {"LIFE-3", "kept_alive", "nothing but a keep-alive is pending when a run ends"},
    {"LIFE-5", "destroys_two", "two tasks or more are destroyed with their loop"},
    {"LIFE-5", "destroys_in_flight", "a task is destroyed while its operation is in flight"},
    {"LIFE-6", "closes_orderly", "an orderly close finds tasks that have not ended"},
    {"LIFE-6", "outlives_close", "a task still waits after an orderly close"},
    {"LIFE-7", "exhausted", "a deadlock in spite of an operation in flight or of a remote"},
    {"READY-1", "collects_two_kinds", "one collect brings two of: operations, timers, posts"},
    {"READY-1", "collects_behind_ready", "a collect brings something while tasks are ready"},
    {"READY-1", "two_operations", "one collect brings two operations"},
    {"READY-2", "ready_in_round", "something becomes ready while others of the round have yet to run"},
    {"READY-3", "wakes_another", "a step makes another task ready, and goes on"},
    {"READY-4", "ready_is_cancelled", "a task that is in the ready queue is cancelled"},
    {"READY-5", "budget_used", "a step uses up its budget"},
    {"READY-5", "budget_and_cancel", "a task that has used up its budget is cancelled before it resumes"},
    {"READY-5", "yields", "a task yields"},
    {"READY-6", "joined_ends", "a task ends that another one awaits"},
    {"WAIT-1", "busy_beside_waiters", "tasks are ready while another sleeps or awaits an operation"},
    {"WAIT-2", "waits_until", "a wait has a deadline"},
    {"WAIT-2", "waits_for_ever", "a wait has no deadline"},
    {"WAIT-3", "woken_by_operation", "an operation completes during a wait"},
    {"WAIT-3", "woken_by_post", "a callback is posted during a wait"},
    {"WAIT-4", "not_asked", "a busy loop has fewer than B turns behind it, and B > 1"},
    {"WAIT-4", "asked_while_busy", "a busy loop has B turns behind it, and B > 1"},
    {"POST-1", "callback_among_others", "a callback has its turn in a round with others"},
    {"POST-3", "posts_merged", "two posts are collected at once"},
    {"POST-4", "post_refused", "a post comes after the loop was destroyed"},

    {"TIME-1", "clock_jumps_back", "the clock jumps back"},
    {"TIME-2", "deadline_between", "a deadline is no multiple of R"},
    {"TIME-2", "deadline_past", "an absolute deadline is not after the sample"},
    {"TIME-3", "two_due", "two timers fire in one collect"},
    {"TIME-3", "due_is_withdrawn", "a timer that fires cancels a sleep that is due as well"},
    {"TIME-4", "equal_keys", "two timers of equal key fire in one collect"},
    {"TIME-4", "later_start_fires_first", "of two timers in one collect the one that started later fires first"},
    {"TIME-5", "fired_is_cancelled", "the scope of a timeout is left after its timer has fired"},
    {"TIME-6", "zero_sleep", "a task sleeps for nothing"},
    {"TIME-7", "end_of_time", "a relative deadline is beyond the end of time"},
    {"TIME-8", "starts_by_timer", "a step that a timer caused starts a sleep"},
    {"TIME-8", "cancels_by_timer", "a step that a timer caused, or a timer that fires, withdraws a sleep"},
    {"TIME-9", "sleeps_after_burn", "a relative sleep starts when the clock is ahead of the sample"},
    {"IO-1", "operation_at_once", "an operation completes as it is started"},
    {"IO-1", "operation_later", "an operation completes later"},
    {"IO-3", "operation_cancelled", "an operation in flight is cancelled, and completes so"},
    {"IO-3", "cancelled_too_late", "an operation that is asked to cancel has completed already"},
    {"IO-4", "reads_and_writes", "one collect brings a read and a write of one channel"},
    {"IO-5", "short_transfer", "a transfer is short"},
    {"IO-5", "operation_fails", "an operation ends with an error of the world"},
    {"IO-6", "closed_in_flight", "a channel is closed while an operation of it is in flight"},
    {"IO-6", "used_after_close", "an operation is started on a closed channel"},

    {"TASK-1", "spawns", "a step spawns a task"},
    {"TASK-1", "spawns_children", "a combinator spawns two children or more"},
    {"TASK-2", "joins_ended", "a task is joined that has ended"},
    {"TASK-2", "joins_twice", "a task is joined that is being joined"},
    {"TASK-2", "join_withdrawn", "a join is withdrawn"},
    {"TASK-3", "nobody_takes", "a failure has nobody to take it while the loop runs"},
    {"TASK-3", "dies_at_close", "a failure is still not taken when the loop is destroyed"},
    {"TASK-4", "calls", "a call returns, and the caller goes on"},
    {"TASK-6", "group_fails", "a task of a group fails before another has ended"},
    {"TASK-6", "group_absorbs", "a group absorbs its own cancellation"},
    {"TASK-6", "all_fails", "a child of when_all fails before another has ended"},
    {"TASK-6", "fails_again", "two children of a group or of when_all fail"},
    {"TASK-7", "any_has_losers", "the first child of when_any ends before another"},
    {"TASK-7", "loser_fails", "a loser of when_any fails"},
    {"TASK-8", "handle_goes", "a handle goes before its task has ended"},
    {"TASK-10", "failure_answered", "a failure is the answer to a join"},
    {"TASK-10", "cancelled_settled", "a call that is settled ends cancelled"},
    {"CANCEL-1", "sleep_cancelled", "a sleep is withdrawn"},
    {"CANCEL-1", "wait_cancelled", "a synchronisation wait is withdrawn"},
    {"CANCEL-1", "outcome_kept", "a task that has its outcome, but not yet resumed, is cancelled"},
    {"CANCEL-2", "cancelled_unstarted", "a task is cancelled before its first step"},
    {"CANCEL-3", "await_refused", "a task awaits something new in a cancelled scope"},
    {"CANCEL-3", "shield_holds", "a task awaits something behind a shield in a cancelled scope"},
    {"CANCEL-3", "exit_not_refused", "the exit of a group is awaited in a cancelled scope"},
    {"CANCEL-4", "cancels_ended", "a task that has ended is cancelled"},
    {"CANCEL-5", "timeout_reported", "a timeout cancels its scope, and is reported"},
    {"CANCEL-5", "timeout_overruled", "a timeout expires in a scope that is cancelled, too"},
    {"CANCEL-5", "timeout_too_late", "a timeout expires, and its body finishes all the same"},
    {"CANCEL-6", "ends_despite_cancel", "a task that was cancelled ends with a value or a failure"},
    {"CANCEL-7", "reaches_two", "one cancellation interrupts two tasks"},
    {"CANCEL-7", "cancels_parent", "a task is cancelled that waits for its children"},
    {"CANCEL-7", "orphaned", "a task ends before one that it has spawned"},
    {"CANCEL-8", "instant_expires", "a timeout expires at an instant that was ahead"},
    {"CANCEL-8", "instant_past", "the instant of a timeout is not after the sample as it is opened"},
    {"SYNC-1", "served_in_turn", "a waiter is served while others wait for the same"},
    {"SYNC-2", "waiter_leaves", "a waiter is cancelled while others wait for the same"},
    {"SYNC-3", "getter_sees_close", "a queue is closed while a getter waits"},
    {"SYNC-3", "putter_sees_close", "a queue is closed while a putter waits"},
    {"SYNC-3", "drains", "an item is taken from a closed queue"},
}};
static_assert(table[static_cast<std::size_t>(occasion::post_refused)].name == "post_refused");
static_assert(table[static_cast<std::size_t>(occasion::used_after_close)].name == "used_after_close");
static_assert(table[static_cast<std::size_t>(occasion::loser_fails)].name == "loser_fails");
static_assert(table.back().name == "drains");

constexpr std::array<rule_beyond_scenarios, 16> beyond{{
    {"LIFE-4", "no statement calls run, and a scenario has one thread"},
    {"LIFE-8", "a scenario has one process"},
    {"WAIT-5", "the simulated driver is never interrupted, and reports nothing without a reason"},
    {"IO-2", "operations of a scenario have no memory that could be touched"},
    {"POST-2", "a scenario has one thread"},
    {"POST-5", "the world posts one thing at a time"},
    {"TASK-5", "a scenario's size is limited: no chain in it is long enough to overflow a stack"},
    {"TASK-9", "what a scenario gives away is a routine, which is a task already"},
    {"THREAD-1", "a scenario has one thread"},
    {"THREAD-2", "a scenario has one thread, and memory enough"},
    {"THREAD-3", "a scenario has one thread"},
    {"THREAD-4", "a scenario has one thread"},
    {"THREAD-5", "a scenario has one thread"},
    {"THREAD-6", "a scenario has one thread"},
    {"THREAD-7", "a scenario has one loop"},
    {"THREAD-8", "a scenario has one loop"},
}};

}  // namespace

std::span<const occasion_info> occasions() noexcept { return table; }
std::span<const rule_beyond_scenarios> rules_beyond_scenarios() noexcept { return beyond; }

occasion_set occasions_in(const scenario& s, const trace& t) {
    using namespace checking;
    occasion_set found;
    moment m{s, t};
    const std::array<std::unique_ptr<watcher>, 3> watchers{watch_loop(found), watch_world(found), watch_tasks(found)};
    for (; m.v.index < t.events.size(); ++m.v.index) {
        const auto& e = t.events[m.v.index];
        for (const auto& w : watchers) w->on(e, m);
        m.apply(e);
    }
    return found;
}

namespace checking {

bool moment::others_wait_as(task_id id) const {
    const auto& t = v.task(id);
    for (task_id other = 1; other <= v.tasks.size(); ++other) {
        const auto& o = v.task(other);
        if (other != id && o.state == status::waiting && o.kind == t.kind && operand(o.arg, 0) == operand(t.arg, 0))
            return true;
    }
    return false;
}

task_id moment::cancelled_by(const event& e) const {
    return e.kind == event_kind::did && cancels_task(e.texts[0]) && e.texts[2] == "yes" ? v.target(e) : 0;
}

bool moment::was_ready(task_id id) const { return v.task(id).state == status::ready && ready_at[id - 1] < began; }

void moment::apply(const event& e) {
    switch (e.kind) {
        case event_kind::spawn: ready_at.push_back(0); break;
        case event_kind::ready:
            if (e.numbers[0] != 0) ready_at[e.numbers[0] - 1] = v.index;
            break;
        case event_kind::sample: clock = number(e.texts[0]); break;
        case event_kind::did:
            if (e.texts[0] == "burn") clock = later(clock, number(e.texts[1]));
            if (e.texts[0] == "now") clock = number(e.texts[2]);
            began = v.index;
            break;
        case event_kind::step:
        case event_kind::callback:
        case event_kind::scope: began = v.index; break;
        default: break;
    }
    v.apply(e);
}

}  // namespace checking
}  // namespace galley::spec
