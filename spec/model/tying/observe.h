// SPDX-License-Identifier: BSL-1.0
// What stands behind `observe` (observe.pml) in a checker made with -DTIED. C, as Spin makes C. EVENTS, a list of what
// can be seen of the model, and WITHOUT_TIMES, which clears the times in one, are defined before. Both numbers of an event fit a byte.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAW(event) saw_##event,
#define EVENT_NAME(event) #event,
enum { EVENTS(SAW) event_count };
static const char *const event_names[] = {EVENTS(EVENT_NAME)};

enum { most_events = 4096, most_offers = 6 };

typedef struct { uint8_t kind, a, b; } sight;
static int equal(sight x, sight y) { return x.kind == y.kind && x.a == y.a && x.b == y.b; }

static void *checked(void *memory) {
    if (!memory) {
        fprintf(stderr, "observe.h: no memory\n");
        exit(2);
    }
    return memory;
}

// ---- FOLLOW ---------------------------------------------------------------------------------------------------------

typedef struct {
    sight *events;
    int length, accepted;
    int furthest;                    // how many events a path had in common with it, at best
    sight offers[most_offers];       // what the model could do there
    int offer_count;
} followed_trace;
static followed_trace *followed;
static int followed_count;

static void print_followed(void) {
    for (int n = 0; n < followed_count; ++n) {
        const followed_trace *const t = &followed[n];
        printf("followed %d %s %d", n, t->accepted ? "accepted" : "refused", t->furthest);
        for (int i = 0; i < t->offer_count && !t->accepted; ++i) {
            printf(" %s %d %d", event_names[t->offers[i].kind], t->offers[i].a, t->offers[i].b);
        }
        printf("\n");
    }
}

static int follow(followed_trace *t, sight s, short *seen) {
    if (t->accepted) {
        return 0;  // one path is enough
    }
    if (*seen < t->length && equal(t->events[*seen], s)) {
        t->accepted = ++*seen == t->length;
        if (*seen > t->furthest) {
            t->furthest = *seen;
            t->offer_count = 0;
        }
        return 1;
    }
    if (*seen == t->furthest && t->offer_count < most_offers) {
        t->offers[t->offer_count++] = s;
    }
    return 0;
}

// One trace a line: for each event its number and its two.
static int read_traces(void) {
    const char *const name = getenv("FOLLOW");
    if (!name) {
        return 0;
    }
    FILE *const file = checked(fopen(name, "r"));
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) > 0) {
        followed = checked(realloc(followed, sizeof *followed * (size_t)(followed_count + 1)));
        followed_trace *const t = &followed[followed_count++];
        memset(t, 0, sizeof *t);
        t->events = checked(malloc(sizeof(sight) * most_events));
        int kind, a, b, used;
        for (const char *at = line; sscanf(at, "%d %d %d%n", &kind, &a, &b, &used) == 3; at += used) {
            if (t->length == most_events) {
                fprintf(stderr, "observe.h: trace %d is too long\n", followed_count);
                exit(2);
            }
            t->events[t->length++] = (sight){(uint8_t)kind, (uint8_t)a, (uint8_t)b};
        }
        t->events = checked(realloc(t->events, sizeof(sight) * (size_t)(t->length + 1)));
    }
    free(line);
    fclose(file);
    atexit(print_followed);
    return followed_count - 1;
}

// ---- TELL -----------------------------------------------------------------------------------------------------------

// A set of hashes, open addressing; 0 is no member.
typedef struct { uint64_t *members; size_t size, count; } hash_set;

static int insert(hash_set *set, uint64_t hash) {
    if (set->count * 2 >= set->size) {
        const hash_set old = *set;
        set->size = old.size ? old.size * 2 : 1 << 12;
        set->count = 0;
        set->members = checked(calloc(set->size, sizeof(uint64_t)));
        for (size_t i = 0; i < old.size; ++i) {
            if (old.members[i]) {
                insert(set, old.members[i]);
            }
        }
        free(old.members);
    }
    for (size_t i = hash & (set->size - 1);; i = (i + 1) & (set->size - 1)) {
        if (set->members[i] == hash) {
            return 0;
        }
        if (!set->members[i]) {
            set->members[i] = hash;
            ++set->count;
            return 1;
        }
    }
}

