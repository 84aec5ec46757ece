/* SPDX-License-Identifier: BSL-1.0
 *
 * A tiny timer wheel and the ordered list that it stands for, side by side: what fires from one must be what is first
 * in the other. Two bits a level, three levels, two blocks of slots in each: the lowest goes round every 8 ticks, the
 * next every 32, the highest never, as in the real one. The sample goes on, by 0 to LEAP ticks at once, until LAST: 40 are more than one turn
 * of the second level, and five of the first. Up to three timers are started, restarted and cancelled, between
 * collects and by timers that fire.
 *
 * As code: fast/timer_wheel.hpp (put, first_place, open, uncover, cascade, move_ahead, pop_due, first_key),
 * fast/timer_slots.hpp (a slot is a channel here, and its order that of all its lists), fast/timer_run.hpp and
 * fast/wheel_arithmetic.hpp. That the arithmetic is right for all 64-bit values is proved in spec/proofs; here it is
 * used in a machine.
 *
 * HANDFUL: a slot that has taken in more is crowded, and so many are moved ahead in a collect.
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
#define kind_of_state (occupied | collecting << 24 | started[0] << 25 | started[1] << 26 | started[2] << 27)
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

#define SETTINGS(X) X(TIMERS, 2) X(STARTS, 2) X(FAR, 5) X(LAST, 20) X(LEAP, 1) X(NESTED, 0) X(HANDFUL, 3) TIED_SETTINGS(X)

#define FAULTS(X) \
    X(T1)  /* the first slot is looked for from the top level down */ \
    X(T5)  /* the level is chosen by distance: a start goes below one of the same key that is older */ \
    X(T6)  /* a cascade takes what is due now for the next turn of its slot: it lands one tick late */ \
    X(T7)  /* a timer that is started due while timers fire, fires in the same collect */ \
    X(T8)  /* what is due is taken out in one go: cancelling comes too late */ \
    X(T9)  /* a slot that has begun is emptied from back to front */ \
    X(T11) /* a slot whose timers were all cancelled passes for the first */ \
    X(D3)  /* an opened slot's timers are due when its range begins, not each at its own tick */ \
    X(D4)  /* what is due in a slot that has begun is left for later: one slot a collect */ \
    X(D2)  /* first_key is that of the first slot's front timer, not its least */ \
    X(D5)  /* a slot's timers go into the run in front of those of the same key, not after them */ \
    X(D6)  /* what is left of a crowded slot when it begins is opened, not cascaded to what was moved ahead */ \
    X(D7)  /* what was moved ahead is taken for the position's own block: its range begins too early */ \
    X(D8)  /* what is left of a crowded slot is forgotten while the block below it has timers */ \
    X(D9)  /* a crowded slot's timers are moved ahead from back to front */ \
    X(D10) /* what is left of a crowded slot is cascaded from back to front */

#define PROPERTIES(X) \
    X(same_order)     /* TIME-4: what fires is the list's first, by key and start order */ \
    X(never_early)    /* TIME-2 */ \
    X(all_due)        /* TIME-3: after a collect nothing is due, but what was started in it */ \
    X(none_lost)      /* each started timer is in the run, or in a slot that its key names and that is occupied, once */ \
    X(no_late_place)  /* no timer lies before the position */ \
    X(right_first)    /* WAIT-2: first_key is the list's first key */ \
    X(cancelled_stays_out)    /* TIME-3, TIME-8 */ \
    X(late_waits)     /* TIME-6: started due while timers fire: not in that collect, and in the next one */

#define GOALS(X) \
    X(cascade_of_two_with_one_key) X(cascade_to_the_current_tick) X(top_level_occupied) X(more_than_two_turns) \
    X(cancelled_while_due) X(restarted_due_while_others_fire) X(moved_ahead) X(remainder_cascaded) X(vacated_late) \
    X(run_has_two_keys)

#include "choices.pml"

#define PER_BLOCK 4
#define PER_LEVEL 8               /* slots: two blocks */
#define SLOTS 24
#define LATE 24                   /* one list more: what is started due, until the next collect */
#define NOWHERE 25

