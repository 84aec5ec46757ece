/* SPDX-License-Identifier: BSL-1.0
 *
 * The wake-up protocol: two threads that post, ask to stop and drop their remotes; a loop that looks, sleeps and is
 * destroyed; one word between them, a token that the loop sleeps on, and the count of remotes.
 * Memory is x86-TSO: each thread's plain stores wait in a buffer; read-modify-writes wait until it is empty.
 *
 * As code: fast/inbox.hpp (the word), fast/mailbox.hpp (remotes, waker), fast/receiving_end.hpp (attend, sleep, verdict),
 * fast/iteration.hpp (judge, wait).
 *
 * FIRST and SECOND say what the two threads do before their remotes go: 0 nothing, 1 post, 2 post post, 3 stop,
 * 4 post stop, 5 stop post. LOOKS: iterations before the loop is destroyed in any case, 0 as many as it likes.
 * TIMERS: how often the loop may wake by itself.
 *
 * spin -P"clang-19 -std=gnu99 -E -x c" -a wakeup.pml && clang-19 -O2 -DNFAIR=4 -o wakeup pan.c
 * FIRST=2 SECOND=1 LOOKS=3 ./wakeup -E -N safety -m100000       safety: all assertions; when nothing moves, who waits?
 * FIRST=2 SECOND=1 LOOKS=0 ./wakeup -A -a -f -N returns -m100000    liveness, one property at a time
 * FAULT=W2 ONLY=none_waits_for_ever FIRST=1 LOOKS=2 ./wakeup -E -N safety -m100000   must be violated
 */

#define SETTINGS(X) X(FIRST, 1) X(SECOND, 0) X(LOOKS, 2) X(TIMERS, 0)

#define FAULTS(X) \
    X(W1) /* the consumer's plain store tramples a concurrent set */ \
    X(W2) /* the token is cleared after the requests were read */ \
    X(W3) /* a mere load decides that nobody needs to be woken */ \
    X(W7) /* the wake fails, and what says "already woken" sticks */ \
    X(W8) /* looks, finds nothing, and sleeps without telling anybody before */ \
    X(L1) /* the loop closes the waker although a sender may still use it */ \
    X(L2) /* a post to a loop that is gone is accepted */ \
    X(V1) /* the inbox is read before the remotes: a post of the last one is overlooked */ \
    X(V2) /* the last remote goes and nobody is told */ \
    X(N1) /* posts are copied, not taken: doubled */ \
    X(N2) /* a post replaces the list instead of joining it */ \
    X(N3) /* the node is in the list before its contents are written */ \
    X(B1) /* the loop never sleeps */ \
    X(B2) /* every post wakes, also a loop that is awake: the token stays, and it spins once more */

#define PROPERTIES(X) \
    X(post_once)                /* POST-1 */ \
    X(written_before_taken)     /* POST-1: what is taken is whole */ \
    X(nothing_lost)             /* POST-1, POST-4: what was accepted is taken, or destroyed with the loop */ \
    X(stop_not_lost)            /* LIFE-2 */ \
    X(exact_deadlock)           /* LIFE-1, LIFE-7: a loop that says that nothing can come is right */ \
    X(one_wake_a_sleep)         /* POST-3 */ \
    X(waker_is_open)            /* POST-4 */ \
    X(none_waits_for_ever)      /* WAIT-3: no lost wake-up */ \
    X(no_busy_spin)             /* WAIT-2: an iteration gets something, is told something, or sleeps */ \
    X(woken_for_a_reason)       /* WAIT-3: who wakes it has told it something */

#define GOALS(X) \
    X(sleeps_and_is_woken) X(sleeps_again) X(two_are_taken_together) X(post_after_the_end) X(left_to_the_destruction) \
    X(says_deadlock) X(says_stopped) X(told_while_about_to_sleep) \
    X(last_remote_goes_before_the_sleep) X(wakes_by_itself)

#include "choices.pml"

#define POSTERS 2
#define LOOP 2                    /* the loop's number, after the posters' */
#define BUFFER 3

byte timers;                      /* how often the loop may still wake by itself */

/* ---- the word: all of it changes in one step ---- */
bit sleeping, stop_requested, closed;
byte nodes;                       /* bit p * 2 + n: post n of poster p is in the inbox */

/* ---- what else they share ---- */
byte remotes = POSTERS;
bit token;                        /* the eventfd */
bit waker_gone;                   /* the descriptor is closed: only the last owner may */
byte waker_owners = POSTERS + 1;
byte contents;                    /* plain memory of the nodes, written before they are pushed */

