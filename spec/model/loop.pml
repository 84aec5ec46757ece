/* SPDX-License-Identifier: BSL-1.0
 *
 * The loop: the flowchart's boxes are labels of `loop`, in the order and with the names of ref/loop.cpp; what stands in
 * a box is the inline of that name. Up to three tasks choose, in each step, what they do next; a world completes their
 * operations, moves the clock, posts callbacks, asks to stop, and lets the last remote go.
 *
 * What the loop's thread alone can see is one step of the model. What other threads can see is one for each lock of
 * ref/inbox.hpp, so the world may come in between any two. (How fast/ does without the lock: wakeup.pml.)
 *
 * TASKS, ROOTS: how many there can be, and are started before the loop is run. STEPS: how many each may take.
 * MAY: what a task may choose, a sum of the numbers below; to end is always possible. FAR: the longest sleep. R: the
 * resolution of time. POSTS, STOPS: how often the world may. ASK: B of WAIT-4. IDLE: the world may do nothing for ever.
 * BUSY: task 0 may yield without counting its steps, for ever.
 *
 * spin -P"clang-19 -std=gnu99 -E -x c" -a loop.pml && clang-19 -O2 -DNFAIR=4 -o loop pan.c
 * TASKS=2 STEPS=2 MAY=3 ./loop -E -N safety -m100000                          safety
 * TASKS=2 STEPS=2 MAY=6 IDLE=1 ./loop -A -a -f -N completes -m100000          liveness, one claim at a time
 * FAULT=T9 ONLY=timer_order TASKS=3 STEPS=1 MAY=2 ./loop -E -N safety -m100000    must be violated
 *
 * `observe` and `box` say what a trace of the code would say there, and are nothing unless the checker is made with
 * -DTIED: loop_observed.pml. Its world is another one then: sim_driver.pml.
 */

#define ENTRIES 5                 /* of the ready queue: tasks 0 to 2, and callbacks */
#define CALLBACK 3                /* the first of them */
#define NOBODY 7
#define NEVER 255

#define has(queue) (len(queue) > 0)
#define none(queue) (len(queue) == 0)
#define bit_of(n) (1 << (n))

#include "loop_observed.pml"

#define SETTINGS(X) \
    X(TASKS, 2) X(ROOTS, 2) X(STEPS, 2) X(MAY, 1) X(FAR, 1) X(R, 1) X(POSTS, 0) X(STOPS, 0) X(ASK, 1) \
    X(IDLE, 0) X(BUSY, 0) TIED_SETTINGS(X)

/* MAY */
#define YIELD 1
#define TIMER 2
#define OPERATION 4
#define JOIN 8
#define SPAWN 16
#define FAIL 32
#define HANG 64                   /* wait for what a callback will bring; each callback wakes all who do */

#define FAULTS(X) \
    X(W5) /* when to wake is computed before the steps of the round, which start timers */ \
    X(W8) /* it goes to sleep without looking at the inbox again */ \
    X(F1) /* what a step makes ready goes into a slot that is served first */ \
    X(F2) /* while something is ready the driver is not asked */ \
    X(F3) /* while something is ready posts are not collected */ \
    X(F5) /* the round is not a snapshot: what becomes ready meanwhile runs in it */ \
    X(L5) /* a completion stays in the list when it is reported */ \
    X(N1) /* a spawned task runs at once, inside its spawner's step */ \
    X(T9) /* equal keys in the tasks' order, not in start order */ \
    X(T10) /* a key is rounded down */ \
    X(D1) /* one timer is collected at a time, though more are due */ \
    X(S1) /* the stop request is not consumed: it poisons the next run */ \
    X(S2) /* a stop that comes during a collect is overlooked until the round after */ \
    X(S3) /* a stop drops what is ready */ \
    X(S4) /* a stop is looked for only when nothing is ready */ \
    X(V1) /* the inbox is read before the remotes */ \
    X(V2) /* the last remote goes, and nobody is told */ \
    X(V3) /* operations in flight are forgotten in the verdict */ \
    X(M1) /* posts are copied out of the inbox, not taken */ \
    X(M2) /* posts are collected newest first */ \
    X(E1) /* a task that has failed goes on */ \
    X(U1) /* a failure that nobody can take any more vanishes */ \
    X(G1) /* only the roots are counted as pending */

