/* SPDX-License-Identifier: BSL-1.0
 *
 * Cancellation: a task (PARENT) opens a scope with a timeout, and in it a group with up to two children; completion,
 * timeout, a failing child, a child that cancels its own group, a cancellation from outside, and shields race.
 *
 * As code: include/galley/kernel/scope_tree.cpp (cancel, mark_below), context.cpp (interrupt, step), children.cpp
 * (child_ended, verdict), cancel_scope.cpp (outcome_of). The tree is PARENT > SCOPE > GROUP > children.
 *
 * A step of a task is one step of the model. Which of the ready tasks has its turn is left open: READY-1 allows only
 * one of these orders, so what holds here holds there.
 *
 * CHILDREN: 1 or 2. STEPS: awaits of each. MAY: what they may do, a sum of the numbers below. TIMEOUT, CANCELS: whether
 * the scope times out, and PARENT is cancelled from outside. FULFIL: the world may fulfil a wait (0: only operations
 * complete). IDLE: the world may do nothing, for ever.
 *
 * spin -P"clang-19 -std=gnu99 -E -x c" -a cancel.pml && clang-19 -O2 -DNFAIR=4 -o cancel pan.c
 * CHILDREN=2 MAY=15 TIMEOUT=1 ./cancel -E -N safety -m100000                           safety
 * CHILDREN=2 MAY=3 CANCELS=1 IDLE=1 ./cancel -A -a -f -N cancelled_ends -m100000       liveness
 * FAULT=C3 ONLY=none_waits_for_ever CHILDREN=2 MAY=8 ./cancel -E -N safety -m100000    must be violated
 */

#define SETTINGS(X) X(CHILDREN, 2) X(STEPS, 1) X(MAY, 1) X(TIMEOUT, 0) X(CANCELS, 0) X(FULFIL, 1) X(IDLE, 0)

/* MAY */
#define WAIT 1                    /* for what is withdrawn at once: a timer, a join, an event */
#define OPERATE 2                 /* an operation: cancelling it is a request */
#define SHIELD 4                  /* an operation inside a shield */
#define FAIL 8
#define CANCEL_GROUP 16
#define SWALLOW 32                /* go on after an await that ended cancelled */
#define BODY_WAITS 64             /* the body of the group waits, too */

#define FAULTS(X) \
    X(C1)  /* a cancellation replaces the outcome of a task that is ready */ \
    X(C3)  /* a child that is cancelled before its first step is dropped, and nobody is told */ \
    X(C4)  /* who cancels its own group waits for the group to end */ \
    X(C5)  /* edge-triggered: the cancellation is used up by the first await that it ends */ \
    X(C6)  /* who waits inside its own shield is interrupted */ \
    X(C7)  /* who waits for children is interrupted: the group ends without them */ \
    X(C8)  /* the second failure is dropped */ \
    X(C9)  /* a scope absorbs also what came from further out */ \
    X(C10) /* a timeout counts, though everybody has finished */ \
    X(C11) /* only the innermost open scope is marked, not what is below it */ \
    X(C12) /* the owner is interrupted before its children */ \
    X(C13) /* a child that ended cancelled counts as one that gave a value */ \
    X(C14) /* the failing child is reported, and is thrown, too */ \
    X(C15) /* cancelling an operation resumes its task at once */ \
    X(C16) /* a task that fails because it is cancelled ends twice */ \
    X(C17) /* a failure cancels the scope around the group, too */ \
    X(C18) /* who is cancelled before its first step runs its body nevertheless */ \
    X(C19) /* who is ready is made ready once more when it is cancelled */