/* ---- store buffers: (what, value) of each thread, oldest first ---- */
mtype = { CONTENTS, PENDING };
chan buffer[POSTERS + 1] = [BUFFER] of { mtype, byte };

/* ---- what is known of the outcome, read by no thread to decide anything ---- */
byte ended;                       /* threads */
byte accepted, refused, taken;    /* bits as in nodes */
byte destroyed;                   /* of those taken: by the destruction, not collected */
bit told_in_iteration, told_in_sleep;
bit wake_due;                     /* a sleep was announced, and nobody has decided to wake it */
bit asleep, slept;
bit asked_to_stop, stop_seen, deadlock_verdict, returned;

#define bit_of(p, n) (1 << ((p) * 2 + (n)))

inline tell_of() { told_in_iteration = 1; told_in_sleep = 1 }
inline decide(yes) {
    if
    :: yes -> must(one_wake_a_sleep, wake_due); wake_due = 0
    :: else
    fi
}

/* A plain store. */
inline put(who, what, value) { buffer[who] ! what, value }
/* Before a read-modify-write the thread's own stores are in memory. */
#define drained(who) (empty(buffer[who]))

active proctype memory() {
    byte value;
end:
    do
    :: atomic { buffer[0] ? CONTENTS, value -> contents = contents | value }
    :: atomic { buffer[1] ? CONTENTS, value -> contents = contents | value }
    :: atomic { buffer[LOOP] ? PENDING, value -> nodes = 0; stop_requested = 0 }   /* W1 */
    od
}

inline wake() {
    must(waker_is_open, !waker_gone);
    if
    :: W7 -> skip                                         /* swallowed; `sleeping` was removed all the same */
    :: else -> token = 1
    fi
}

/* push: one read-modify-write */
inline post(who, n) {
    put(who, CONTENTS, bit_of(who, n));
    (N3 || drained(who));
    atomic {
        if
        :: closed && !L2 -> reached(post_after_the_end); refused = refused | bit_of(who, n); must_wake = 0
        :: else ->
            accepted = accepted | bit_of(who, n);
            nodes = (N2 -> bit_of(who, n) : (nodes | bit_of(who, n)));
            must_wake = sleeping || B2;
            sleeping = 0;
            tell_of();
            decide(must_wake)
        fi
    }
    if
    :: must_wake -> wake()
    :: else
    fi
}

/* tell: a read-modify-write, even where the value stays */
inline tell(who, is_stop) {
    if
    :: W3 && !is_stop ->
        /* a load: it may be older than the loop's announcement, which is still in flight */
        if
        :: must_wake = sleeping
        :: must_wake = 0
        fi;
        if
        :: must_wake -> atomic { sleeping = 0; tell_of() }
        :: else
        fi
    :: else ->
        drained(who);
        atomic {
            must_wake = sleeping;
            sleeping = 0;
            tell_of();
            decide(must_wake);
            if
            :: is_stop && !closed -> stop_requested = 1
            :: else
            fi
        }
    fi;
    if
    :: must_wake -> wake()
    :: else
    fi
}

proctype poster(byte me; byte left) {
    byte n;
    bit must_wake;
    do
    :: left == 0 -> break
    :: left == 1 || left == 2 || left == 4 -> post(me, n); n++; left = (left == 4 -> 3 : left - 1)
    :: left == 3 || left == 5 -> asked_to_stop = 1; tell(me, 1); left = (left == 5 -> 1 : 0)
    od;
    /* the remote goes */
    drained(me);
    atomic {
        remotes--;
        must_wake = (remotes == 0);
        told_in_iteration = told_in_iteration || must_wake;
        told_in_sleep = told_in_sleep || must_wake
    }
    if
    :: must_wake && !V2 -> tell(me, 0)
    :: else
    fi;
    d_step { waker_owners--; waker_gone = waker_gone || waker_owners == 0; ended++ }
}

/* What was taken is here. */
inline arrived() {
    must(post_once, (taken & got) == 0);
    must(written_before_taken, (contents & got) == got);
    taken = taken | got
}

