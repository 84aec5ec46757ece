/* SPDX-License-Identifier: BSL-1.0
 *
 * The world of loop.pml in a checker that is made with -DTIED: it acts where the simulated driver
 * (spec/stage/run/sim.cpp) lets it, which is only where the loop asks the driver or waits on it; and a step may burn
 * time. What happens in a look the world of loop.pml can do at that moment, too, and the time that a step burns can
 * pass before the step. Three things are only here: a simulated driver knows when nothing will happen any more (`gone`;
 * LIFE-7: exhausted); a wait ends for nothing when something arrives that nobody waits for; and time passes also when no
 * timer is ahead (loop.pml has it stand still then, to have fewer states).
 *
 * It follows the driver's rules, and so loses nothing that the driver can show: a script's entry is delivered at the
 * first look at which the clock is not before it; in a wait the clock moves to the next entry or to the end of the
 * wait, whichever comes first; entries of one instant come in any order, and the operations that they complete are
 * reported in start order. What arrives for an operation is there when it is started later.
 *
 * FREE=n leaves the entries of an instant in any order, as scripts may have them, the last at time n; without it they
 * come in one, as the order changes nothing but the order in which they are seen. DATA: how often something may arrive
 * for operations. IDLE_FOR: how late the next entry may be if the loop waits for nothing else.
 */
#ifndef TIED
#define is_there(t) true
#define is_not_there(t) true
#define take_what_is_there(t)
#define in_flight_since(t)
#define exhausted false
#define sim_look(latest)
#define OTHER_CHOICES
#define returns_for_nothing false
#define may_end true
#else

#define BURN 128                  /* MAY: a step that takes time */

byte instant;                     /* what the script says of earlier times was delivered */
bit gone;                         /* the script is at its end */
byte data;                        /* how often something arrived */
byte arrived[4];                  /* of each task; the last: of nobody */
chan flying = [3] of { byte };    /* tasks whose operations are in flight, in start order */
byte rank, rotated, whose;        /* in a look */
bit delivered;

#define is_there(t) (arrived[t] > 0)
#define is_not_there(t) (arrived[t] == 0)
#define take_what_is_there(t) arrived[t]--;
#define in_flight_since(t) flying ! t;
#define exhausted (gone && none(done))
#define nothing_to_come (posted == POSTS && stops == STOPS && data == DATA)
#define OTHER_CHOICES :: may(BURN) -> steps[t]--; clock++; observe(burn, t, 0)
#define returns_for_nothing true  /* a wait ends when an entry was delivered, whatever that was */
#define may_end (FREE || child[t] == NOBODY)    /* the slot of a scenario does not end with the task */
#define latest_entry (FREE > 0 -> FREE : sample + IDLE_FOR)
#define in_order(n) (!gone && (FREE || n >= rank))

/* The script ends, if it must or likes to. */
inline may_be_gone() {
    if
    :: !gone && posted == POSTS -> gone = 1; observe(gone, 0, 0)
    :: !gone && !nothing_to_come
    :: gone
    fi
}

/* Something arrives for task n, and perhaps its operation completes. */
#define arrives(n) \
    in_order(2 + n) && data < DATA -> \
        data++; rank = 3 + n; delivered = 1; arrived[n]++; observe(data, n, instant) \
        may_be_gone()

inline deliver_an_instant(latest) {
    rank = 0;
    do
    :: in_order(0) && posted < POSTS ->
        delivered = 1; inbox ! CALLBACK + posted; posted++; tell();
        remotes = (posted < POSTS);
        observe(post, instant, 0)
        may_be_gone()
    :: in_order(1) && stops < STOPS ->
        rank = 1; delivered = 1; stops++; stop_requested = 1; unserved = 1; tell(); observe(stop, instant, 0)
        may_be_gone()
    :: arrives(0)
    :: TASKS > 1 && arrives(1)
    :: TASKS > 2 && arrives(2)
    :: FREE && arrives(3)
    :: delivered || gone || FREE || latest != NEVER || instant < latest_entry -> break
    od;
    rotated = len(flying);
    do
    :: rotated > 0 ->
        rotated--;
        flying ? whose;
        if
        :: arrived[whose] > 0 -> arrived[whose]--; in_flight = in_flight & ~bit_of(whose); done ! whose
        :: else -> flying ! whose
        fi
    :: else -> break
    od
}

/* The driver is asked (`latest` is the clock) or waited on. While nothing is known to come, nothing depends on how late
 * it comes but the place within R. */
inline sim_look(latest) {
    atomic {
        do
        :: instant <= clock -> deliver_an_instant(latest); instant++
        :: instant > clock && !delivered && clock < (latest == NEVER -> latest_entry : latest) -> clock++
        :: else -> break
        od;
        delivered = 0; rank = 0; whose = 0
    }
}
#endif