#define PROPERTIES(X) \
    X(one_outcome)          /* CANCEL-6 */ \
    X(no_double_resume)     /* READY-4 */ \
    X(completion_wins)      /* CANCEL-1: who is ready keeps its outcome */ \
    X(buffer_stays)         /* IO-2, IO-3: nobody goes on while its operation is in flight */ \
    X(cancelled_start)      /* CANCEL-2: who is cancelled before its first step does not run its body */ \
    X(level)                /* CANCEL-3: in a cancelled scope, and no shield, nothing is waited for */ \
    X(shield_holds)         /* CANCEL-3, CANCEL-7: what a shield protects ends by itself */ \
    X(outer_wins)           /* CANCEL-5 */ \
    X(value_kept)           /* CANCEL-5: if nothing was cut off, there is nothing to report */ \
    X(no_value_made_up)     /* TASK-6: if something was cut off, the group gives no value */ \
    X(reaches_all)          /* CANCEL-7: what is below is marked, and does not go on waiting */ \
    X(children_first)       /* CANCEL-7 */ \
    X(nothing_beside)       /* CANCEL-7: what is around the cancelled scope is not */ \
    X(group_waits)          /* TASK-6: it ends when its body and its children have */ \
    X(failure_once)         /* TASK-6: the first comes out, the others go to the handler, none is lost or doubled */ \
    X(none_waits_for_ever)  /* all that is left to wait for comes */

#define GOALS(X) \
    X(cancelled_before_the_first_step) X(operation_wins) X(operation_cancelled) X(ready_when_cancelled) \
    X(marked_behind_a_shield) X(timeout_absorbed) X(timeout_and_outer) X(timeout_but_all_finished) X(two_failures) \
    X(refused_await) X(cancels_its_own_group) X(parent_cancelled) X(absorbed_by_the_group) X(failure_comes_out)

#include "choices.pml"

#define PARENT 0                  /* the tasks: 0, 1, 2 */
#define SCOPE 3                   /* nodes of the tree: the tasks, and these */
#define GROUP 4

mtype = { UNBORN, READY, RUNNING, WAITING, OPERATING, EXITING, ENDED };
mtype = { NONE, VALUE, EXCEPTION, CANCELLED, ABSORBED };

mtype state[3] = UNBORN;
mtype arrived[3] = NONE;          /* the outcome that a ready task will find */
bit begun[3], shielded[3];
byte steps[3];
bit cancelled[5], requested[5];
bit scope_open, group_open;
byte in_flight, asked;            /* bits: operations of tasks; those that were asked to end */
byte left;                        /* children that have not ended */
bit child_cancelled, body_cancelled, in_body;
byte thrown;                      /* the child whose failure comes out of the group; 0 none */
mtype verdict = NONE, result = NONE;

/* ---- what is known of the outcome ---- */
mtype kept[3] = NONE;             /* the outcome with which a task was made ready */
byte outcomes[3];
byte failed, handled;             /* bits: children */
bit marked[5];                    /* was cancelled, by the rules */
bit ended_cancelled;              /* a child has */
bit outer_first;                  /* the group was judged when what is around it was cancelled */

#define bit_of(n) (1 << (n))
#define may(what) ((MAY & (what)) != 0)
#define alive(t) (state[t] != UNBORN && state[t] != ENDED)

inline make_ready(t_, how_) {
    must(no_double_resume, state[t_] != READY && state[t_] != RUNNING && state[t_] != ENDED);
    must(buffer_stays, (in_flight & bit_of(t_)) == 0);
    state[t_] = READY; arrived[t_] = how_; kept[t_] = how_
}

/* context::interrupt */
inline interrupt(t_) {
    if
    :: shielded[t_] && !C6 -> reached(marked_behind_a_shield)
    :: else ->
        must(shield_holds, !shielded[t_]);
        if
        :: state[t_] == WAITING -> make_ready(t_, CANCELLED)
        :: state[t_] == OPERATING && !C15 -> asked = asked | bit_of(t_)
        :: state[t_] == OPERATING && C15 -> make_ready(t_, CANCELLED)
        :: state[t_] == EXITING && C7 -> make_ready(t_, CANCELLED)
        :: state[t_] == READY ->
            reached(ready_when_cancelled);
            if
            :: C1 && begun[t_] -> arrived[t_] = CANCELLED
            :: C3 && !begun[t_] -> state[t_] = ENDED
            :: C19 -> make_ready(t_, CANCELLED)
            :: else
            fi
        :: else
        fi
    fi
}

