/* SPDX-License-Identifier: BSL-1.0
 *
 * A tiny timer wheel and the ordered list that it stands for, side by side: what fires from one must be what is first
 * in the other. Two bits a level, three levels: the lowest goes round every 4 ticks, the next every 16, the highest
 * never, as in the real one. The sample goes on, by 0 to LEAP ticks at once, until LAST: 40 are more than two turns
 * of the second level, and ten of the first. Up to three timers are started, restarted and cancelled, between
 * collects and by timers that fire.
 *
 * As code: fast/timer_wheel.hpp (append, unlink, cascade, pop_due, first_key) and fast/wheel_arithmetic.hpp (level,
 * digit, begin). A slot's list is a channel. That the arithmetic is right for all 64-bit values is proved in
 * spec/proofs; here it is used in a machine.
 *
 * TIMERS: how many. STARTS: how many starts in all, at distances of 0, 1, 3, 4, 5, 15, 16 and 17 ticks up to FAR.
 * NESTED: 1 a timer that fires may start itself again or cancel another; 2 it starts itself again, due, each time.
 *
 * spin -P"clang-19 -std=gnu99 -E -x c" -a timer_wheel.pml && clang-19 -O2 -o timer_wheel pan.c
 * TIMERS=2 STARTS=3 FAR=17 LAST=40 ./timer_wheel -E -N safety -m100000                  safety
 * TIMERS=1 STARTS=1 FAR=0 LAST=2 NESTED=2 ./timer_wheel -A -a -f -N collect_ends -m100000    liveness
 * FAULT=T9 ONLY=same_order TIMERS=2 STARTS=2 FAR=5 LAST=20 ./timer_wheel -E -N safety -m100000    must be violated
 *
 * `observe` says what would be seen of the real wheel, and is nothing unless the checker is made with -DTIED
 * (observe.pml): then there are COLLECTS collects, and the program ends when it can do nothing more.
 */

#ifdef TIED
c_decl {
\#include "tying/wheel_events.h"
\#include "tying/observe.h"
}
#define kind_of_state (occupied | collecting << 13 | started[0] << 14 | started[1] << 15 | started[2] << 16)
#define TIED_SETTINGS(X) X(COLLECTS, 3)
#define may_collect (collects < COLLECTS)
#define count_collect collects++;
#define AT_THE_END :: else -> observe_end(); break
#else
#define TIED_SETTINGS(X)
#define may_collect true
#define count_collect
#define AT_THE_END
#endif
#include "observe.pml"

#define SETTINGS(X) X(TIMERS, 2) X(STARTS, 2) X(FAR, 5) X(LAST, 20) X(LEAP, 1) X(NESTED, 0) TIED_SETTINGS(X)

#define FAULTS(X) \
    X(T1)  /* the first slot is looked for from the top level down */ \
    X(T5)  /* the level is chosen by distance: a slot is used for the next turn before it was drained */ \
    X(T6)  /* a cascade takes what is due now for the next turn of its slot: it lands one tick late */ \
    X(T7)  /* a timer that is started due while timers fire, fires in the same collect */ \
    X(T8)  /* what is due is taken out in one go: cancelling comes too late */ \
    X(T9)  /* a cascade puts a slot's timers again from back to front */ \
    X(T11) /* cancelling the last timer of a slot leaves the slot's bit */ \
    X(D3)  /* a slot's timers are due when its range begins, not each at its own tick */ \
    X(D4)  /* what is due in a cascaded slot is left for later: one slot a collect */ \
    X(D2)  /* first_key is that of the first slot's front timer, not its least */