#define PROPERTIES(X) \
    X(never_blocks)          /* WAIT-1: it sleeps only if nothing is ready, posted, or asked */ \
    X(wait_until_first_key)  /* WAIT-2 */ \
    X(none_waits_for_ever)   /* WAIT-3, LIFE-1: if nothing can happen any more, run has returned */ \
    X(asks_the_driver)       /* WAIT-4 */ \
    X(one_step)              /* READY-3 */ \
    X(once_in_queue)         /* READY-4 */ \
    X(no_double_resume)      /* READY-4: who is resumed was made ready, once, and has not ended */ \
    X(fifo)                  /* READY-1 */ \
    X(round_exact)           /* READY-2, TASK-1: a round runs what was there at its start, each once, nothing else */ \
    X(never_early)           /* TIME-2 */ \
    X(timer_order)           /* TIME-4 */ \
    X(all_due)               /* TIME-3 */ \
    X(stop_ends_round)       /* LIFE-2: no round begins after a stop was asked for */ \
    X(stop_served_once)      /* LIFE-2: stopped is returned once for a request */ \
    X(nothing_lost)          /* LIFE-3: who was made ready is in the queue, also after a stop */ \
    X(exact_deadlock)        /* LIFE-1, LIFE-7 */ \
    X(post_once)             /* POST-1 */ \
    X(post_order)            /* POST-1 */ \
    X(one_outcome)           /* CANCEL-6, TASK-2 */ \
    X(failure_once)          /* TASK-3: a failure reaches its joiner or the handler, one of them, once */ \
    X(nothing_leaked)        /* LIFE-1: completed means that nothing is left */

#define GOALS(X) \
    X(two_fire_in_one_collect) X(two_operations_in_one_collect) X(runs_again_after_stop) X(says_deadlock) \
    X(says_completed) X(joins_the_ended) X(waits_for_a_child) X(failure_is_taken) X(failure_is_reported) \
    X(stop_in_a_collect) X(post_meets_falling_asleep) X(last_remote_ends_the_wait) X(busy_queue_and_no_ask)

#include "choices.pml"

mtype = { UNBORN, READY, RUNNING, SLEEPING, IN_FLIGHT, JOINING, HANGING, ENDED };
mtype state[3] = UNBORN;
byte steps[3];                    /* left */
byte child[3] = NOBODY;           /* spawned and held, not joined */
byte joiner[3] = NOBODY;
bit orphan[3];                    /* nobody holds it any more */
chan hanging = [3] of { byte };   /* who does, in order */

/* ---- the loop's ---- */
chan ready = [ENTRIES] of { byte };
byte slot = NOBODY;               /* F1 */
byte round;                       /* entries left of the round */
byte unended;                     /* tasks started and not ended */
chan timers = [3] of { byte, byte, byte };    /* (key, start order, task), sorted: ref's map */
byte timers_started;
byte operations;                  /* started, not collected */
byte since_asked, sample;
mtype = { NONE, STOPPED, COMPLETED, DEADLOCKED };
mtype verdict = NONE;
bit finished;                     /* run has returned for good */

/* ---- shared with the world ---- */
byte clock;
byte in_flight;                   /* bits: tasks */
chan done = [4] of { byte };      /* completed, in order */
chan inbox = [2] of { byte };
bit stop_requested, sleeping, token;
byte remotes;
byte stops;                       /* how many there were */

