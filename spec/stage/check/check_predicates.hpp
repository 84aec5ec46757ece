// SPDX-License-Identifier: BSL-1.0
// The predicates of the rule checker. The table in check_predicates.cpp has one row for each, in this order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace galley::spec {

enum class predicate : std::uint8_t {
    // form (check_form.cpp)
    spawn_numbers,
    known_task,
    place,
    scope_numbers,
    world_order,
    result_form,
    run_exits,
    box_order,
    box_place,
    one_step,
    actor,
    ended_stays_ended,
    one_end,
    run_not_nested,
    // the ready queue (check_ready.cpp)
    queue_order,
    collect_order,
    round_count,
    round_used_up,
    once_ready,
    cause_fits,
    spawn_ready,
    later_round,
    append_awaits,
    wait_idle,
    // awaits and their outcomes (check_await.cpp)
    budget_kept,
    budget_used,
    suspends,
    delivered,
    with_fits,
    start_first,
    failure_leaves,
    cancellation_leaves,
    outcome_passed,
    end_outcome,
    // time (check_time.cpp)
    sample_grows,
    step_at_sample,
    now_grows,
    fire_due,
    key_rounded,
    slept_enough,
    fire_once,
    fire_wakes,
    all_due,
    fire_order,
    timer_numbers,
    past_deadline,
    wait_has_deadline,
    wait_ends,
    // operations and posts (check_io.cpp)
    complete_once,
    complete_wakes,
    operation_numbers,
    result_delivered,
    transfer_size,
    post_once,
    post_refused,
    // owners of outcomes (check_task.cpp)
    join_outcome,
    join_after_end,
    cancel_answer,
    unobserved_failure,
    failure_lost,
    children_ended,
    all_outcome,
    any_winner,
    handover_order,
    mutex_owner,
    // scopes (check_scope.cpp)
    scope_nesting,
    scope_closed,
    spawn_scope,
    cancelled_start,
    cancelled_await,
    // whom a cancellation reaches (check_reach.cpp)
    cancel_reaches,
    // the loop's life (check_life.cpp)
    pending_list,
    verdict_fits,
    stop_ends_round,
    stop_wins,
    destroy_order,
    all_destroyed,
};
inline constexpr std::size_t predicate_count = static_cast<std::size_t>(predicate::all_destroyed) + 1;

}  // namespace galley::spec