#define PROPERTIES(X) \
    X(same_order)     /* TIME-4: what fires is the list's first, by key and start order */ \
    X(never_early)    /* TIME-2 */ \
    X(all_due)        /* TIME-3: after a collect nothing is due, but what was started in it */ \
    X(none_lost)      /* each started timer is in one slot, once; a slot's bit says that it is not empty */ \
    X(no_late_place)  /* no timer lies before the position */ \
    X(right_first)    /* WAIT-2: first_key is the list's first key */ \
    X(cancelled_stays_out)    /* TIME-3, TIME-8 */ \
    X(late_waits)     /* TIME-6: started due while timers fire: not in that collect, and in the next one */

#define GOALS(X) \
    X(cascade_of_two_with_one_key) X(cascade_to_the_current_tick) X(top_level_occupied) X(more_than_two_turns) \
    X(cancelled_while_due) X(restarted_due_while_others_fire)

#include "choices.pml"

#define SLOTS 4                   /* of a level */
#define LATE 12                   /* one slot more: what is started due during a collect */
#define NOWHERE 13

/* ---- the wheel ---- */
byte position, late_before;       /* late_before: during a collect the sample + 1, else 0 */
chan slot[13] = [3] of { byte };
short occupied;                   /* a bit for each slot */
chan batch = [3] of { byte };     /* T8 */
byte now;                         /* the sample */

/* ---- the list: for each timer ---- */
bit started[3];
byte key[3];
byte older[3];                    /* bits: those that were started before it, and still run */
bit late[3];                      /* started due during this collect */

byte starts;
bit collecting;
#ifdef TIED
byte collects;
#endif

#define bit_of(n) (1 << (n))
#define has(queue) (len(queue) > 0)
#define none(queue) (len(queue) == 0)

/* ---- wheel_arithmetic.hpp ---- */
#define differs(due) (T5 -> (due) - position : (due) ^ position)
#define level_of(due) (differs(due) < 4 -> 0 : (differs(due) < 16 -> 1 : 2))
#define digit_of(due, level) (((due) >> (2 * (level))) & 3)
#define slot_of(due) (level_of(due) * SLOTS + digit_of(due, level_of(due)))
#define begin_of(s) (((((position >> (2 * ((s) / SLOTS))) & ~3) | ((s) % SLOTS)) << (2 * ((s) / SLOTS))))

inline append(t_, s_) {
    slot[s_] ! t_;
    occupied = occupied | bit_of(s_)
}

/* Out of the slot that holds it. */
inline unlink(t_) {
    s = 0;
    do
    :: s < NOWHERE && slot[s] ?? [eval(t_)] ->
        slot[s] ?? eval(t_);
        occupied = (none(slot[s]) && !T11 -> occupied & ~bit_of(s) : occupied);
        break
    :: s < NOWHERE && !(slot[s] ?? [eval(t_)]) -> s++
    :: s == NOWHERE -> break
    od;
    s = 0
}

/* The lowest occupied slot of the lowest occupied level, in `place`. */
inline first_place() {
    place = 0;
    do
    :: !T1 && place < LATE && (occupied & bit_of(place)) == 0 -> place++
    :: T1 && place < LATE && (occupied & bit_of(SLOTS * (2 - place / SLOTS) + place % SLOTS)) == 0 -> place++
    :: T1 && place < LATE && (occupied & bit_of(SLOTS * (2 - place / SLOTS) + place % SLOTS)) != 0 ->
        place = SLOTS * (2 - place / SLOTS) + place % SLOTS; break
    :: !T1 && place < LATE && (occupied & bit_of(place)) != 0 -> break
    :: place == LATE -> place = NOWHERE; break
    od
}

/* Puts a slot's timers again, from front to back. */
inline cascade(s_) {
    n = len(slot[s_]);
    occupied = occupied & ~bit_of(s_);
    if
    :: n > 1 && started[0] && started[1] && key[0] == key[1] && slot[s_] ?? [0] && slot[s_] ?? [1] ->
        reached(cascade_of_two_with_one_key)
    :: else
    fi;
    do
    :: n > 0 ->
        if
        :: T9 ->                                          /* the last comes to the front */
            s = n;
            do
            :: s > 1 -> slot[s_] ? u; slot[s_] ! u; s--
            :: else -> s = 0; break
            od
        :: else
        fi;
        slot[s_] ? u;
        if
        :: key[u] == now && s_ != LATE -> reached(cascade_to_the_current_tick)
        :: else
        fi;
        s = slot_of((T6 && key[u] == position -> key[u] + 1 : key[u]));
        append(u, s);
        s = 0;
        n--
    :: else -> u = 0; break
    od
}