/* ---- what is known of the outcome; nothing above depends on it ---- */
byte ahead[ENTRIES];              /* how many were before it in the ready queue */
byte member, spent;               /* bits: entries of the round; those that had their turn in it */
byte stepping = NOBODY;
byte deadline[3], key[3], older[3];    /* older: bits of the timers that were started before, and still run */
bit unserved;                     /* a stop was asked for, and no run has returned stopped since */
byte posted;                      /* how many */
byte called;                      /* bits: callbacks that had their turn */
byte outcomes[3];
byte failed, taken, reported;     /* bits: tasks */

#define may(what) ((MAY & (what)) != 0 && steps[t] > 0)
#define next_unborn (state[0] == UNBORN -> 0 : (state[1] == UNBORN -> 1 : 2))
#define joins(t_) (child[t_] != NOBODY && joiner[child[t_]] == t_)

/* Whoever changes what is shared tells a loop that sleeps. */
inline tell() {
    if
    :: sleeping -> sleeping = 0; token = 1
    :: else
    fi
}

#include "sim_driver.pml"

/* ---- the ready queue ---- */
inline make_ready(e, cause) {
    must(once_in_queue, !(ready ?? [eval(e)]) && slot != e);
    observe(ready, (e < CALLBACK -> e : CALLBACK), cause)
    if
    :: F1 && stepping != NOBODY && slot == NOBODY -> slot = e; ahead[e] = len(ready)
    :: else -> ahead[e] = len(ready); ready ! e
    fi
}
inline wake_task(t_, cause) { state[t_] = READY; make_ready(t_, cause) }

/* `e` leaves the queue. */
inline leave_queue(e) {
    must(fifo, ahead[e] == 0);
    i = 0;
    do
    :: i < ENTRIES -> ahead[i] = (ahead[i] > 0 -> ahead[i] - 1 : 0); i++
    :: else -> i = 0; break
    od;
    must(round_exact, (member & bit_of(e)) != 0 && (spent & bit_of(e)) == 0);
    spent = spent | bit_of(e)
}

/* ---- what a step consists of ---- */
inline begin_step(t_) {
    must(one_step, stepping == NOBODY);
    must(no_double_resume, state[t_] == READY);
    stepping = t_;
    state[t_] = RUNNING;
    observe(step, t_, sample)
    observe(with, t_, (steps[t_] == STEPS -> with_start :
                       (joins(t_) && (failed & bit_of(child[t_])) -> with_error : with_value)))
}

/* Starts a timer that is `distance` away. */
inline start_timer(distance) {
    deadline[t] = (distance == 0 -> sample : clock + distance);   /* TIME-6 */
    key[t] = (T10 -> (deadline[t] / R) * R : ((deadline[t] + R - 1) / R) * R);
    key[t] = (deadline[t] <= sample -> (sample / R) * R : key[t]);
    timers_started = (none(timers) -> 0 : timers_started + 1);   /* begins anew, only to have fewer states */
    older[t] = 0;
    i = 0;
    do
    :: i < 3 -> older[t] = older[t] | (state[i] == SLEEPING -> bit_of(i) : 0); i++
    :: else -> i = 0; break
    od;
    timers !! key[t], (T9 -> 0 : timers_started), t;
    state[t] = SLEEPING;
    observe(sleep, t, distance)
}

/* Nobody holds the task any more: an outcome that is there and was not taken goes to the handler. */
inline drop(c) {
    orphan[c] = 1;
    if
    :: state[c] == ENDED && (failed & bit_of(c)) && !U1 ->
        reached(failure_is_reported);
        must(failure_once, ((taken | reported) & bit_of(c)) == 0);
        reported = reported | bit_of(c);
        observe(unobserved, c, 0)
    :: else
    fi
}

/* Task `t` gets the outcome of its child, which has ended. */
inline take_outcome() {
    if
    :: failed & bit_of(child[t]) ->
        reached(failure_is_taken);
        must(failure_once, ((taken | reported) & bit_of(child[t])) == 0);
        taken = taken | bit_of(child[t])
    :: else
    fi;
    observe(join, t, ((failed & bit_of(child[t])) != 0))
    child[t] = NOBODY
}

