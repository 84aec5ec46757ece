// SPDX-License-Identifier: BSL-1.0
// The functions of system calls in libc's place. Each may fail, with the errors that the kernel may give there
// (the manual's section ERRORS), and does with them what the kernel does: a close(2) that is interrupted has closed, a
// connect(2) goes on by itself, and what would have blocked is announced when it no longer would.
//
// In a case, time is the case's own: it stands still but for waits, which let it pass at once. So no case takes time,
// and a run is the same each time.
#include "tests/failing/faults.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

using galley_test::call_fails;

std::atomic<std::int64_t> now{1'000'000'000};

/// What is known of a descriptor.
struct file {
    bool is_waker{};  ///< an end of a pipe that a driver has made to wake itself
    int epoll{-1};    ///< where it is registered, and for what
    epoll_event wanted{};
};
std::array<file, 4096> files;

file& file_of(int descriptor) {
    return files[static_cast<std::size_t>(descriptor < 0 ? 0 : descriptor) % files.size()];
}

int refuse(int error) {
    errno = error;
    return -1;
}

/// What "would block" is followed by the announcement that it no longer does. Registering anew brings an edge if it is
/// so now already.
int refuse_transfer(int descriptor, int error) {
    if (file& f = file_of(descriptor); error == EAGAIN && f.epoll >= 0) {
        ::syscall(SYS_epoll_ctl, f.epoll, EPOLL_CTL_MOD, descriptor, &f.wanted);
    }
    return refuse(error);
}

template <class... Argument>
int raw(long number, Argument... argument) {
    return static_cast<int>(::syscall(number, argument...));
}

/// Time passes: nothing is ready, and this is how long it waits.
void pass(std::int64_t timeout) {
    if (timeout > 0) {
        now += timeout;
    }
}
std::int64_t nanoseconds_of(const timespec& t) { return t.tv_sec * 1'000'000'000 + t.tv_nsec; }

int wait_for_edges(int epoll, epoll_event* events, int room, std::int64_t timeout) {
    if (timeout < 0) {
        galley_test::tell_blocked();
    }
    const int count = raw(SYS_epoll_pwait, epoll, events, room, timeout < 0 ? -1 : 0, nullptr, 0);
    if (count == 0) {
        pass(timeout);
    }
    return count;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* result) noexcept {
    if (!galley_test::is_under_test()) {
        return raw(SYS_clock_gettime, clock, result);
    }
    *result = {now / 1'000'000'000, now % 1'000'000'000};
    return 0;
}

// ---- transfers

ssize_t read(int descriptor, void* buffer, std::size_t size) {
    const int error = file_of(descriptor).is_waker ? call_fails("read of the waker", {EINTR, EAGAIN})
                                                   : call_fails("read", {EINTR, EAGAIN, EIO, ENOMEM});
    return error != 0 ? refuse_transfer(descriptor, error) : ::syscall(SYS_read, descriptor, buffer, size);
}
ssize_t write(int descriptor, const void* buffer, std::size_t size) {
    const int error = file_of(descriptor).is_waker ? call_fails("write to the waker", {EINTR, ENOMEM})
                                                   : call_fails("write", {EINTR, EAGAIN, EPIPE, ENOSPC, ENOMEM});
    return error != 0 ? refuse_transfer(descriptor, error) : ::syscall(SYS_write, descriptor, buffer, size);
}
ssize_t recv(int descriptor, void* buffer, std::size_t size, int flags) {
    const int error = call_fails("recv", {EINTR, EAGAIN, ECONNRESET, ENOMEM});
    return error != 0 ? refuse_transfer(descriptor, error)
                      : ::syscall(SYS_recvfrom, descriptor, buffer, size, flags, nullptr, nullptr);
}
ssize_t send(int descriptor, const void* buffer, std::size_t size, int flags) {
    const int error = call_fails("send", {EINTR, EAGAIN, EPIPE, ECONNRESET, ENOBUFS});
    return error != 0 ? refuse_transfer(descriptor, error)
                      : ::syscall(SYS_sendto, descriptor, buffer, size, flags, nullptr, 0);
}
int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
    const int error = call_fails("accept4", {EINTR, EAGAIN, EMFILE, ENFILE, ENOMEM, ECONNABORTED});
    return error != 0 ? refuse_transfer(descriptor, error) : raw(SYS_accept4, descriptor, address, size, flags);
}

// ---- sockets

int socket(int domain, int type, int protocol) noexcept {
    const int error = call_fails("socket", {EMFILE, ENFILE, ENOMEM, EACCES});
    return error != 0 ? refuse(error) : raw(SYS_socket, domain, type, protocol);
}
int connect(int descriptor, const sockaddr* address, socklen_t size) {
    const int error = call_fails("connect", {EINTR, ECONNREFUSED, EADDRNOTAVAIL, ENETUNREACH});
    if (error != 0 && error != EINTR) {
        return refuse(error);
    }
    const int result = raw(SYS_connect, descriptor, address, size);
    return error != 0 ? refuse(error) : result;
}
int bind(int descriptor, const sockaddr* address, socklen_t size) noexcept {
    const int error = call_fails("bind", {EADDRINUSE, EACCES});
    return error != 0 ? refuse(error) : raw(SYS_bind, descriptor, address, size);
}
int listen(int descriptor, int backlog) noexcept {
    const int error = call_fails("listen", {EADDRINUSE});
    return error != 0 ? refuse(error) : raw(SYS_listen, descriptor, backlog);
}
int getsockname(int descriptor, sockaddr* address, socklen_t* size) noexcept {
    const int error = call_fails("getsockname", {ENOBUFS});
    return error != 0 ? refuse(error) : raw(SYS_getsockname, descriptor, address, size);
}
int getsockopt(int descriptor, int level, int option, void* value, socklen_t* size) noexcept {
    const int error = call_fails("getsockopt", {ENOBUFS});
    return error != 0 ? refuse(error) : raw(SYS_getsockopt, descriptor, level, option, value, size);
}
int setsockopt(int descriptor, int level, int option, const void* value, socklen_t size) noexcept {
    const int error = call_fails("setsockopt", {ENOMEM});
    return error != 0 ? refuse(error) : raw(SYS_setsockopt, descriptor, level, option, value, size);
}
int shutdown(int descriptor, int how) noexcept {
    const int error = call_fails("shutdown", {ENOTCONN});
    return error != 0 ? refuse(error) : raw(SYS_shutdown, descriptor, how);
}
int close(int descriptor) {
    const int error = call_fails("close", {EINTR, EIO});
    for (file& f : files) {
        if (f.epoll == descriptor) {
            f.epoll = -1;
        }
    }
    file_of(descriptor) = {};
    const int result = raw(SYS_close, descriptor);
    return error != 0 ? refuse(error) : result;
}

// ---- looking and waiting

int poll(pollfd* polled, nfds_t count, int timeout) {
    const int error = call_fails("poll", {EINTR, ENOMEM});
    return error != 0 ? refuse(error) : raw(SYS_poll, polled, count, timeout);
}
int ppoll(pollfd* polled, nfds_t count, const timespec* timeout, const sigset_t*) {
    if (const int error = call_fails("ppoll", {EINTR, EINVAL, ENOMEM}); error != 0) {
        return refuse(error);
    }
    if (!galley_test::is_under_test()) {
        return raw(SYS_ppoll, polled, count, timeout, nullptr, 0);
    }
    if (timeout == nullptr) {
        galley_test::tell_blocked();
        return raw(SYS_poll, polled, count, -1);
    }
    const int ready = raw(SYS_poll, polled, count, 0);
    if (ready == 0) {
        pass(nanoseconds_of(*timeout));
    }
    return ready;
}
int epoll_create1(int flags) noexcept {
    const int error = call_fails("epoll_create1", {EMFILE, ENFILE, ENOMEM});
    return error != 0 ? refuse(error) : raw(SYS_epoll_create1, flags);
}
int epoll_ctl(int epoll, int what, int descriptor, epoll_event* wanted) noexcept {
    if (what == EPOLL_CTL_ADD) {
        if (const int error = call_fails("epoll_ctl", {ENOSPC, ENOMEM}); error != 0) {
            return refuse(error);
        }
    }
    const int result = raw(SYS_epoll_ctl, epoll, what, descriptor, wanted);
    if (result == 0) {
        file& f = file_of(descriptor);
        f.epoll = what == EPOLL_CTL_DEL ? -1 : epoll;
        f.wanted = wanted == nullptr ? epoll_event{} : *wanted;
    }
    return result;
}
int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout, const sigset_t*) {
    const int error = call_fails("epoll_pwait2", {EINTR, ENOSYS, EPERM});
    return error != 0 ? refuse(error)
                      : wait_for_edges(epoll, events, room, timeout == nullptr ? -1 : nanoseconds_of(*timeout));
}
int epoll_wait(int epoll, epoll_event* events, int room, int timeout) {
    const int error = call_fails("epoll_wait", {EINTR});
    return error != 0 ? refuse(error)
                      : wait_for_edges(epoll, events, room, timeout < 0 ? -1 : timeout * INT64_C(1'000'000));
}

