// SPDX-License-Identifier: BSL-1.0
// Did it matter? A rule says what must follow from something; an occasion is that something, looked for in a case (a
// scenario and its trace). A corpus in which a rule has no occasion says nothing of that rule, however often it passes.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

/// The table in occasions.cpp has one row for each, in this order, and says what each means.
enum class occasion : std::uint8_t {
    // occasions_loop.cpp
    completes,
    deadlocks,
    stop_in_round,
    stop_in_wait,
    goes_on,
    leaves_callbacks,
    kept_alive,
    destroys_two,
    destroys_in_flight,
    closes_orderly,
    outlives_close,
    exhausted,
    collects_two_kinds,
    collects_behind_ready,
    two_operations,
    ready_in_round,
    wakes_another,
    ready_is_cancelled,
    budget_used,
    budget_and_cancel,
    yields,
    joined_ends,
    busy_beside_waiters,
    waits_until,
    waits_for_ever,
    woken_by_operation,
    woken_by_post,
    not_asked,
    asked_while_busy,
    callback_among_others,
    posts_merged,
    post_refused,
    // occasions_world.cpp
    clock_jumps_back,
    deadline_between,
    deadline_past,
    two_due,
    due_is_withdrawn,
    equal_keys,
    later_start_fires_first,
    fired_is_cancelled,
    zero_sleep,
    end_of_time,
    starts_by_timer,
    cancels_by_timer,
    sleeps_after_burn,
    operation_at_once,
    operation_later,
    operation_cancelled,
    cancelled_too_late,
    reads_and_writes,
    short_transfer,
    operation_fails,
    closed_in_flight,
    used_after_close,
    // occasions_task.cpp
    spawns,
    spawns_children,
    joins_ended,
    joins_twice,
    join_withdrawn,
    nobody_takes,
    dies_at_close,
    calls,
    group_fails,
    group_absorbs,
    all_fails,
    fails_again,
    any_has_losers,
    loser_fails,
    handle_goes,
    failure_answered,
    cancelled_settled,
    sleep_cancelled,
    wait_cancelled,
    outcome_kept,
    cancelled_unstarted,
    await_refused,
    shield_holds,
    exit_not_refused,
    cancels_ended,
    timeout_reported,
    timeout_overruled,
    timeout_too_late,
    ends_despite_cancel,
    reaches_two,
    cancels_parent,
    orphaned,
    instant_expires,
    instant_past,
    served_in_turn,
    waiter_leaves,
    getter_sees_close,
    putter_sees_close,
    drains,
};
inline constexpr std::size_t occasion_count = static_cast<std::size_t>(occasion::drains) + 1;

/// One row: the rule, a name (that of the enumerator), and what must have happened, as an ending of "a case in which".
struct occasion_info {
    std::string_view rule{};
    std::string_view name{};
    std::string_view meaning{};
};

/// A rule that no scenario can put to the test, and why.
struct rule_beyond_scenarios {
    std::string_view rule{};
    std::string_view reason{};
};

/// All occasions, in the order of the enumerators. Each rule of rules.md is in this table or in the next, in
/// no case in both.
[[nodiscard]] std::span<const occasion_info> occasions() noexcept;
[[nodiscard]] std::span<const rule_beyond_scenarios> rules_beyond_scenarios() noexcept;

using occasion_set = std::bitset<occasion_count>;

/// The occasions of a case. `t` is a trace of `s` with level L in which `check` finds nothing. One pass; linear in the
/// events, times the tasks for some of them.
[[nodiscard]] occasion_set occasions_in(const scenario& s, const trace& t);

}  // namespace galley::spec