inline finish() {
    if
    :: child[t] != NOBODY -> drop(child[t]); child[t] = NOBODY
    :: else
    fi;
    outcomes[t]++;
    must(one_outcome, outcomes[t] == 1);
    state[t] = ENDED;
    unended = (G1 && unended == 0 -> 0 : unended - 1);
    observe(end, t, ((failed & bit_of(t)) != 0))
    if
    :: joiner[t] != NOBODY -> wake_task(joiner[t], by_join)
    :: joiner[t] == NOBODY && orphan[t] -> drop(t)
    :: else
    fi
}

/* One step of task `t`: until it awaits something that is not there. */
inline task_step() {
    begin_step(t);
    if
    :: joins(t) -> take_outcome()
    :: else
    fi;
    do
    :: !(BUSY && t == 0) && may_end -> finish(); break
    :: BUSY && t == 0 -> wake_task(t, by_yield); break
    :: may(YIELD) -> steps[t]--; wake_task(t, by_yield); observe(await, t, on_yield) break
    :: may(TIMER) ->
        steps[t]--;
        do                                                /* n: how far away */
        :: n < FAR -> n++
        :: break
        od;
        start_timer(n);
        n = 0;
        break
    :: may(OPERATION) && is_there(t) ->                   /* satisfied: the step goes on */
        steps[t]--;
        take_what_is_there(t)
        observe(at_once, t, 0)
    :: may(OPERATION) && is_not_there(t) ->
        steps[t]--; operations++; in_flight = in_flight | bit_of(t); in_flight_since(t)
        state[t] = IN_FLIGHT;
        observe(await, t, on_read)
        break
    :: may(HANG) -> steps[t]--; state[t] = HANGING; hanging ! t; observe(await, t, on_wait) break
    :: may(SPAWN) && next_unborn < TASKS && state[next_unborn] == UNBORN ->     /* and the step goes on */
        steps[t]--;
        n = next_unborn;
        unended = unended + (G1 -> 0 : 1);
        state[n] = READY;
        observe(spawn, n, t)
        if
        :: N1 -> begin_step(n)
        :: else -> make_ready(n, by_spawn)
        fi;
        if
        :: child[t] != NOBODY -> drop(child[t])
        :: else
        fi;
        child[t] = n;
        n = 0
    :: child[t] != NOBODY -> drop(child[t]); child[t] = NOBODY; observe(drop, t, 0)
    :: may(JOIN) && child[t] != NOBODY ->
        steps[t]--;
        if
        :: state[child[t]] == ENDED -> reached(joins_the_ended); take_outcome()    /* satisfied: the step goes on */
        :: else ->
            reached(waits_for_a_child);
            joiner[child[t]] = t; state[t] = JOINING;
            observe(await, t, on_join)
            break
        fi
    :: may(FAIL) && may_end ->
        steps[t]--;
        failed = failed | bit_of(t);
        finish();
        if
        :: E1 -> unended++; wake_task(t, by_yield)
        :: else
        fi;
        break
    OTHER_CHOICES
    od;
    stepping = NOBODY
}

/* The callback of a post: it wakes all who hang. */
inline callback_turn() {
    must(post_once, (called & bit_of(picked)) == 0);
    must(post_order, picked == CALLBACK || (called & bit_of(picked - 1)) != 0);
    called = called | bit_of(picked);
    observe(callback, picked - CALLBACK, 0)
    do
    :: hanging ? t -> wake_task(t, by_handover)
    :: none(hanging) -> t = 0; break
    od
}

/* ---- the boxes ---- */

