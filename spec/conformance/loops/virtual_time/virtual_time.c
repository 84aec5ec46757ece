/* SPDX-License-Identifier: BSL-1.0 */
/* Virtual time for a process, by LD_PRELOAD: its clocks stand still, and a wait of the main thread moves them instead of
 * waiting, to the end of its timeout or to what the world does next (virtual_time.h), whichever is first. To sleep moves
 * them too: that is how a step takes time. So what a loop does depends on nothing but its program. Other threads see the
 * same clock, and wait as ever.
 *
 * Replaced: clock_gettime, gettimeofday, time; epoll_wait, epoll_pwait, epoll_pwait2, poll, ppoll, select; nanosleep,
 * clock_nanosleep, usleep, pthread_cond_timedwait, pthread_cond_clockwait; timerfd_create, timerfd_settime; syscall.
 * A timerfd is an eventfd here. */
#define _GNU_SOURCE
#include "virtual_time.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { most_entries = 512, most_timers = 64, most_idle_looks = 200000 };
static const int64_t second = 1000000000, never = INT64_MAX, start = 1000 * 1000000000LL,
                     epoch = 1700000000LL * 1000000000LL;

static _Atomic int64_t clock_now =
    1000 * 1000000000LL; /* sequentially consistent: other threads read it, and nothing else */
static int64_t sampled = 1000 * 1000000000LL;
static __thread int is_main; /* a forked child's only thread inherits it */
static struct {
    int64_t when;
    virtual_time_action act;
    void* argument;
} world[most_entries];
static int world_next, world_end;
static struct {
    int fd;
    int64_t due;
} timers[most_timers];
static int timer_count;
static virtual_time_action on_never;
static void* never_argument;
static int64_t latency;
static int idle_looks; /* without effect, and without time: a loop that spins */

__attribute__((constructor)) static void begin(void) { is_main = 1; }

static void move_to(int64_t when) {
    if (when > clock_now) clock_now = when;
}

static int64_t after(int64_t ns) { return ns > never - clock_now ? never : clock_now + ns; }

static int64_t of(const struct timespec* t) {
    return t->tv_sec > never / second - 1 ? never : (int64_t)t->tv_sec * second + t->tv_nsec;
}

/* --- The kernel, past what is replaced here. libev asks for the clock by syscall(2), so that is replaced, too. --- */

static void* real(const char* name) { return dlsym(RTLD_NEXT, name); }

static long kernel(long n, long a, long b, long c, long d, long e, long f) {
    static long (*next)(long, ...);
    if (!next) next = (long (*)(long, ...))real("syscall");
    return next(n, a, b, c, d, e, f);
}