/* ---- what a program does ---- */
inline leave_list(t_) {
    started[t_] = 0; key[t_] = 0; older[t_] = 0; late[t_] = 0;
    older[0] = older[0] & ~bit_of(t_);
    older[1] = older[1] & ~bit_of(t_);
    older[2] = older[2] & ~bit_of(t_)
}

inline cancel(t_) {
    if
    :: started[t_] -> observe(cancel, t_, 0) unlink(t_); leave_list(t_)
    :: else
    fi
}

inline start(t_, due_) {
    if
    :: started[t_] -> unlink(t_); leave_list(t_)
    :: else
    fi;
    key[t_] = due_;
    older[t_] = started[0] | (started[1] << 1) | (started[2] << 2);
    started[t_] = 1;
    late[t_] = collecting && key[t_] <= now;
    s = (key[t_] < late_before && !T7 -> LATE : slot_of(key[t_]));
    append(t_, s);
    s = 0;
    observe(start, t_, key[t_])
    if
    :: key[t_] - position > 15 -> reached(top_level_occupied)
    :: else
    fi
}

inline any_timer(t_) {
    if
    :: t_ = 0
    :: TIMERS > 1 -> t_ = 1
    :: TIMERS > 2 -> t_ = 2
    fi
}
inline any_distance(d_) {
    if
    :: d_ = 0
    :: FAR >= 1 -> d_ = 1
    :: FAR >= 3 -> d_ = 3
    :: FAR >= 4 -> d_ = 4
    :: FAR >= 5 -> d_ = 5
    :: FAR >= 15 -> d_ = 15
    :: FAR >= 16 -> d_ = 16
    :: FAR >= 17 -> d_ = 17
    fi
}

#define goes_before(i, t) \
    (started[i] && !late[i] && (key[i] < key[t] || (key[i] == key[t] && (older[t] & bit_of(i)) != 0)))

inline fire() {
    observe(fire, t, key[t])
    must(cancelled_stays_out, started[t]);
    must(never_early, key[t] <= now);
    must(late_waits, !late[t]);
    must(same_order, !goes_before(0, t) && !goes_before(1, t) && !goes_before(2, t));
    leave_list(t);
    if
    :: NESTED == 2 -> start(t, now)
    :: NESTED == 1 && starts < STARTS ->
        starts++;
        any_distance(d);
        if
        :: d == 0 && (key[(t + 1) % 3] == now && started[(t + 1) % 3]) -> reached(restarted_due_while_others_fire)
        :: else
        fi;
        start(t, now + d);
        d = 0
    :: NESTED == 1 ->
        any_timer(t);
        if
        :: started[t] && key[t] <= now -> reached(cancelled_while_due)
        :: else
        fi;
        cancel(t)
    :: NESTED < 2
    fi
}