/* ---- the wheel ---- */
byte position, late_before = 1;   /* late_before: the latest sample + 1 */
byte fires_before;                /* of the run: what may fire */
chan slot[25] = [3] of { byte };
int occupied;                     /* a bit for each slot */
byte puts[24];
byte ahead, looked_at;
byte in_run[3], run_length;
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
#define index_of(due, level) (((due) >> (2 * (level))) & 7)
#define at_level(due, level) (PER_LEVEL * (level) + index_of(due, level))
#define slot_of(due) at_level(due, level_of(due))
#define block_of(tick, level) ((tick) >> (2 * (level) + 2))
#define in_next(s) ((block_of(position, (s) / PER_LEVEL) ^ (((s) % PER_LEVEL) / PER_BLOCK)) & (D7 -> 0 : 1))
#define begin_of(s) \
    ((((block_of(position, (s) / PER_LEVEL) + in_next(s)) * PER_BLOCK) | ((s) % PER_BLOCK)) << (2 * ((s) / PER_LEVEL)))
#define block_begin(s) (begin_of(s) & ~(PER_BLOCK * (1 << (2 * ((s) / PER_LEVEL))) - 1))
#define elsewhere(tick, level) (index_of(tick, level) != index_of(position, level))
#define following(level) (PER_LEVEL * (level) + ((((position) >> (2 * (level))) + 1) & 7))
#define is_occupied(s) ((occupied & bit_of(s)) != 0)
#define crowded(s) (puts[s] > HANDFUL)

inline vacate(s_) {
    occupied = occupied & ~bit_of(s_);
    puts[s_] = 0
}

inline put(t_, s_) {
    if
    :: is_occupied(s_) && puts[s_] % HANDFUL == 0 && s_ >= PER_LEVEL && s_ == following(s_ / PER_LEVEL) ->
        ahead = ahead | bit_of(s_ / PER_LEVEL)
    :: else
    fi;
    occupied = occupied | bit_of(s_);
    puts[s_]++;
    slot[s_] ! t_
}

/* Out of the run from this place on: the others close up. */
inline close_up(p_) {
    do
    :: p_ + 1 < run_length -> in_run[p_] = in_run[p_ + 1]; p_++
    :: else -> run_length--; in_run[run_length] = 0; p_ = 0; break
    od
}

/* Into the run, after all that are not later. */
inline into_run(t_) {
    p = run_length;
    do
    :: p > 0 && (key[in_run[p - 1]] > key[t_] || (D5 && key[in_run[p - 1]] == key[t_])) -> in_run[p] = in_run[p - 1]; p--
    :: else -> break
    od;
    in_run[p] = t_;
    run_length++;
    p = 0;
    if
    :: run_length == 2 && key[in_run[0]] != key[in_run[1]] -> reached(run_has_two_keys)
    :: else
    fi
}

/* Out of what holds it, which is told nothing. */
inline unlink(t_) {
    s = 0;
    do
    :: s < NOWHERE && slot[s] ?? [eval(t_)] -> slot[s] ?? eval(t_); break
    :: s < NOWHERE && !(slot[s] ?? [eval(t_)]) -> s++
    :: s == NOWHERE && p < run_length && in_run[p] == t_ -> close_up(p); break
    :: s == NOWHERE && p < run_length && in_run[p] != t_ -> p++
    :: s == NOWHERE && p == run_length -> break                              /* T8: it is in the batch */
    od;
    p = 0;
    s = 0
}

/* The slots in the order in which they are looked through. */
#define level_looked(n) (T1 -> 2 - (n) / PER_LEVEL : (n) / PER_LEVEL)
#define block_looked(n) \
    ((block_of(position, level_looked(n)) & 1) ^ (((n) % PER_LEVEL) / PER_BLOCK))
#define looked(n) (PER_LEVEL * level_looked(n) + PER_BLOCK * block_looked(n) + (n) % PER_BLOCK)

/* The first slot that has timers, in `place`; `covered` if higher ones have some of its block, which begin earlier. */
inline first_place() {
    n = 0; covered = 0;
    do
    :: n < SLOTS && !is_occupied(looked(n)) -> n++
    :: n < SLOTS && is_occupied(looked(n)) && none(slot[looked(n)]) && !T11 ->
        reached(vacated_late);
        place = looked(n);
        vacate(place);
        n++
    :: n < SLOTS && is_occupied(looked(n)) && (has(slot[looked(n)]) || T11) -> place = looked(n); break
    :: n == SLOTS -> place = NOWHERE; break
    od;
    n = (place == NOWHERE -> 3 : place / PER_LEVEL + 1);
    do
    :: n < 3 && elsewhere(begin_of(place), n) ->
        covered = covered || (has(slot[at_level(begin_of(place), n)]) && !D8);
        n++
    :: else -> n = 0; break
    od
}
#define first_begin (covered -> block_begin(place) : begin_of(place))

