// SPDX-License-Identifier: BSL-1.0
// A kernel that does as a test says, and a clock that moves only while somebody waits. This header defines the
// functions of system calls in libc's place, so it belongs into the one source of one program; what is not scripted
// goes on to the kernel. Not thread safe.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace galley_test {
namespace {

/// The system calls by what they are for, as drivers choose among several.
enum class call : std::uint8_t { read, write, accept, connect, option, poll, watch, close, wait };

class scripted_kernel {
public:
    /// The next calls of this kind on this descriptor (-1: any) fail so, one after another.
    void fail(call what, int descriptor, std::deque<int> errors) { scripts_[what] = {descriptor, std::move(errors)}; }
    [[nodiscard]] bool is_used_up() const {
        return std::all_of(scripts_.begin(), scripts_.end(), [](const auto& s) { return s.second.errors.empty(); });
    }
    /// The errno of this call, or 0: it goes on.
    int next_error(call what, int descriptor) {
        script& s = scripts_[what];
        if (s.errors.empty() || (s.descriptor >= 0 && s.descriptor != descriptor)) {
            return 0;
        }
        const int error = s.errors.front();
        s.errors.pop_front();
        return error;
    }

    /// The waiting calls that come next are interrupted, each when this much time has passed.
    void interrupt(std::size_t times, std::int64_t after) {
        fail(call::wait, -1, std::deque<int>(times, EINTR));
        interrupted_after_ = after;
    }
    /// A waiting call begins. 0: it goes on.
    int begin_wait(std::int64_t timeout) {
        timeouts.push_back(timeout);
        const int error = next_error(call::wait, -1);
        if (error == EINTR) {
            now += std::min(timeout, interrupted_after_);
        }
        return error;
    }
    /// Nothing is ready: its time passes; an hour if there is none, so that a wait for nothing is seen and ends.
    void pass(std::int64_t timeout) { now += timeout == no_timeout ? hour : timeout; }

    static constexpr std::int64_t no_timeout = INT64_MAX;
    static constexpr std::int64_t hour = 3'600'000'000'000;

    std::int64_t now{1'000'000'000};
    std::set<int> claimed;               ///< announced as ready for everything, whatever they are
    std::vector<std::int64_t> timeouts;  ///< of the waiting calls, in nanoseconds
    std::multiset<int> closed;           ///< what close(2) was called with
    int patient_looks{};                 ///< calls of poll(2) with a timeout, where drivers only look whether it is so

private:
    struct script {
        int descriptor{-1};
        std::deque<int> errors;
    };
    std::map<call, script> scripts_;
    std::int64_t interrupted_after_{};
};

scripted_kernel kernel;

int refuse(int error) {
    errno = error;
    return -1;
}

std::int64_t nanoseconds_of(const timespec* t) {
    return t == nullptr ? scripted_kernel::no_timeout : t->tv_sec * 1'000'000'000 + t->tv_nsec;
}

/// What epoll_pwait2 and epoll_wait have in common.
int wait_for_edges(int epoll, epoll_event* events, int room, std::int64_t timeout) {
    if (const int error = kernel.begin_wait(timeout); error != 0) {
        return refuse(error);
    }
    auto count = static_cast<int>(::syscall(SYS_epoll_pwait, epoll, events, room, 0, nullptr, 0));
    for (const int descriptor : kernel.claimed) {
        if (count >= 0 && count < room) {
            events[count].events = EPOLLIN | EPOLLOUT;
            events[count++].data.fd = descriptor;
        }
    }
    if (count == 0) {
        kernel.pass(timeout);
    }
    return count;
}

}  // namespace
}  // namespace galley_test

// ---- in libc's place ------------------------------------------------------------------------------------------------

using galley_test::call;
using galley_test::kernel;
using galley_test::refuse;

extern "C" {

int clock_gettime(clockid_t, timespec* result) noexcept {
    *result = {kernel.now / 1'000'000'000, kernel.now % 1'000'000'000};
    return 0;
}
ssize_t read(int descriptor, void* buffer, std::size_t size) {
    const int error = kernel.next_error(call::read, descriptor);
    return error != 0 ? refuse(error) : ::syscall(SYS_read, descriptor, buffer, size);
}
ssize_t recv(int descriptor, void* buffer, std::size_t size, int flags) {
    const int error = kernel.next_error(call::read, descriptor);
    return error != 0 ? refuse(error) : ::syscall(SYS_recvfrom, descriptor, buffer, size, flags, nullptr, nullptr);
}
ssize_t write(int descriptor, const void* buffer, std::size_t size) {
    const int error = kernel.next_error(call::write, descriptor);
    return error != 0 ? refuse(error) : ::syscall(SYS_write, descriptor, buffer, size);
}
ssize_t send(int descriptor, const void* buffer, std::size_t size, int flags) {
    const int error = kernel.next_error(call::write, descriptor);
    return error != 0 ? refuse(error) : ::syscall(SYS_sendto, descriptor, buffer, size, flags, nullptr, 0);
}
int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
    const int error = kernel.next_error(call::accept, descriptor);
    return error != 0 ? refuse(error) : static_cast<int>(::syscall(SYS_accept4, descriptor, address, size, flags));
}
int connect(int descriptor, const sockaddr* address, socklen_t size) {  // what is interrupted goes on by itself
    const auto result = static_cast<int>(::syscall(SYS_connect, descriptor, address, size));
    const int error = kernel.next_error(call::connect, descriptor);
    return error != 0 ? refuse(error) : result;
}
int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) noexcept {
    const int error = kernel.next_error(call::option, descriptor);
    return error != 0 ? refuse(error)
                      : static_cast<int>(::syscall(SYS_getsockopt, descriptor, level, name, value, size));
}
int epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) noexcept {
    const int error = kernel.next_error(call::watch, descriptor);
    return error != 0 ? refuse(error) : static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, descriptor, event));
}
int close(int descriptor) {  // what is interrupted is closed nevertheless
    kernel.closed.insert(descriptor);
    const auto result = static_cast<int>(::syscall(SYS_close, descriptor));
    const int error = kernel.next_error(call::close, descriptor);
    return error != 0 ? refuse(error) : result;
}
int poll(pollfd* polled, nfds_t count, int timeout) {
    kernel.patient_looks += timeout == 0 ? 0 : 1;
    const int error = kernel.next_error(call::poll, polled->fd);
    return error != 0 ? refuse(error) : static_cast<int>(::syscall(SYS_poll, polled, count, timeout));
}
int ppoll(pollfd* polled, nfds_t count, const timespec* timeout, const sigset_t*) {
    if (const int error = kernel.begin_wait(galley_test::nanoseconds_of(timeout)); error != 0) {
        return refuse(error);
    }
    auto ready = static_cast<int>(::syscall(SYS_poll, polled, count, 0));
    for (pollfd* p = polled; p != polled + count; ++p) {
        if (p->revents == 0 && kernel.claimed.contains(p->fd)) {
            p->revents = p->events;
            ++ready;
        }
    }
    if (ready == 0) {
        kernel.pass(galley_test::nanoseconds_of(timeout));
    }
    return ready;
}
int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout, const sigset_t*) {
    return galley_test::wait_for_edges(epoll, events, room, galley_test::nanoseconds_of(timeout));
}
int epoll_wait(int epoll, epoll_event* events, int room, int timeout) {
    return galley_test::wait_for_edges(
        epoll, events, room, timeout < 0 ? galley_test::scripted_kernel::no_timeout : timeout * INT64_C(1'000'000));
}

}  // extern "C"
