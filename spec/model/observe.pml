/* SPDX-License-Identifier: BSL-1.0
 *
 * Where the model says what a trace of the code would say. `observe(event, a, b)` stands, without a semicolon, wherever
 * loop.pml does what a loop is seen doing; the events are listed in tying/observe.h, and README.md says what makes them
 * of a trace. In an ordinary checker it is nothing at all. In one that is made with -DTIED it is one step:
 *
 *   FOLLOW=file   each line is what was seen of a trace. Only paths are taken on which the model does the same
 *   TELL=1        paths that differ in what was seen are never taken for one, and what was seen on each is printed
 */

/* The words of traces. */
#define box_start 0
#define box_pending 1
#define box_pick 2
#define box_run 3
#define box_save 4
#define box_check 5
#define box_continue 6
#define with_start 0
#define with_value 1
#define with_error 2
#define on_yield 0
#define on_sleep 1
#define on_read 2
#define on_join 3
#define on_wait 4
#define on_ready 5
#define on_start 6
#define by_spawn 0
#define by_yield 1
#define by_timer 2
#define by_complete 3
#define by_join 4
#define by_handover 5
#define by_post 6
#define said_stopped 0
#define said_completed 1
#define said_deadlocked 2

#ifndef TIED
#define TIED_SETTINGS(X)
#define observe(event, a, b)
#define observe_if(condition, event, a, b)
#define box(name)
#define observe_exit()
#define observe_end()
#define observe_roots()
#define choose_trace()
#else
#define TIED_SETTINGS(X) X(FREE, 0) X(DATA, 0) X(IDLE_FOR, 1)
c_decl {
\#include "tying/observe.h"
}
hidden byte seen_a, seen_b;
hidden int kind;                  /* of state: what a state has in common with others like it */
hidden short last_trace;          /* FOLLOW: how many there are, without one */
short which;                      /* FOLLOW: the trace */
short seen;                       /* how many events */
int told_high, told_low;          /* TELL: what all of them were, hashed */
bit refused;                      /* FOLLOW: the trace says otherwise */

#define kind_of_state \
    (state[0] | state[1] << 4 | state[2] << 8 | has(ready) << 12 | has(timers) << 13 | (operations > 0) << 14 | \
     has(inbox) << 15 | stop_requested << 16 | (remotes > 0) << 17 | gone << 18 | (round > 0) << 19)
#define observe(event, a, b) \
    d_step { seen_a = (a); seen_b = (b); kind = kind_of_state; c_code { \
        now.refused = !see(saw_##event, seen_a, seen_b, now.which, &now.seen, &now.told_high, &now.told_low, \
                           (unsigned)kind, &now, vsize, &now.instant, &now.rank); \
    } }; \
    !refused;
#define observe_if(condition, event, a, b) \
    if \
    :: condition -> observe(event, a, b) \
    :: else \
    fi;

#define box(name) true; observe(box, box_##name, 0)

/* The second step of `init`: which trace is followed. */
inline choose_trace() {
    c_code { last_trace = read_traces(); };
    do
    :: which < last_trace -> which++
    :: break
    od;
    true                          /* as Spin lets nobody jump to a d_step */
}

inline observe_roots() {
    do
    :: t < ROOTS -> observe(spawn, t, NOBODY) observe(ready, t, by_spawn) t++
    :: else -> t = 0; break
    od;
    may_be_gone()
}

/* `run` returns: each task that has not ended, with what it awaits, and the verdict. */
inline observe_exit() {
    do
    :: i < 3 ->
        if
        :: state[i] == READY -> observe(left, i, (steps[i] == STEPS -> on_start : on_ready))
        :: state[i] == SLEEPING -> observe(left, i, on_sleep)
        :: state[i] == IN_FLIGHT -> observe(left, i, on_read)
        :: state[i] == JOINING -> observe(left, i, on_join)
        :: state[i] == HANGING -> observe(left, i, on_wait)
        :: else
        fi;
        i++
    :: else -> i = 0; break
    od;
    true;
    observe(exit, (verdict == STOPPED -> said_stopped : (verdict == COMPLETED -> said_completed : said_deadlocked)), 0)
}

inline observe_end() { c_code { told_all(now.seen); } }
#endif