inline interrupt_parent() {
    must(children_first, !group_open || ((!alive(1) || cancelled[1]) && (!alive(2) || cancelled[2])));
    interrupt(PARENT)
}

inline mark_children() {
    if
    :: !C11 && alive(1) && !cancelled[1] -> cancelled[1] = 1; interrupt(1)
    :: else
    fi;
    if
    :: !C11 && alive(2) && !cancelled[2] -> cancelled[2] = 1; interrupt(2)
    :: else
    fi
}

/* scope_node::cancel: marks what is below that was not marked before, children in order, the owner last */
inline cancel_node(node) {
    if
    :: requested[node]
    :: else ->
        requested[node] = 1;
        /* by the rules, independently of how it is done */
        marked[node] = 1;
        marked[SCOPE] = marked[SCOPE] || (scope_open && node == PARENT);
        marked[GROUP] = marked[GROUP] || (group_open && marked[SCOPE]);
        marked[1] = marked[1] || (alive(1) && marked[GROUP]);
        marked[2] = marked[2] || (alive(2) && marked[GROUP]);
        if
        :: C12 -> interrupt_parent()
        :: else
        fi;
        if
        :: cancelled[node]
        :: else ->
            cancelled[node] = 1;
            if
            :: node == PARENT && scope_open && !cancelled[SCOPE] -> cancelled[SCOPE] = 1
            :: else
            fi;
            if
            :: group_open && (node == GROUP || cancelled[SCOPE]) ->
                cancelled[GROUP] = 1;
                mark_children()
            :: else
            fi
        fi;
        interrupt_parent();
        must(reaches_all, !marked[GROUP] || cancelled[GROUP]);
        must(reaches_all, (!marked[1] || cancelled[1]) && (!marked[2] || cancelled[2]));
        must(nothing_beside, (!cancelled[PARENT] || marked[PARENT]) && (!cancelled[SCOPE] || marked[SCOPE]));
        must(reaches_all, (state[1] != WAITING || !marked[1]) && (state[2] != WAITING || !marked[2]))
    fi
}

/* children::verdict, and cancel_scope::outcome_of */
#define outer_cancelled ((cancelled[SCOPE] || cancelled[PARENT]) && !C9)
#define cut_off (body_cancelled || (child_cancelled && cancelled[GROUP] && !C13) || (C10 && cancelled[GROUP]))
#define judged \
    (thrown != 0 -> EXCEPTION : (cut_off -> (requested[GROUP] && !outer_cancelled -> ABSORBED : CANCELLED) : VALUE))

inline judge() { verdict = judged; outer_first = marked[SCOPE] || marked[PARENT] }

inline child_ended(how_) {
    left--;
    child_cancelled = child_cancelled || how_ == CANCELLED;
    if
    :: how_ == EXCEPTION && thrown == 0 ->
        thrown = t;
        handled = handled | (C14 -> bit_of(t) : 0);
        if
        :: C17 -> cancelled[SCOPE] = 1
        :: else
        fi;
        cancel_node(GROUP)
    :: how_ == EXCEPTION && thrown != 0 ->
        reached(two_failures);
        handled = handled | (C8 -> 0 : bit_of(t))
    :: else
    fi;
    if
    :: left == 0 && state[PARENT] == EXITING -> judge(); make_ready(PARENT, VALUE)
    :: else
    fi
}

inline finish(how_) {
    outcomes[t]++;
    must(one_outcome, outcomes[t] == 1);
    state[t] = ENDED;
    ended_cancelled = ended_cancelled || how_ == CANCELLED;
    failed = (how_ == EXCEPTION -> failed | bit_of(t) : failed);
    child_ended(how_);
    if
    :: C16 && how_ == EXCEPTION && cancelled[t] -> state[t] = WAITING; left++; make_ready(t, VALUE)
    :: else
    fi
}