/* attend: take everything */
inline attend() {
    if
    :: !sleeping && nodes == 0 && !stop_requested         /* idle */
    :: else ->
        if
        :: W1 ->                                          /* reads, and clears with a plain store */
            atomic { got = nodes; got_stop = stop_requested; sleeping = 0 }
            put(LOOP, PENDING, 0)
        :: else ->
            atomic {
                got = nodes; got_stop = stop_requested; sleeping = 0; stop_requested = 0;
                nodes = (N1 -> nodes : 0)                 /* N1: what it copied is left in the list */
            }
        fi;
        atomic {
            arrived();
            if
            :: got & (got - 1) -> reached(two_are_taken_together)
            :: else
            fi;
            stop_seen = stop_seen || got_stop;
            anything = anything || got != 0;
            got = 0
        }
    fi
}

proctype loop() {
    byte got, turn;
    bit got_stop, anything, unreachable, announced, slept_before;
iterate:
    do
    :: LOOKS != 0 && turn == LOOKS -> break
    :: else ->
        d_step {
            turn = (LOOKS != 0 -> turn + 1 : 0);
            anything = 0; slept = 0; told_in_iteration = 0
        }
        attend();
        if
        :: stop_seen -> reached(says_stopped); break
        :: else
        fi;
        /* judge: can anything come? */
        if
        :: V1 -> attend(); unreachable = (remotes == 0)
        :: else -> unreachable = (remotes == 0); attend()
        fi;
        if
        :: stop_seen -> break
        :: !stop_seen && unreachable && !anything -> reached(says_deadlock); deadlock_verdict = 1; break
        :: else
        fi;
        if
        :: anything -> skip                               /* there is a round to run */
        :: else ->
            /* wait */
            announced = 0;
            if
            :: W8 ->
                if
                :: nodes == 0 && !stop_requested -> announced = 1
                :: else
                fi
            :: else ->
                drained(LOOP);
                atomic {                                  /* try_sleep: one compare-exchange */
                    if
                    :: nodes == 0 && !stop_requested && !sleeping ->
                        sleeping = 1; announced = 1; wake_due = 1; told_in_sleep = 0
                    :: else -> reached(told_while_about_to_sleep)
                    fi
                }
            fi;
            if
            :: W2 && announced -> token = 0
            :: else
            fi;
            if
            :: announced && remotes != 0 && !B1 ->
                atomic {
                    asleep = 1; slept = 1;
                    if
                    :: slept_before -> reached(sleeps_again)
                    :: else -> slept_before = 1
                    fi
                }
                if
                :: atomic { token -> token = 0; asleep = 0 }
                    reached(sleeps_and_is_woken);
                    must(woken_for_a_reason, told_in_sleep || TIMERS != 0)
                :: atomic { timers > 0 -> timers--; asleep = 0 }     /* a timer is due: it wakes by itself */
                    reached(wakes_by_itself)
                fi
            :: announced && remotes == 0 -> reached(last_remote_goes_before_the_sleep)
            :: else
            fi;
            attend();
            must(no_busy_spin, anything || slept || told_in_iteration)
        fi
    od;
    /* destruction: close, one read-modify-write; what is left in the inbox is destroyed */
    drained(LOOP);
    atomic {
        got = nodes; nodes = 0; sleeping = 0; stop_requested = 0; closed = 1;
        arrived();
        destroyed = got;
        if
        :: got != 0 -> reached(left_to_the_destruction)
        :: else
        fi
    }
    d_step {
        ended++;
        waker_owners--;
        waker_gone = waker_gone || waker_owners == 0 || L1;
        returned = 1
    }
}

/* Nothing can move any more, and the loop has not returned: a wake-up is lost. */
active proctype watch() {
end:
    timeout -> must(none_waits_for_ever, returned)
}

init {
    read_choices();
    timers = TIMERS;
    atomic { run poster(0, FIRST); run poster(1, SECOND); run loop() }
    (ended == POSTERS + 1);
    must(nothing_lost, accepted == taken);
    must(exact_deadlock, !deadlock_verdict || (refused == 0 && destroyed == 0));
    must(stop_not_lost, !deadlock_verdict || !asked_to_stop || stop_seen)
}

/* Liveness, under weak fairness of all threads and of memory. With LOOKS=0 the loop has no end of its own. */
ltl safety     { [] true }        /* no claim: the assertions alone */
ltl returns    { <> returned }
ltl all_arrive { [] (accepted != taken -> <> (accepted == taken)) }
ltl stop_works { [] (stop_requested -> <> (stop_seen || returned)) }
ltl sleep_ends { [] (asleep -> <> !asleep) }