// ---- wakers

int eventfd(unsigned count, int flags) noexcept {
    const int error = call_fails("eventfd", {EMFILE, ENFILE, ENOMEM});
    return error != 0 ? refuse(error) : raw(SYS_eventfd2, count, flags);
}
int eventfd_write(int descriptor, eventfd_t value) {
    const ssize_t written = ::syscall(SYS_write, descriptor, &value, sizeof value);  // full: it is set all the same
    const int error = call_fails("eventfd_write", {EAGAIN});
    return error != 0 ? refuse(error) : (written == sizeof value ? 0 : -1);
}
int eventfd_read(int descriptor, eventfd_t* value) {
    const int error = call_fails("eventfd_read", {EAGAIN, EINTR});
    return error != 0 ? refuse(error)
                      : (::syscall(SYS_read, descriptor, value, sizeof *value) == sizeof *value ? 0 : -1);
}
int pipe2(int* ends, int flags) noexcept {
    if (const int error = call_fails("pipe2", {EMFILE, ENFILE}); error != 0) {
        return refuse(error);
    }
    const int result = raw(SYS_pipe2, ends, flags);
    if (result == 0) {
        file_of(ends[0]).is_waker = file_of(ends[1]).is_waker = galley_test::is_counted();
    }
    return result;
}

}  // extern "C"
