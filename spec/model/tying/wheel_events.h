// SPDX-License-Identifier: BSL-1.0
// What is seen of a timer wheel, and the two numbers that come with it.
#define EVENTS(X) \
    X(start)     /* timer, key */ \
    X(cancel)    /* timer */ \
    X(collect)   /* now: all that is due is taken out, one at a time */ \
    X(fire)      /* timer, key */ \
    X(collected) /* nothing is due any more */ \
    X(first)     /* the first key, 255 for none: after each start, cancel and collect */

#define WITHOUT_TIMES(s) \
    if ((s).kind == saw_start || (s).kind == saw_fire) { \
        (s).b = 0; \
    } else if ((s).kind == saw_collect) { \
        (s).a = 0; \
    } else if ((s).kind == saw_first) { \
        (s).a = (s).a == 255; \
    }