long syscall(long n, ...) {
    va_list list;
    va_start(list, n);
    long a[6];
    for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
    va_end(list);
    if (n == SYS_clock_gettime) return clock_gettime((clockid_t)a[0], (struct timespec*)a[1]);
    return kernel(n, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* --- The world and the timerfds --- */

void virtual_time_at(int64_t when, virtual_time_action act, void* argument) {
    if (world_end == most_entries) abort();
    world[world_end].when = when;
    world[world_end].act = act;
    world[world_end++].argument = argument;
}

void virtual_time_never(virtual_time_action act, void* argument) {
    on_never = act;
    never_argument = argument;
}

void virtual_time_late_by(int64_t ns) { latency = ns; }

int64_t virtual_time_sample(void) { return sampled; }

static void deliver(void) {
    while (world_next < world_end && world[world_next].when <= clock_now) {
        const int i = world_next++;
        world[i].act(world[i].argument);
    }
    for (int i = 0; i < timer_count; ++i)
        if (timers[i].due <= clock_now) {
            timers[i].due = never;
            if (write(timers[i].fd, &(uint64_t){1}, 8) != 8) abort();
        }
}

static int64_t next_of_world(void) {
    int64_t first = world_next < world_end ? world[world_next].when : never;
    for (int i = 0; i < timer_count; ++i)
        if (timers[i].due < first) first = timers[i].due;
    return first;
}

int timerfd_create(int clock, int flags) {
    (void)clock;
    const int fd = eventfd(0, (flags & TFD_NONBLOCK ? EFD_NONBLOCK : 0) | (flags & TFD_CLOEXEC ? EFD_CLOEXEC : 0));
    if (fd >= 0) {
        int i = 0;
        while (i < timer_count && timers[i].fd != fd) ++i; /* a number that was closed comes again */
        if (i == most_timers) abort();
        if (i == timer_count) ++timer_count;
        timers[i].fd = fd;
        timers[i].due = never;
    }
    return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec* to, struct itimerspec* was) {
    (void)was;
    for (int i = 0; i < timer_count; ++i)
        if (timers[i].fd == fd) {
            struct pollfd set = {.fd = fd, .events = POLLIN};
            uint64_t count;
            if (kernel(SYS_poll, (long)&set, 1, 0, 0, 0, 0) == 1 && read(fd, &count, 8) != 8) return -1;
            const int64_t ns = of(&to->it_value);
            timers[i].due = ns == 0 ? never : flags & TFD_TIMER_ABSTIME ? ns : after(ns);
            return 0;
        }
    errno = EBADF;
    return -1;
}

/* --- Waits: `look` asks the kernel without waiting --- */

/* A loop may look again and again until its clock is past a deadline, and not just at it: after many looks, some time has passed. */
static void look_in_vain(void) {
    if (++idle_looks % 1000 == 0) move_to(after(1));
    if (idle_looks > most_idle_looks && on_never) on_never(never_argument);
}

static int wait_for(int (*look)(void*), void* what, int64_t ns) {
    if (!is_main) return look(what);
    const int64_t until = ns < 0 ? never : after(ns);
    for (;;) {
        deliver();
        const int found = look(what);
        if (found != 0 || ns == 0) {
            if (found == 0) look_in_vain();
            sampled = clock_now;
            return found;
        }
        idle_looks = 0;
        const int64_t next = next_of_world();
        if (next > clock_now && next >= until && until != never) {
            move_to(until);
            move_to(after(latency));
            ns = 0;
        } else if (next != never) {
            move_to(next);
        } else {
            if (on_never) on_never(never_argument);
            fputs("virtual_time: a wait would last for ever\n", stderr);
            _exit(70);
        }
    }
}

struct epoll_look {
    int fd;
    struct epoll_event* events;
    int most;
    const sigset_t* mask;
};
static int look_epoll(void* what) {
    const struct epoll_look* l = what;
    return (int)kernel(SYS_epoll_pwait, l->fd, (long)l->events, l->most, 0, (long)l->mask, 8);
}

int epoll_pwait(int fd, struct epoll_event* events, int most, int ms, const sigset_t* mask) {
    if (!is_main)
        return ((int (*)(int, struct epoll_event*, int, int, const sigset_t*))real("epoll_pwait"))(fd, events, most, ms,
                                                                                                   mask);
    return wait_for(look_epoll, &(struct epoll_look){fd, events, most, mask}, ms < 0 ? -1 : ms * INT64_C(1000000));
}

int epoll_wait(int fd, struct epoll_event* events, int most, int ms) { return epoll_pwait(fd, events, most, ms, NULL); }

int epoll_pwait2(int fd, struct epoll_event* events, int most, const struct timespec* t, const sigset_t* mask) {
    if (!is_main)
        return ((int (*)(int, struct epoll_event*, int, const struct timespec*, const sigset_t*))real("epoll_pwait2"))(
            fd, events, most, t, mask);
    return wait_for(look_epoll, &(struct epoll_look){fd, events, most, mask}, t ? of(t) : -1);
}

struct poll_look {
    struct pollfd* set;
    nfds_t count;
};
static int look_poll(void* what) {
    const struct poll_look* l = what;
    return (int)kernel(SYS_poll, (long)l->set, (long)l->count, 0, 0, 0, 0);
}

int poll(struct pollfd* set, nfds_t count, int ms) {
    if (!is_main) return (int)kernel(SYS_poll, (long)set, (long)count, ms, 0, 0, 0);
    return wait_for(look_poll, &(struct poll_look){set, count}, ms < 0 ? -1 : ms * INT64_C(1000000));
}

int ppoll(struct pollfd* set, nfds_t count, const struct timespec* t, const sigset_t* mask) {
    if (!is_main)
        return ((int (*)(struct pollfd*, nfds_t, const struct timespec*, const sigset_t*))real("ppoll"))(set, count, t,
                                                                                                         mask);
    return wait_for(look_poll, &(struct poll_look){set, count}, t ? of(t) : -1);
}

struct select_look {
    int most;
    fd_set *sets[3], asked[3];
};
static int look_select(void* what) {
    struct select_look* l = what;
    for (int i = 0; i < 3; ++i)
        if (l->sets[i]) *l->sets[i] = l->asked[i];
    struct timespec none = {0, 0};
    return (int)kernel(SYS_pselect6, l->most, (long)l->sets[0], (long)l->sets[1], (long)l->sets[2], (long)&none, 0);
}

int select(int most, fd_set* reads, fd_set* writes, fd_set* others, struct timeval* t) {
    if (!is_main)
        return ((int (*)(int, fd_set*, fd_set*, fd_set*, struct timeval*))real("select"))(most, reads, writes, others,
                                                                                          t);
    struct select_look l = {.most = most, .sets = {reads, writes, others}};
    for (int i = 0; i < 3; ++i)
        if (l.sets[i]) l.asked[i] = *l.sets[i];
    return wait_for(look_select, &l, t ? t->tv_sec * second + t->tv_usec * 1000 : -1);
}

/* --- Clocks and sleeps --- */

int clock_gettime(clockid_t clock, struct timespec* t) {
    if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
        return (int)kernel(SYS_clock_gettime, clock, (long)t, 0, 0, 0, 0);
    const int64_t now = clock_now + (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? epoch - start : 0);
    t->tv_sec = now / second;
    t->tv_nsec = now % second;
    return 0;
}

int gettimeofday(struct timeval* restrict t, void* restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* to) {
    const time_t now = (clock_now + epoch - start) / second;
    if (to) *to = now;
    return now;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* t, struct timespec* left) {
    if (!is_main)
        return ((int (*)(clockid_t, int, const struct timespec*, struct timespec*))real("clock_nanosleep"))(
            clock, flags, t, left);
    const int64_t ns = of(t);
    move_to(!(flags & TIMER_ABSTIME) ? after(ns) : clock == CLOCK_REALTIME ? ns - epoch + start : ns);
    return 0;
}

int nanosleep(const struct timespec* t, struct timespec* left) {
    const int code = clock_nanosleep(CLOCK_REALTIME, 0, t, left);
    if (code != 0) errno = code;
    return code == 0 ? 0 : -1;
}

int usleep(useconds_t us) { return nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000L}, NULL); }

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict t) {
    if (!is_main)
        return ((int (*)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*))real("pthread_cond_timedwait"))(
            condition, mutex, t);
    const int64_t when = of(t); /* of which clock is the condition's business, and told by how far away it is */
    move_to(when < epoch ? when : when - epoch + start);
    return ETIMEDOUT;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const struct timespec* t) {
    if (!is_main)
        return ((int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*))real(
            "pthread_cond_clockwait"))(condition, mutex, clock, t);
    move_to(clock == CLOCK_REALTIME ? of(t) - epoch + start : of(t));
    return ETIMEDOUT;
}
