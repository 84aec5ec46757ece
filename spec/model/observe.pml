/* SPDX-License-Identifier: BSL-1.0
 *
 * Where a model says what would be seen of the code. `observe(event, a, b)` stands, without a semicolon, wherever the
 * model does what the code is seen doing; the events are listed in a file of tying/. In an ordinary checker it is
 * nothing at all. In one that is made with -DTIED it is one step:
 *
 *   FOLLOW=file   each line is what was seen of a run of the code. Only paths are taken on which the model does the same
 *   TELL=all      paths that differ in what was seen are never taken for one, and what was seen on each is printed
 *   TELL=new      only of those that are the first to show a transition is it printed
 *
 * A model that includes this has a macro kind_of_state, a number: what its state has in common with others like it.
 */
#ifndef TIED
#define observe(event, a, b)
#define observe_if(condition, event, a, b)
#define choose_trace()
#define observe_end()
#else
hidden byte seen_a, seen_b;
hidden int kind;
hidden short last_trace;          /* FOLLOW: how many there are, without one */
short which;                      /* FOLLOW: the trace */
short seen;                       /* how many events */
int told_high, told_low;          /* TELL: what all of them were, hashed */
bit refused;                      /* FOLLOW: the trace says otherwise */

#define observe(event, a, b) \
    d_step { seen_a = (a); seen_b = (b); kind = kind_of_state; c_code { \
        now.refused = !see(saw_##event, seen_a, seen_b, now.which, &now.seen, &now.told_high, &now.told_low, \
                           (unsigned)kind, &now, vsize); \
    } }; \
    !refused;
#define observe_if(condition, event, a, b) \
    if \
    :: condition -> observe(event, a, b) \
    :: else \
    fi;

/* The second step of all: which trace is followed. */
inline choose_trace() {
    c_code {
        last_trace = read_traces();
        leave_out(&now.seen, sizeof now.seen);
        leave_out(&now.told_high, sizeof now.told_high);
        leave_out(&now.told_low, sizeof now.told_low);
    };
    do
    :: which < last_trace -> which++
    :: break
    od;
    true                          /* as Spin lets nobody jump to a d_step */
}

inline observe_end() { c_code { told_all(now.seen); } }
#endif
