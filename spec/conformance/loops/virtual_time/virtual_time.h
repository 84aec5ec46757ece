/* SPDX-License-Identifier: BSL-1.0 */
/* What an adapter may ask of the preloaded library (virtual_time.c). All times are of the monotonic clock, in nanoseconds. */
#ifndef GALLEY_VIRTUAL_TIME_H
#define GALLEY_VIRTUAL_TIME_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef void (*virtual_time_action)(void* argument);

/* Something that the world does: called by a look at the kernel, from its instant on, in the order in which they were told. */
void virtual_time_at(int64_t when, virtual_time_action act, void* argument);

/* Called when a wait would last for ever. Must not return. */
void virtual_time_never(virtual_time_action act, void* argument);

/* From now on a wait that ends by its timeout ends so much later, as it does in life: for loops whose clock has ticks, which no real
 * instant is exactly at. */
void virtual_time_late_by(int64_t ns);

/* The clock as of the latest look at the kernel. */
int64_t virtual_time_sample(void);

#ifdef __cplusplus
}
#endif
#endif