/* pop_due, until it says that there is none: a state between any two calls, so that a collect without end is seen */
inline collect() {
    atomic {
        collecting = 1;
        observe(collect, now, 0)
        late[0] = 0; late[1] = 0; late[2] = 0;
        late_before = now + 1
    }
    do
    :: atomic { has(batch) -> batch ? t; fire(); t = 0 }                     /* T8 */
    :: atomic { none(batch) ->
            first_place();
            if
            :: place == NOWHERE -> break
            :: place != NOWHERE && begin_of(place) > now -> break
            :: else
            fi;
            position = begin_of(place);
            if
            :: place < SLOTS && T8 ->
                do
                :: has(slot[place]) -> slot[place] ? t; batch ! t
                :: else -> occupied = occupied & ~bit_of(place); break
                od
            :: (place < SLOTS || D3) && !T8 ->
                slot[place] ? <t>;
                unlink(t);
                fire()
            :: else ->
                cascade(place);
                if
                :: D4 -> break
                :: else
                fi
            fi;
            t = 0; place = 0
        }
    od;
    atomic {
        position = now;
        late_before = 0;
        if
        :: has(slot[LATE]) -> cascade(LATE)
        :: else
        fi;
        collecting = 0;
        observe(collected, 0, 0)
        must(all_due, (!started[0] || key[0] > now || late[0]) && (!started[1] || key[1] > now || late[1]) &&
                      (!started[2] || key[2] > now || late[2]));
        t = 0; place = 0
    }
}

/* ---- what always holds between two calls ---- */
#define key_or_never(t) (started[t] -> key[t] : 255)

inline compare() {
    must(no_late_place, (!started[0] || key[0] >= position) && (!started[1] || key[1] >= position) &&
                        (!started[2] || key[2] >= position));
    n = 0;
    s = 0;
    do
    :: s < NOWHERE ->
        n = n + len(slot[s]);
        must(none_lost, ((occupied & bit_of(s)) != 0) == has(slot[s]));
        s++
    :: else -> s = 0; break
    od;
    must(none_lost, n == started[0] + started[1] + started[2]);
    n = 0;
    t = 0;
    do
    :: t < 3 && started[t] ->
        s = slot_of(key[t]);
        if
        :: slot[s] ?? [eval(t)]
        :: else -> must(none_lost, false)
        fi;
        t++
    :: t < 3 && !started[t] -> t++
    :: t == 3 -> t = 0; s = 0; break
    od;
    /* first_key */
    first_place();
    d = 255;
    n = 255;
    do
    :: t < 3 ->
        u = key_or_never(t);
        n = (u < n -> u : n);                             /* the list's: the least of all, 255 for none */
        t++
    :: else -> t = 0; break
    od;
    if
    :: place == NOWHERE -> d = 255
    :: place < SLOTS -> d = begin_of(place)
    :: place >= SLOTS && place != NOWHERE && D2 -> slot[place] ? <u>; d = key[u]
    :: else ->
        do
        :: t < 3 && slot[place] ?? [eval(t)] -> d = (key[t] < d -> key[t] : d); t++
        :: t < 3 && !(slot[place] ?? [eval(t)]) -> t++
        :: t == 3 -> t = 0; break
        od
    fi;
    must(right_first, d == n);
    observe(first, d, 0)
    n = 0; d = 0; u = 0; place = 0
}

active proctype program() {
    byte t, u, s, d, n, place;
    read_choices();
    choose_trace()
end:
    do
    :: atomic { starts < STARTS ->
            starts++;
            any_timer(t);
            any_distance(d);
            if
            :: now + d < 64 -> start(t, now + d)
            :: else
            fi;
            t = 0; d = 0;
            compare()
        }
    :: atomic { started[0] -> cancel(0); compare() }
    :: atomic { started[1] -> cancel(1); compare() }
    :: atomic { started[2] -> cancel(2); compare() }
    :: atomic { now < LAST && may_collect && (starts < STARTS || started[0] || started[1] || started[2]) ->
            count_collect
            if
            :: skip
            :: now++
            :: LEAP >= 3 -> now = now + 3
            :: LEAP >= 7 -> now = now + 7
            :: LEAP >= 17 -> now = now + 17
            fi;
            if
            :: now > 32 -> reached(more_than_two_turns)
            :: else
            fi
        }
        collect();
        atomic { compare() }
    AT_THE_END
    od
}

ltl safety       { [] true }       /* no claim: the assertions alone */
ltl collect_ends { [] (collecting -> <> !collecting) }      /* TIME-6: no timer holds the loop */