/* Takes one out, from the front. fault_: from the back. */
inline take(u_, s_, fault_) {
    if
    :: fault_ ->                                              /* the last comes to the front */
        s = len(slot[s_]);
        do
        :: s > 1 -> slot[s_] ? u_; slot[s_] ! u_; s--
        :: else -> s = 0; break
        od
    :: else
    fi;
    slot[s_] ? u_
}

/* Moves up to so many of a slot's timers one level down, from front to back. */
inline cascade(s_, most_, fault_) {
    n = (len(slot[s_]) < most_ -> len(slot[s_]) : most_);
    left = left - n;
    if
    :: n > 1 && started[0] && started[1] && key[0] == key[1] && slot[s_] ?? [0] && slot[s_] ?? [1] ->
        reached(cascade_of_two_with_one_key)
    :: else
    fi;
    do
    :: n > 0 ->
        take(u, s_, fault_);
        if
        :: key[u] == now -> reached(cascade_to_the_current_tick)
        :: else
        fi;
        s = at_level((T6 && key[u] == position -> key[u] + 1 : key[u]), s_ / PER_LEVEL - 1);
        put(u, s);
        s = 0;
        n--
    :: else -> u = 0; break
    od;
    if
    :: none(slot[s_]) -> vacate(s_)
    :: else
    fi
}

/* Into the run, or one level down if it has taken in many. */
inline open(s_) {
    left = 3;
    if
    :: s_ >= PER_LEVEL && crowded(s_) -> cascade(s_, 3, T9)
    :: else ->
        do
        :: has(slot[s_]) -> take(u, s_, T9); into_run(u)
        :: else -> vacate(s_); u = 0; break
        od
    fi;
    left = 0
}

/* What is left of the slots that contain the block: one level down each, from the top. */
inline uncover() {
    d = block_begin(place);
    q = 2;
    left = 9;
    do
    :: q > place / PER_LEVEL && elsewhere(d, q) && has(slot[at_level(d, q)]) ->
        reached(remainder_cascaded);
        if
        :: D6 ->
            do
            :: has(slot[at_level(d, q)]) -> slot[at_level(d, q)] ? u; into_run(u)
            :: else -> vacate(at_level(d, q)); u = 0; break
            od
        :: else -> cascade(at_level(d, q), 3, D10)
        fi;
        q--
    :: q > place / PER_LEVEL && !(elsewhere(d, q) && has(slot[at_level(d, q)])) -> q--
    :: else -> break
    od;
    position = d;
    left = 0; q = 0; d = 0
}