static uint64_t mixed(uint64_t x) {  // the finaliser of splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// A place on the path: what was seen there, in which state of the model, and in which kind of state.
typedef struct { sight what; uint64_t transition, pair; } place;
static place path[most_events];
static hash_set transitions, told_transitions, pairs, told_pairs;
static long behaviours;

static void print_told(void) {
    printf("told %ld behaviours, %zu of %zu transitions, %zu of %zu pairs\n", behaviours, told_transitions.count,
           transitions.count, told_pairs.count, pairs.count);
}

// Times are left out of what a pair tells apart.
static sight without_times(sight s) {
    WITHOUT_TIMES(s)
    return s;
}
static uint64_t number(sight s) { return (uint64_t)s.kind << 16 | (uint64_t)s.a << 8 | s.b; }

static void tell(sight s, short *seen, int *high, int *low, uint64_t kind, uint64_t state) {
    if (*seen == most_events) {
        fprintf(stderr, "observe.h: a behaviour is too long\n");
        exit(2);
    }
    place *const p = &path[(*seen)++];
    *p = (place){s, mixed(state ^ mixed(number(s) + 1)) | 1, mixed(kind * 0x1000003 + mixed(number(without_times(s)) + 1)) | 1};
    const uint64_t told = mixed(((uint64_t)(uint32_t)*high << 32 | (uint32_t)*low) + number(s) + 1);
    *high = (int)(told >> 32);
    *low = (int)told;
    insert(&transitions, p->transition);
    insert(&pairs, p->pair);
}

// A behaviour ends. It says how many transitions and pairs it is the first to show.
static void told_all(short seen) {
    const char *const which = getenv("TELL");
    if (!which) {
        return;
    }
    int new_transitions = 0, new_pairs = 0;
    for (int i = 0; i < seen; ++i) {
        new_transitions += insert(&told_transitions, path[i].transition);
        new_pairs += insert(&told_pairs, path[i].pair);
    }
    ++behaviours;
    if (!strcmp(which, "new") && !new_transitions && !new_pairs) {
        return;
    }
    printf("behaviour %d %d", new_transitions, new_pairs);
    for (int i = 0; i < seen; ++i) {
        printf(" %d %d %d", path[i].what.kind, path[i].what.a, path[i].what.b);
    }
    printf("\n");
}

// ---- both -----------------------------------------------------------------------------------------------------------

// What is left out of a state: what remembers the path, and what else is no part of the model's state. `now` does not move.
enum { most_left_out = 8 };
static struct { const void *at; size_t size; } left_out[most_left_out];
static int left_out_count;

// Again, it has no effect: the search comes back to where it is said.
static void leave_out(const void *at, size_t size) {
    for (int i = 0; i < left_out_count; ++i) {
        if (left_out[i].at == at) {
            return;
        }
    }
    if (left_out_count == most_left_out) {
        fprintf(stderr, "observe.h: too much is left out\n");
        exit(2);
    }
    left_out[left_out_count].at = at;
    left_out[left_out_count++].size = size;
}

static uint64_t state_hash(const void *state, size_t size) {
    static unsigned char copy[4096];
    if (size > sizeof copy) {
        fprintf(stderr, "observe.h: the state is too large\n");
        exit(2);
    }
    memcpy(copy, state, size);
    for (int i = 0; i < left_out_count; ++i) {
        memset(copy + ((const char *)left_out[i].at - (const char *)state), 0, left_out[i].size);
    }
    uint64_t hash = size;
    for (size_t i = 0; i < size; ++i) {
        hash = (hash ^ copy[i]) * 0x100000001b3u;
    }
    return mixed(hash);
}

// False if the trace that is followed says otherwise.
static int see(int kind, int a, int b, int which, short *seen, int *high, int *low, uint64_t state_kind,
               const void *state, size_t size) {
    static int telling = -1;
    const sight s = {(uint8_t)kind, (uint8_t)a, (uint8_t)b};
    if (followed) {
        return follow(&followed[which], s, seen);
    }
    if (telling < 0) {
        telling = getenv("TELL") != NULL;
        if (telling) {
            atexit(print_told);
        }
    }
    if (telling) {
        tell(s, seen, high, low, state_kind, state_hash(state, size));
    }
    return 1;
}