/* LIFE-1. Each read of what is shared is a step of its own. */
inline over() {
    verdict = NONE;
    if
    :: round > 0 || slot != NOBODY
    :: else ->
        if
        :: stop_requested && !(S4 && has(ready)) -> verdict = STOPPED
        :: !stop_requested && unended == 0 -> verdict = COMPLETED
        :: else ->
            if                                            /* LIFE-7: the remotes first */
            :: V1 -> had_posts = has(inbox); had_remotes = (remotes > 0)
            :: else -> had_remotes = (remotes > 0); had_posts = has(inbox)
            fi;
            atomic {
                if
                :: none(ready) && none(timers) && !had_posts &&
                   (((operations == 0 || V3) && !had_remotes) || exhausted) ->
                    verdict = DEADLOCKED
                :: else
                fi;
                had_posts = 0; had_remotes = 0
            }
        fi
    fi
}

/* The only place that blocks. */
inline look_at_driver() {
    asked = 0;
    if
    :: atomic { none(ready) && none(inbox) ->
            first_key();
            until = (W5 -> cached : first)
        }
        atomic {                                          /* fall_asleep */
            if
            :: W8 -> sleeping = 1
            :: else -> sleeping = none(inbox) && !stop_requested && !(none(timers) && operations == 0 && remotes == 0)
            fi;
            asleep = sleeping;
            must(never_blocks, !asleep || (none(ready) && none(inbox) && !stop_requested));
            if
            :: !asleep && has(inbox) -> reached(post_meets_falling_asleep)
            :: else
            fi
        }
        if
        :: asleep ->
            must(wait_until_first_key, until == first);
            observe(wait, until, 0)
            sim_look(until)
            atomic {
                (token || has(done) || (until != NEVER && clock >= until) || returns_for_nothing) ->
                if
                :: token && none(done) && remotes == 0 && none(inbox) && !stop_requested ->
                    reached(last_remote_ends_the_wait)
                :: else
                fi;
                token = 0;
                asked = len(done)
            }
            atomic { sleeping = 0; asleep = 0 }           /* awake */
        :: else ->
            sim_look(clock)
            asked = len(done)
        fi;
        since_asked = 0;
        take_sample()
    :: has(ready) || has(inbox) ->
        if
        :: since_asked >= ASK && !F2 ->
            sim_look(clock)
            asked = len(done);
            since_asked = 0;
            take_sample()
        :: else -> reached(busy_queue_and_no_ask)
        fi
    fi;
    first = 0; until = 0
}

inline take_sample() {
    observe_if(clock != sample, sample, clock, 0)
    sample = clock
}

inline first_key() {
    if
    :: has(timers) -> timers ? <first, _, _>
    :: else -> first = NEVER
    fi
}

inline collect_operations() {
    if
    :: asked > 1 -> reached(two_operations_in_one_collect)
    :: else
    fi;
    do
    :: asked > 0 ->
        asked--;
        done ? t;
        observe(complete, t, 0)
        if
        :: L5 -> done ! t
        :: else -> operations--
        fi;
        wake_task(t, by_complete)
    :: else -> break
    od
}

inline collect_timers() {
    n = 0;
    do
    :: has(timers) && !(D1 && n > 0) ->
        timers ? <first, _, t>;
        if
        :: first > sample -> break
        :: else ->
            timers ? _, _, _;
            observe(fire, t, first)
            must(never_early, deadline[t] <= clock);
            i = 0;
            do
            :: i < 3 ->
                must(timer_order, state[i] != SLEEPING || key[i] > key[t] ||
                                  (key[i] == key[t] && (older[t] & bit_of(i)) == 0));
                older[i] = older[i] & ~bit_of(t);
                i++
            :: else -> i = 0; break
            od;
            deadline[t] = 0; key[t] = 0; older[t] = 0;
            wake_task(t, by_timer);
            n++
        fi
    :: else -> break
    od;
    if
    :: n > 1 -> reached(two_fire_in_one_collect)
    :: else
    fi;
    n = 0; first = 0;
    do
    :: i < 3 -> must(all_due, state[i] != SLEEPING || key[i] > sample); i++
    :: else -> i = 0; break
    od
}

