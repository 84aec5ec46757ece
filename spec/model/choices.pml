/* SPDX-License-Identifier: BSL-1.0
 *
 * What all models share: one compiled checker per model, told by its environment what to look at. A model lists its
 * names in four macros, SETTINGS, FAULTS, PROPERTIES and GOALS, and includes this file, which makes variables of them:
 *
 *   SETTING=number   each setting: sizes, and what may happen
 *   FAULT=name       plants a fault: its variable is 1, all others are 0
 *   ONLY=name        looks at one safety property; without it, at all
 *   GOAL=name        asks whether something can happen at all: it is reported like a violated assertion
 *
 * They are `hidden`, not part of the state: they are read once, in the first step of all, and never change.
 */
c_decl {
\#include <stdlib.h>
\#include <string.h>
static int chosen(const char *kind, const char *name, int without) {
    const char *value = getenv(kind);
    return value ? !strcmp(value, name) : without;
}
static int setting(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}
}

#define DECLARE_SETTING(name, otherwise) hidden byte name;
#define DECLARE(name) hidden byte name;
SETTINGS(DECLARE_SETTING)
FAULTS(DECLARE)
PROPERTIES(DECLARE)
GOALS(DECLARE)

#define READ_SETTING(name, otherwise) name = setting(#name, otherwise);
#define READ_FAULT(name) name = chosen("FAULT", #name, 0);
#define READ_PROPERTY(name) name = chosen("ONLY", #name, 1);
#define READ_GOAL(name) name = chosen("GOAL", #name, 0);

/* The first step of `init`. */
inline read_choices() {
    c_code { SETTINGS(READ_SETTING) FAULTS(READ_FAULT) PROPERTIES(READ_PROPERTY) GOALS(READ_GOAL) }
}

/* A safety property, by its name. What the checker prints when it is violated begins with the name. */
#define must(property, condition) assert(!property || (condition))
/* Something that can happen. */
#define reached(goal) assert(!goal)