inline move_ahead() {
    ahead = ahead | (block_of(position, 1) != block_of(looked_at, 1) -> 6 :
                     (block_of(position, 0) != block_of(looked_at, 0) -> 2 : 0));
    looked_at = position;
    ahead = ahead & ((occupied >> 8 & 255) != 0 -> 6 : 4) & ((occupied >> 16 & 255) != 0 -> 6 : 2);
    left = HANDFUL;
    do
    :: ahead != 0 && left > 0 ->
        q = ((ahead & 2) != 0 -> 1 : 2);
        if
        :: crowded(following(q)) -> reached(moved_ahead); cascade(following(q), left, D9)
        :: else -> ahead = ahead & ~bit_of(q)
        fi
    :: else -> break
    od;
    left = 0; q = 0
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
    if
    :: key[t_] < late_before && !T7 -> slot[LATE] ! t_
    :: else -> s = slot_of(key[t_]); put(t_, s)
    fi;
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

#define run_is_ripe (run_length > 0 && (key[in_run[0]] < fires_before || D3))

/* pop_due, until it says that there is none: a state between any two calls, so that a collect without end is seen */
inline collect() {
    atomic {
        collecting = 1;
        observe(collect, now, 0)
        late[0] = 0; late[1] = 0; late[2] = 0;
        late_before = now + 1;
        do
        :: has(slot[LATE]) -> slot[LATE] ? u; into_run(u)                    /* all others come later */
        :: else -> u = 0; break
        od
    }
    do
    :: atomic { has(batch) -> batch ? t; fire(); t = 0 }                     /* T8 */
    :: atomic { none(batch) && run_is_ripe && T8 ->
            do
            :: run_is_ripe -> t = in_run[0]; close_up(p); batch ! t
            :: else -> t = 0; break
            od
        }
    :: atomic { none(batch) && run_is_ripe && !T8 ->
            t = in_run[0];
            close_up(p);
            fire();
            t = 0
        }
    :: atomic { none(batch) && !run_is_ripe ->
            first_place();
            if
            :: place != NOWHERE && first_begin <= now && (run_length == 0 || first_begin < key[in_run[0]]) ->
                if
                :: covered -> uncover()
                :: else -> position = begin_of(place); open(place)
                fi;
                if
                :: D4 -> break
                :: else
                fi
            :: else ->
                fires_before = (place == NOWHERE || first_begin > now -> now + 1 : first_begin + 1);
                if
                :: run_length > 0 && key[in_run[0]] <= now
                :: else -> break
                fi
            fi;
            place = 0; covered = 0
        }
    od;
    atomic {
        position = now;
        fires_before = 0; place = 0; covered = 0;
        move_ahead();
        collecting = 0;
        observe(collected, 0, 0)
        must(all_due, (!started[0] || key[0] > now || late[0]) && (!started[1] || key[1] > now || late[1]) &&
                      (!started[2] || key[2] > now || late[2]));
        t = 0
    }
}

/* ---- what always holds between two calls ---- */
#define key_or_never(t) (started[t] -> key[t] : 255)

inline compare() {
    must(no_late_place, (!started[0] || key[0] >= position) && (!started[1] || key[1] >= position) &&
                        (!started[2] || key[2] >= position));
    n = run_length + len(slot[LATE]);
    s = 0;
    do
    :: s < SLOTS -> n = n + len(slot[s]); s++
    :: else -> s = 0; break
    od;
    must(none_lost, n == started[0] + started[1] + started[2]);
    n = 0;
    do
    :: s < SLOTS && has(slot[s]) ->
        must(none_lost, is_occupied(s));
        t = 0;
        do
        :: t < 3 && slot[s] ?? [eval(t)] ->
            must(none_lost, started[t] && s == at_level(key[t], s / PER_LEVEL) &&
                 block_of(key[t], s / PER_LEVEL) - block_of(position, s / PER_LEVEL) < 2 &&
                 (s < PER_LEVEL || elsewhere(key[t], s / PER_LEVEL)));
            t++
        :: t < 3 && !(slot[s] ?? [eval(t)]) -> t++
        :: else -> t = 0; break
        od;
        s++
    :: s < SLOTS && none(slot[s]) -> s++
    :: else -> s = 0; break
    od;
    /* first_key */
    first_place();
    n = 255;
    do
    :: t < 3 ->
        u = key_or_never(t);
        n = (u < n -> u : n);                             /* the list's: the least of all, 255 for none */
        t++
    :: else -> t = 0; break
    od;
    d = (has(slot[LATE]) -> position : (run_length > 0 -> key[in_run[0]] : 255));
    if
    :: place == NOWHERE
    :: place != NOWHERE && d <= first_begin
    :: place != NOWHERE && d > first_begin && place < PER_LEVEL && !covered -> d = begin_of(place)
    :: place != NOWHERE && d > first_begin && place >= PER_LEVEL && D2 -> slot[place] ? <u>; d = key[u]
    :: else ->
        q = place / PER_LEVEL;
        s = place;
        do
        :: t < 3 && slot[s] ?? [eval(t)] -> d = (key[t] < d -> key[t] : d); t++
        :: t < 3 && !(slot[s] ?? [eval(t)]) -> t++
        :: t == 3 && q < 2 && elsewhere(first_begin, q + 1) -> t = 0; q++; s = at_level(first_begin, q)
        :: t == 3 && !(q < 2 && elsewhere(first_begin, q + 1)) -> t = 0; q = 0; s = 0; break
        od
    fi;
    must(right_first, d == n);
    observe(first, d, 0)
    n = 0; d = 0; u = 0; place = 0; covered = 0
}

active proctype program() {
    byte t, u, s, d, n, p, q, left, place;
    bit covered;
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
