// SPDX-License-Identifier: BSL-1.0
// What is seen of a loop, and the two numbers that come with it. README.md says what they are in a trace.
#define EVENTS(X) \
    X(run)        /* */ \
    X(box)        /* which */ \
    X(exit)       /* verdict */ \
    X(left)       /* task, what it awaits */ \
    X(spawn)      /* task, by whom */ \
    X(ready)      /* task, cause */ \
    X(step)       /* task, sample */ \
    X(with)       /* task, how its await ended */ \
    X(await)      /* task, what */ \
    X(sleep)      /* task, how long */ \
    X(at_once)    /* task: its operation is complete as it starts */ \
    X(burn)       /* task: the clock moves on by one */ \
    X(join)       /* task, 1 if with a failure */ \
    X(drop)       /* task */ \
    X(end)        /* task, 1 if with a failure */ \
    X(unobserved) /* task */ \
    X(callback)   /* which post */ \
    X(wait)       /* until */ \
    X(sample)     /* now */ \
    X(complete)   /* task */ \
    X(fire)       /* task, key */ \
    X(round)      /* count */ \
    X(data)       /* task: something arrives for its operation; when */ \
    X(post)       /* when */ \
    X(stop)       /* when */ \
    X(gone)       /* the world will do nothing any more */

#define WITHOUT_TIMES(s) \
    if ((s).kind == saw_wait || (s).kind == saw_sample) { \
        (s).a = (s).a == 255; \
    } else if ((s).kind == saw_fire || (s).kind == saw_step || (s).kind == saw_data) { \
        (s).b = 0; \
    } else if ((s).kind == saw_post || (s).kind == saw_stop) { \
        (s).a = 0; \
    }