/* A child's step, until it waits or has ended. `refused`: its latest await ended cancelled. */
inline child_step() {
    refused = 0;
    if
    :: !begun[t] ->
        begun[t] = 1;
        if
        :: cancelled[t] && !C18 -> reached(cancelled_before_the_first_step); finish(CANCELLED); goto turn_over
        :: else -> must(cancelled_start, !marked[t])
        fi
    :: else ->
        must(completion_wins, arrived[t] == kept[t]);
        refused = (arrived[t] == CANCELLED);
        shielded[t] = 0
    fi;
    do
    :: refused -> refused = 0; cancelled[t] = cancelled[t] && !C5; finish(CANCELLED); break
    :: refused && may(SWALLOW) -> refused = 0; cancelled[t] = cancelled[t] && !C5
    :: !refused -> finish(VALUE); break
    :: !refused && may(FAIL) -> finish(EXCEPTION); break
    :: !refused && may(CANCEL_GROUP) && !requested[GROUP] ->
        reached(cancels_its_own_group);
        cancel_node(GROUP);
        if
        :: C4 -> state[t] = EXITING; break
        :: else
        fi
    :: !refused && steps[t] > 0 && (may(WAIT) || may(OPERATE)) && cancelled[t] ->
        reached(refused_await);
        steps[t]--; refused = 1
    :: !refused && steps[t] > 0 && may(WAIT) && !cancelled[t] ->
        must(level, !marked[t]);
        steps[t]--; state[t] = WAITING; break
    :: !refused && steps[t] > 0 && may(OPERATE) && !cancelled[t] ->
        must(level, !marked[t]);
        steps[t]--; state[t] = OPERATING; in_flight = in_flight | bit_of(t); break
    :: !refused && steps[t] > 0 && may(SHIELD) ->
        steps[t]--; state[t] = OPERATING; in_flight = in_flight | bit_of(t); shielded[t] = 1; break
    od;
turn_over:
    refused = 0
}

inline open_and_spawn() {
    begun[PARENT] = 1;
    scope_open = 1; cancelled[SCOPE] = cancelled[PARENT]; marked[SCOPE] = marked[PARENT];
    group_open = 1; cancelled[GROUP] = cancelled[SCOPE]; marked[GROUP] = marked[SCOPE];
    do
    :: left < CHILDREN ->
        left++;
        cancelled[left] = cancelled[GROUP]; marked[left] = marked[GROUP];
        make_ready(left, VALUE)
    :: else -> break
    od;
    in_body = 1
}

/* The group's exit: it is not refused, and not interrupted (CANCEL-3, CANCEL-7). */
inline leave_body() {
    in_body = 0;
    if
    :: left == 0 -> judge(); state[PARENT] = EXITING; make_ready(PARENT, VALUE)
    :: else -> state[PARENT] = EXITING
    fi
}

/* Leaves the group, the scope, and ends. */
inline leave_all() {
    must(group_waits, !alive(1) && !alive(2));
    must(failure_once, (failed & ~handled) == (thrown != 0 -> bit_of(thrown) : 0));
    must(value_kept, verdict == VALUE || verdict == EXCEPTION || ended_cancelled || body_cancelled);
    must(no_value_made_up, verdict != VALUE || !(ended_cancelled || body_cancelled));
    must(outer_wins, verdict != ABSORBED || !outer_first);
    group_open = 0;
    result = verdict;
    if
    :: verdict == CANCELLED ->
        result = (requested[SCOPE] && (!cancelled[PARENT] || C9) -> ABSORBED : CANCELLED);
        must(outer_wins, result == CANCELLED || !marked[PARENT]);
        if
        :: result == ABSORBED -> reached(timeout_absorbed)
        :: result == CANCELLED && requested[SCOPE] -> reached(timeout_and_outer)
        :: result == CANCELLED && !requested[SCOPE] -> reached(parent_cancelled)
        fi
    :: verdict == ABSORBED -> reached(absorbed_by_the_group)
    :: verdict == EXCEPTION -> reached(failure_comes_out)
    :: verdict == VALUE && requested[SCOPE] -> reached(timeout_but_all_finished)
    :: else
    fi;
    scope_open = 0;
    outcomes[PARENT]++;
    must(one_outcome, outcomes[PARENT] == 1);
    state[PARENT] = ENDED
}