inline collect_posts() {
    n = (F3 && has(ready) -> 0 : len(inbox));
    do
    :: n > 0 ->
        inbox ? picked;
        if
        :: M1 -> inbox ! picked
        :: else
        fi;
        if
        :: M2 && n > 1 -> inbox ! picked                  /* to the end of what there is */
        :: else -> make_ready(picked, by_post)
        fi;
        n--
    :: else -> picked = NOBODY; break
    od;
    if
    :: M2 && has(inbox) -> inbox ? picked; make_ready(picked, by_post); picked = NOBODY
    :: else
    fi
}

inline begin_round() {
    must(round_exact, spent == member);
    member = 0; spent = 0;
    if
    :: stop_requested && !S2 && has(ready) -> reached(stop_in_a_collect)      /* LIFE-2: no step of a later round */
    :: stop_requested && !S2 && none(ready)
    :: else ->
        round = len(ready);
        observe_if(round > 0, round, round, 0)
        must(stop_ends_round, !stop_requested || round == 0);
        must(asks_the_driver, since_asked < ASK || round == 0);
        do
        :: i < ENTRIES && ready ?? [eval(i)] -> member = member | bit_of(i); i++
        :: i < ENTRIES && !(ready ?? [eval(i)]) -> i++
        :: i == ENTRIES -> i = 0; break
        od
    fi;
    first_key();
    cached = (W5 -> first : 0);
    first = 0
}

/* What has to hold whenever `run` returns. */
inline judge_return() {
    observe_exit()
    do
    :: i < 3 -> must(nothing_lost, state[i] != READY || ready ?? [eval(i)] || slot == i); i++
    :: i >= 3 && i < CALLBACK + posted ->
        must(nothing_lost, (called & bit_of(i)) != 0 || inbox ?? [eval(i)] || ready ?? [eval(i)]);
        i++
    :: else -> i = 0; break
    od;
    if
    :: verdict == STOPPED ->
        must(stop_served_once, unserved);
        unserved = 0;
        stop_requested = S1;
        do
        :: S3 && has(ready) -> ready ? _
        :: else -> break
        od
    :: verdict == DEADLOCKED ->
        reached(says_deadlock);
        must(exact_deadlock, none(ready) && none(timers) && none(inbox) &&
                             ((operations == 0 && remotes == 0) || exhausted))
    :: verdict == COMPLETED ->
        reached(says_completed);
        do
        :: i < 3 ->
            must(nothing_leaked, state[i] == UNBORN || state[i] == ENDED);
            if
            :: i >= ROOTS -> must(failure_once, (failed & ~taken & ~reported & bit_of(i)) == 0)
            :: else
            fi;
            i++
        :: else -> i = 0; break
        od;
        must(nothing_leaked, none(timers) && operations == 0 && in_flight == 0)
    fi;
    finished = verdict != STOPPED
}

proctype loop() {
    byte picked = NOBODY, t, i, n, asked, first, until, cached;
    bit had_posts, had_remotes, asleep;

start:
    since_asked = ASK;                                    /* WAIT-4: each run begins with a look at the driver */
    observe(run, 0, 0)
    box(start)
pending:
    box(pending)
    over();
    if
    :: verdict == NONE -> goto pick
    :: else ->
        atomic { judge_return() }
        if
        :: finished -> goto end
        :: else -> reached(runs_again_after_stop); goto start
        fi
    fi;
pick:
    atomic {
        box(pick)
        if
        :: slot != NOBODY -> picked = slot; slot = NOBODY
        :: slot == NOBODY && (round > 0 || (F5 && has(ready))) ->
            ready ? picked;
            round = (round > 0 -> round - 1 : 0)
        :: else -> goto check
        fi;
        leave_queue(picked)
    }
run_:
    atomic {
        box(run)
        since_asked = (since_asked < ASK -> since_asked + 1 : ASK);
        if
        :: picked >= CALLBACK -> callback_turn()
        :: else -> t = picked; task_step(); t = 0
        fi;
        picked = NOBODY
    }
save:
    box(save)
    skip;                                                 /* what a task awaits is in `state` */
check:
    box(check)
    if
    :: round > 0 || slot != NOBODY -> goto continue_
    :: else
    fi;
    over();
    if
    :: verdict != NONE -> goto continue_
    :: else
    fi;
    look_at_driver();
    atomic { collect_operations(); collect_timers() }
    atomic { collect_posts() }
    atomic { begin_round() }
continue_:
    box(continue)
    goto pending;
end:
    observe_end()
    skip
}

