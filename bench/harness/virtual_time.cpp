// SPDX-License-Identifier: BSL-1.0
// The C library's names in front of it: the program's own definitions win, for the libraries that it
// is linked with, too.
#include "bench/harness/virtual_time.hpp"

#include "bench/harness/tail.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <dlfcn.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/timerfd.h>

namespace {

constinit thread_local bool is_on = false;
constinit thread_local std::int64_t jumped = 0;  ///< nanoseconds since the clocks stood still
constinit thread_local timespec stood_still[2]{};
constinit thread_local bool measures_turns = false;
constinit thread_local std::int64_t looked_at = 0;  ///< CPU time
constinit thread_local std::int64_t longest = 0;

/// The C library's own function of this name.
template <class F>
F* real(const char* name) {
    void* const found = dlsym(RTLD_NEXT, name);
    if (found == nullptr) {
        std::fprintf(stderr, "bench: the C library has no %s\n", name);
        std::abort();
    }
    return reinterpret_cast<F*>(found);
}

bool is_cpu_clock(clockid_t clock) noexcept {
    // Those of other processes and threads are negative.
    return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

bool is_calendar(clockid_t clock) noexcept { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

/// A turn ends, and another one begins.
void look() noexcept {
    if (measures_turns) {
        const std::int64_t now = galley_bench::clock_now(CLOCK_THREAD_CPUTIME_ID);
        longest = std::max(longest, now - looked_at);
        looked_at = now;
    }
}

timespec virtual_now(bool calendar) noexcept {
    look();
    constexpr std::int64_t second = 1'000'000'000;
    timespec t = stood_still[calendar ? 1 : 0];
    const std::int64_t nanoseconds = t.tv_nsec + jumped;
    t.tv_sec += nanoseconds / second;
    t.tv_nsec = nanoseconds % second;
    return t;
}

/// What a wait of so long is; negative: without end, in which nothing could happen.
int jump(std::int64_t nanoseconds) {
    look();
    if (nanoseconds < 0) {
        std::fprintf(stderr, "bench: a loop waits for ever in virtual time\n");
        std::abort();
    }
    jumped += nanoseconds == 0 ? galley_bench::virtual_time::look
                               : std::max(nanoseconds, galley_bench::virtual_time::shortest_wait);
    return 0;
}
int jump_milliseconds(int milliseconds) { return jump(std::int64_t{milliseconds} * 1'000'000); }
int jump(const timespec* t) { return jump(t == nullptr ? -1 : t->tv_sec * 1'000'000'000 + t->tv_nsec); }

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* t) noexcept {
    static constinit decltype(&clock_gettime) call = nullptr;
    if (is_on && !is_cpu_clock(clock)) {
        *t = virtual_now(is_calendar(clock));
        return 0;
    }
    if (call == nullptr) [[unlikely]] {
        call = real<int(clockid_t, timespec*) noexcept>("clock_gettime");
    }
    return call(clock, t);
}
int gettimeofday(timeval* t, void* zone) noexcept {
    static const auto call = real<int(timeval*, void*)>("gettimeofday");
    if (is_on) {
        const timespec now = virtual_now(true);
        *t = {now.tv_sec, now.tv_nsec / 1000};
        return 0;
    }
    return call(t, zone);
}
int epoll_wait(int epoll, epoll_event* events, int room, int milliseconds) {
    static const auto call = real<int(int, epoll_event*, int, int)>("epoll_wait");
    return is_on ? jump_milliseconds(milliseconds) : call(epoll, events, room, milliseconds);
}
int epoll_pwait(int epoll, epoll_event* events, int room, int milliseconds, const sigset_t* mask) {
    static const auto call = real<int(int, epoll_event*, int, int, const sigset_t*)>("epoll_pwait");
    return is_on ? jump_milliseconds(milliseconds) : call(epoll, events, room, milliseconds, mask);
}
int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* until, const sigset_t* mask) {
    static const auto call = real<int(int, epoll_event*, int, const timespec*, const sigset_t*)>("epoll_pwait2");
    return is_on ? jump(until) : call(epoll, events, room, until, mask);
}
int poll(pollfd* events, nfds_t count, int milliseconds) {
    static const auto call = real<int(pollfd*, nfds_t, int)>("poll");
    return is_on ? jump_milliseconds(milliseconds) : call(events, count, milliseconds);
}
int ppoll(pollfd* events, nfds_t count, const timespec* until, const sigset_t* mask) {
    static const auto call = real<int(pollfd*, nfds_t, const timespec*, const sigset_t*)>("ppoll");
    return is_on ? jump(until) : call(events, count, until, mask);
}
int timerfd_create(int clock, int flags) noexcept {
    static const auto call = real<int(int, int)>("timerfd_create");
    if (is_on) {
        errno = ENODEV;
        return -1;
    }
    return call(clock, flags);
}

}  // extern "C"

namespace galley_bench {

virtual_time::virtual_time() {
    jumped = 0;
    clock_gettime(CLOCK_MONOTONIC, &stood_still[0]);
    clock_gettime(CLOCK_REALTIME, &stood_still[1]);
    is_on = true;
}

virtual_time::~virtual_time() { is_on = measures_turns = false; }

void virtual_time::begin_turns() noexcept {
    measures_turns = true;
    looked_at = clock_now(CLOCK_THREAD_CPUTIME_ID);
    longest = 0;
}

std::int64_t virtual_time::longest_turn() noexcept { return std::exchange(longest, 0); }

}  // namespace galley_bench
