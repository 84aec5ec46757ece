// SPDX-License-Identifier: BSL-1.0
// Which rule is checked by which predicate.
#include "spec/stage/check/check_predicates.hpp"

#include <array>

#include "spec/stage/check/check.hpp"

namespace galley::spec {
namespace {

constexpr bool p = false;  // decidable on a trace of level P
constexpr bool l = true;   // needs level L

constexpr std::array<predicate_info, predicate_count> table{{
    {"TRACE", "spawn_numbers", p, "tasks are numbered from 1 in start order; the first is main, spawned by nobody"},
    {"TRACE", "known_task", p, "an event speaks of a task that was spawned"},
    {"TRACE", "place", p,
     "steps and collecting happen inside a run, destruction outside; main is spawned before the first run"},
    {"TRACE", "scope_numbers", p, "scopes are numbered from 1 in the order of opening"},
    {"TRACE", "world_order", l, "the world's entries are delivered in order, each once"},
    {"TRACE", "result_form", p, "a statement's result is one of those that its verb can have"},
    {"TRACE", "run_exits", p, "each run has its exit"},
    {"BOXES", "box_order", l, "boxes are entered along the arrows of the flowchart"},
    {"BOXES", "box_place", l,
     "each event happens in its box: a step in run, wait and collect in check, the exit in pending"},
    {"READY-3", "one_step", p, "no step, callback or exit inside a step"},
    {"READY-3", "actor", p, "only the running task spawns, awaits, opens scopes, and finishes statements"},
    {"READY-4", "ended_stays_ended", p,
     "a task that has ended or was destroyed never runs again and is never made ready"},
    {"CANCEL-6", "one_end", p, "a task ends once"},
    {"LIFE-4", "run_not_nested", p, "run is not entered while it is running"},

    {"READY-1", "queue_order", l, "the entries of a round run in the order in which they became ready"},
    {"READY-1", "collect_order", l,
     "an iteration waits, hears the world, samples, and collects operations, then timers, then posts"},
    {"READY-2", "round_count", l, "a round has all entries that are ready at its start; rounds are counted from 1"},
    {"READY-2", "round_used_up", l,
     "nothing runs outside a round; a round is used up before the next one, a wait, a collect or the exit"},
    {"READY-4", "once_ready", l, "a task is at most once in the ready queue"},
    {"READY-4", "cause_fits", l,
     "a waiting task is made ready by what it waits for, a running one by its own yield or budget"},
    {"TASK-1", "spawn_ready", l, "a spawned task is appended to the ready queue at once"},
    {"TASK-1", "later_round", l, "a task's first step is in a later round than its spawner's"},
    {"READY-5", "append_awaits", l,
     "a yield, and a satisfied await that used up the budget, append the task and end the step"},
    {"WAIT-1", "wait_idle", l, "the loop blocks only if nothing is ready and the inbox is empty"},

    {"READY-5", "budget_kept", p, "a step takes fewer satisfied awaits than its budget before it suspends"},
    {"READY-5", "budget_used", p, "a task is suspended for its budget only when that is used up"},
    {"READY-5", "suspends", p,
     "yield, sleep, all and any always suspend, unless cancelled (or all has nothing to await)"},
    {"READY-5", "delivered", p, "a step that ends an await delivers the outcome of that await first"},
    {"CANCEL-1", "with_fits", p,
     "how an await ends agrees with what made the task ready: an outcome beats a later cancellation"},
    {"CANCEL-2", "start_first", p,
     "the first step, and no other, starts the task; cancelled before it, the task ends without running its body"},
    {"TASK-3", "failure_leaves", p, "a statement that fails leaves its routine"},
    {"CANCEL-3", "cancellation_leaves", p, "a statement that ends cancelled leaves its routine"},
    {"TASK-2", "outcome_passed", p, "a call ends as its routine did"},
    {"CANCEL-6", "end_outcome", p, "a task's outcome is how its routine was left: a value, a failure, or cancelled"},

    {"TIME-1", "sample_grows", l, "the sample never goes back, and is announced only if it changed"},
    {"TIME-1", "step_at_sample", p, "a step is at the sample"},
    {"TIME-1", "now_grows", p, "a reading of the clock is never less than one before it"},
    {"TIME-2", "fire_due", l, "no timer fires before its key"},
    {"TIME-2", "key_rounded", l, "keys are multiples of the resolution"},
    {"TIME-2", "slept_enough", p, "a sleep ends no earlier than it asked for, at the key that the rule gives"},
    {"TIME-3", "fire_once", l, "a timer fires once"},
    {"TIME-3", "fire_wakes", l, "a sleeping task is made ready by its timer in the same moment"},
    {"TIME-3", "all_due", l, "a timer fires in the first collect whose sample has reached its key"},
    {"TIME-4", "fire_order", l, "timers fire by (key, start order)"},
    {"TIME-4", "timer_numbers", l, "timers are numbered in start order"},
    {"TIME-6", "past_deadline", l, "a deadline that is zero away fires at the next collect"},
    {"WAIT-2", "wait_has_deadline", l, "a wait has a timeout while a task sleeps"},
    {"WAIT-2", "wait_ends", l,
     "a wait is until the first deadline: that timer is the next to fire, and fires when it is reached"},

    {"IO-1", "complete_once", l, "an operation completes once"},
    {"IO-1", "complete_wakes", l, "a completion makes the task ready that awaits it, at once"},
    {"IO-1", "operation_numbers", l, "operations are numbered in start order"},
    {"IO-5", "result_delivered", l, "an operation's outcome reaches its task unchanged"},
    {"IO-5", "transfer_size", p, "a transfer is never longer than asked for"},
    {"POST-1", "post_once", p, "callbacks run once each, in the order in which they were posted"},
    {"POST-4", "post_refused", p,
     "posts are refused after the destruction only, in order, and those that took effect are not"},

    {"TASK-2", "join_outcome", p, "a join delivers the outcome of the task that the slot held"},
    {"TASK-4", "join_after_end", l, "a joiner is made ready by the end of the task that it joins"},
    {"CANCEL-4", "cancel_answer", p, "cancelling answers yes for a task that has not ended, no for one that has"},
    {"TASK-3", "unobserved_failure", p, "a failure is reported as unobserved once, and only if nobody took it"},
    {"TASK-3", "failure_lost", p, "a failure that nobody took is reported"},
    {"TASK-6", "children_ended", p, "a group, all or any ends when all of its children have"},
    {"TASK-6", "all_outcome", p, "all gives its children's values in order, or the first failure"},
    {"TASK-7", "any_winner", p, "any gives the outcome of the first child to end"},
    {"SYNC-1", "handover_order", l, "waiters of the same thing are served first come, first served"},
    {"SYNC-1", "mutex_owner", p, "a mutex has one owner, and only it can unlock"},

    {"CANCEL-7", "scope_nesting", p, "scopes are closed by their task, innermost first"},
    {"CANCEL-7", "scope_closed", p, "a task has left its scopes when it ends"},
    {"CANCEL-7", "spawn_scope", p, "a task is spawned in the spawner's innermost scope, or in an open group"},
    {"CANCEL-2", "cancelled_start", p,
     "a task that is cancelled before its first step, or spawned in a cancelled scope, never starts"},
    {"CANCEL-3", "cancelled_await", p, "after an await ended cancelled, every new await in that scope does"},
    {"CANCEL-7", "cancel_reaches", l,
     "after a task is cancelled, nothing below it still waits, but in a shield, for an operation, or for children"},

    {"LIFE-1", "pending_list", p, "the exit names exactly the tasks that have not ended, by id, with what each awaits"},
    {"LIFE-1", "verdict_fits", p,
     "completed: no task is pending; deadlocked: none is ready or sleeping; stopped: a stop was requested"},
    {"LIFE-2", "stop_ends_round", l, "after a stop nothing is collected and no later round begins"},
    {"LIFE-2", "stop_wins", p, "a run in which a task requested a stop ends stopped"},
    {"LIFE-5", "destroy_order", p, "after the runs, tasks that have not ended are destroyed in reverse start order"},
    {"LIFE-5", "all_destroyed", p, "at the end every task has ended or was destroyed"},
}};
static_assert(table[static_cast<std::size_t>(predicate::queue_order)].name == "queue_order");
static_assert(table[static_cast<std::size_t>(predicate::budget_kept)].name == "budget_kept");
static_assert(table[static_cast<std::size_t>(predicate::sample_grows)].name == "sample_grows");
static_assert(table[static_cast<std::size_t>(predicate::complete_once)].name == "complete_once");
static_assert(table[static_cast<std::size_t>(predicate::join_outcome)].name == "join_outcome");
static_assert(table[static_cast<std::size_t>(predicate::scope_nesting)].name == "scope_nesting");
static_assert(table[static_cast<std::size_t>(predicate::pending_list)].name == "pending_list");
static_assert(table.back().name == "all_destroyed");

}  // namespace

std::span<const predicate_info> predicates() noexcept { return table; }

}  // namespace galley::spec