/* ---- the world ---- */
#define ahead_of_clock(t) ((state[t] == SLEEPING) * (clock < key[t]))
#define timer_ahead (ahead_of_clock(0) + ahead_of_clock(1) + ahead_of_clock(2) > 0)

inline completes_operation(t) { atomic { in_flight & bit_of(t) -> in_flight = in_flight & ~bit_of(t); done ! t } }

proctype world() {
end:
    do
    :: IDLE -> skip
    :: completes_operation(0)
    :: completes_operation(1)
    :: completes_operation(2)
    :: atomic { timer_ahead -> clock++ }
    :: atomic { posted < POSTS && !finished -> inbox ! CALLBACK + posted; posted++; tell() }
    :: atomic { stops < STOPS && !finished -> stops++; stop_requested = 1; unserved = 1; tell() }
    :: atomic { remotes > 0 && posted == POSTS && !finished ->
            remotes--;
            if
            :: V2
            :: else -> tell()
            fi
        }
    od
}

/* Nothing can happen any more, and `run` has not returned. */
active proctype watch() {
end:
    timeout -> must(none_waits_for_ever, finished)
}

init {
    byte t;
    read_choices();
    choose_trace()
    d_step {
        remotes = (POSTS > 0 -> 1 : 0);
        unended = ROOTS;
        do
        :: t < 3 ->
            steps[t] = STEPS;
            if
            :: t < ROOTS -> state[t] = READY; ahead[t] = t; ready ! t
            :: else
            fi;
            t++
        :: else -> t = 0; break
        od
    }
    observe_roots()
#ifdef TIED
    run loop()
#else
    atomic { run loop(); run world() }
#endif
}

/* ---- liveness, under weak fairness of the processes ----
 * These need nothing but a loop that goes on. */
ltl safety       { [] true }       /* no claim: the assertions alone */
ltl ready_runs   { [] (state[1] == READY -> <> (state[1] != READY)) }
ltl collected    { [] (has(done) -> <> none(done)) }
ltl due_fires    { [] (state[1] == SLEEPING && clock >= key[1] -> <> (state[1] != SLEEPING)) }
ltl posts_run    { [] (has(inbox) -> <> (none(inbox) || finished)) }
ltl stop_returns { [] (unserved -> <> (!unserved || finished)) }

/* That all ends is the world's doing, too. With IDLE=1 it may do nothing for ever, and Spin calls that fair, as its
 * fairness is of processes. A fair world completes what is in flight, lets time pass, and holds no remote for ever:
 * again and again it owes nothing. (As each task takes a bounded number of steps, that is no more than doing each of
 * these in the end. One atom, as the time to translate a formula is exponential in their number.) */
#define owes_nothing ((in_flight != 0) + timer_ahead + remotes == 0)
#define fair_world ([] <> owes_nothing)
#define everyone_ended (finished * (unended == 0) == 1)
ltl completes         { fair_world -> <> everyone_ended }
ltl returns           { fair_world -> <> finished }
ltl completes_unaided { <> everyone_ended }                                     /* must fail: the premise is needed */
ltl cannot_be_fair    { !(fair_world && <> ((in_flight != 0) * timer_ahead == 1)) }   /* must fail: it can be met */
