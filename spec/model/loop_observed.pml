/* SPDX-License-Identifier: BSL-1.0
 *
 * What is seen of loop.pml, besides what stands in it as `observe` (observe.pml). README.md says what makes these events
 * of a trace.
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
#define box(name)
#define observe_exit()
#define observe_roots()
#else
c_decl {
\#include "tying/loop_events.h"
\#include "tying/observe.h"
}
#define TIED_SETTINGS(X) X(FREE, 0) X(DATA, 0) X(IDLE_FOR, 1)
#define kind_of_state \
    (state[0] | state[1] << 4 | state[2] << 8 | has(ready) << 12 | has(timers) << 13 | (operations > 0) << 14 | \
     has(inbox) << 15 | stop_requested << 16 | (remotes > 0) << 17 | gone << 18 | (round > 0) << 19)
#define box(name) true; observe(box, box_##name, 0)
#endif

#include "observe.pml"

#ifdef TIED
inline observe_roots() {
    c_code { leave_out(&now.instant, 1); leave_out(&now.rank, 1); };      /* how far a look at the world is */
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
#endif