inline parent_step() {
    if
    :: !begun[PARENT] && cancelled[PARENT] ->
        begun[PARENT] = 1; result = CANCELLED; outcomes[PARENT]++; state[PARENT] = ENDED
    :: !begun[PARENT] && !cancelled[PARENT] ->
        open_and_spawn();
        if
        :: may(BODY_WAITS) -> state[PARENT] = WAITING
        :: leave_body()
        fi
    :: begun[PARENT] && in_body ->
        if
        :: arrived[PARENT] == CANCELLED -> body_cancelled = 1; cancel_node(GROUP)
        :: else
        fi;
        leave_body()
    :: begun[PARENT] && !in_body -> leave_all()
    fi
}

proctype program() {
    byte t;
    bit refused;
end:
    do
    :: atomic { state[PARENT] == READY -> t = PARENT; state[t] = RUNNING; parent_step(); t = 0 }
    :: atomic { state[1] == READY -> t = 1; state[t] = RUNNING; child_step(); t = 0 }
    :: atomic { state[2] == READY -> t = 2; state[t] = RUNNING; child_step(); t = 0 }
    od
}

/* An operation ends: with what it did, or, if it was asked to, cancelled. */
inline operation_ends(t_) {
    atomic { in_flight & bit_of(t_) ->
        in_flight = in_flight & ~bit_of(t_);
        if
        :: state[t_] == OPERATING && (asked & bit_of(t_)) ->
            reached(operation_cancelled); make_ready(t_, CANCELLED)
        :: state[t_] == OPERATING && (asked & bit_of(t_)) -> reached(operation_wins); make_ready(t_, VALUE)
        :: state[t_] == OPERATING && !(asked & bit_of(t_)) -> make_ready(t_, VALUE)
        :: state[t_] != OPERATING                         /* C15 */
        fi;
        asked = asked & ~bit_of(t_)
    }
}

proctype world() {
    bit timed_out, cancelled_it;
end:
    do
    :: IDLE -> skip
    :: operation_ends(1)
    :: operation_ends(2)
    :: atomic { FULFIL && state[PARENT] == WAITING -> make_ready(PARENT, VALUE) }
    :: atomic { FULFIL && state[1] == WAITING -> make_ready(1, VALUE) }
    :: atomic { FULFIL && state[2] == WAITING -> make_ready(2, VALUE) }
    :: atomic { TIMEOUT && scope_open && !timed_out -> timed_out = 1; cancel_node(SCOPE) }
    :: atomic { CANCELS && state[PARENT] != ENDED && !cancelled_it -> cancelled_it = 1; cancel_node(PARENT) }
    od
}

active proctype watch() {
end:
    timeout -> must(none_waits_for_ever, state[PARENT] == ENDED)
}

init {
    read_choices();
    atomic {
        make_ready(PARENT, VALUE);
        steps[1] = STEPS; steps[2] = STEPS;
        run program(); run world()
    }
}

/* Liveness. A world is fair if it completes what is in flight, and fulfils what is waited for; if somebody cancels, it
 * need not do the latter. Spin's fairness, of processes, is not that: with IDLE=1 the world may do nothing for ever. */
#define completes_operations ([] <> (in_flight == 0))
#define nobody_waits ((in_flight != 0) + (state[0] == WAITING) + (state[1] == WAITING) + (state[2] == WAITING) == 0)
#define fulfils_all ([] <> nobody_waits)    /* one atom, as formulas are translated in exponential time */
ltl safety         { [] true }     /* no claim: the assertions alone */
ltl all_end        { fulfils_all -> <> (state[0] == ENDED) }
ltl cancelled_ends { (completes_operations && <> requested[0]) -> <> (state[0] == ENDED) }
ltl timeout_ends   { (completes_operations && <> requested[3]) -> <> (state[0] == ENDED) }
/* These two must fail: what nobody cancels may wait for what never comes; and the premise can be met. */
ltl uncancelled_ends { completes_operations -> <> (state[0] == ENDED) }
ltl cannot_be_fair { !(fulfils_all && <> (in_flight != 0) && <> (state[1] == WAITING)) }
