// SPDX-License-Identifier: BSL-1.0
#include "galley/fast/epoll_driver.hpp"
#include "galley/fast/event_waker.hpp"

#include <galley/contract/blocking.hpp>
#include <galley/contract/quiet_write.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <ctime>
#include <limits>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace galley::fast {

namespace {

constexpr int waker_tag = -1;
/// The error in the result of an operation that has none yet; no operation ends with it.
constexpr int in_flight_mark = EINPROGRESS;
/// Per call; what is over this comes with the next. 3 KB of stack.
constexpr std::size_t edges_at_once = 256;

/// What std::chrono::steady_clock reads, without another call around it.
duration system_time() noexcept {
    timespec time;
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::chrono::seconds{time.tv_sec} + duration{time.tv_nsec};
}

bool complete_at_once(operation& op, int error) noexcept {
    op.result = {io_result::status::done, error, 0};
    return true;
}

/// 0 if it is ready (an error is, too), else -1 and EAGAIN.
int look_at(const operation& op) noexcept {
    pollfd one{op.descriptor, static_cast<short>(is_read(op.kind) ? POLLIN : POLLOUT), 0};
    const int ready = ::poll(&one, 1, 0);
    if (ready > 0 && (one.revents & POLLNVAL) == 0) {
        return 0;
    }
    if (ready >= 0) {
        errno = ready == 0 ? EAGAIN : EBADF;
    }
    return -1;
}

/// The outcome of a connect(2) that was in progress, else -1 and EAGAIN. Before it has ended, SO_ERROR is 0, too
/// (connect(2), EINPROGRESS).
int outcome_of_connect(const operation& op) noexcept {
    int error{};
    socklen_t size = sizeof error;
    if (look_at(op) != 0 || ::getsockopt(op.descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return -1;
    }
    errno = error;
    return error == 0 ? 0 : -1;
}

std::ptrdiff_t system_call(const operation& op, bool socket) noexcept {
    switch (op.kind) {
        case io::read:
            return socket ? ::recv(op.descriptor, op.buffer, op.size, 0) : ::read(op.descriptor, op.buffer, op.size);
        case io::write:
            return socket ? ::send(op.descriptor, op.buffer, op.size, MSG_NOSIGNAL)
                          : quiet_write(op.descriptor, op.buffer, op.size);
        case io::accept: return ::accept4(op.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        case io::connect: return outcome_of_connect(op);
        case io::readable:
        case io::writable: break;
    }
    return look_at(op);
}

}  // namespace

epoll_driver::epoll_driver()
    : epoch_{system_time()}, waker_{std::make_shared<event_waker>()}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.fd = waker_tag;
    if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, waker_->descriptor(), &wanted) != 0) {
        const int error = errno;
        if (epoll_ >= 0) {
            ::close(epoll_);
        }
        throw std::system_error{error, std::generic_category(),
                                "galley: no epoll for the driver (see ulimit -n, fs.epoll.max_user_watches)"};
    }
}

epoll_driver::~epoll_driver() {
    assert(in_flight_ == 0 && finished_.empty() && "IO-1: each operation is reported");
    ::close(epoll_);
}

instant epoll_driver::now() noexcept { return instant{system_time() - epoch_}; }
std::shared_ptr<waker> epoll_driver::get_waker() noexcept { return waker_; }
bool& epoll_driver::hint(channel& c, const operation& op) noexcept {
    return is_read(op.kind) ? c.maybe_readable : c.maybe_writable;
}
operation_list& epoll_driver::queue(channel& c, const operation& op) noexcept {
    return is_read(op.kind) ? c.reads : c.writes;
}

bool epoll_driver::start(operation& op) noexcept {
    op.order = ++started_;
    if (guard_.in_child()) [[unlikely]] {
        return complete_at_once(op, ECANCELED);
    }
    if (const int error = find_channel(op.descriptor); error != 0) {
        return complete_at_once(op, error);
    }
    assert(!would_block_the_loop(op) && "galley: an operation on a descriptor that blocks: set O_NONBLOCK");
    channel& c = channels_[static_cast<std::size_t>(op.descriptor)];
    operation_list& waiting = queue(c, op);
    assert((waiting.empty() || !hint(c, op)) && "invariant 3: nobody is overtaken");
    if (op.kind == io::connect) {
        const auto* const address = static_cast<const sockaddr*>(op.buffer);
        const int error = ::connect(op.descriptor, address, static_cast<socklen_t>(op.size)) == 0 ? 0 : errno;
        if (error != EINPROGRESS && error != EINTR) {  // either way it goes on by itself, connect(2)
            return complete_at_once(op, error);
        }
        c.maybe_writable = false;
    } else if (hint(c, op) && attempt(c, op)) {
        return true;
    }
    if (!c.registered) {
        if (const int error = register_descriptor(op.descriptor, c); error == EPERM) {
            // A regular file or a directory (epoll_ctl(2), EPERM): always ready, never EAGAIN.
            c.maybe_readable = true;
            return attempt(c, op) || complete_at_once(op, EPERM);
        } else if (error != 0) {
            return complete_at_once(op, error);
        }
    }
    op.result = {io_result::status::done, in_flight_mark, 0};
    waiting.push_back(op);
    ++in_flight_;
    return false;
}

/// Makes room in the table for a descriptor that is open, and finds out what it is. 0 or an errno value.
int epoll_driver::find_channel(int descriptor) noexcept {
    if (descriptor < 0) {
        return EBADF;
    }
    const auto index = static_cast<std::size_t>(descriptor);
    if (index >= channels_.size()) [[unlikely]] {
        if (::fcntl(descriptor, F_GETFD) < 0) {  // lest a wild number ask for a wild table
            return errno;
        }
        try {
            channels_.resize(index + 1);  // grows geometrically
        } catch (const std::bad_alloc&) {
            return ENOMEM;
        }
    }
    channel& c = channels_[index];
    if (c.what == type::unknown) [[unlikely]] {
        int protocol{};
        socklen_t size = sizeof protocol;
        if (::getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0) {
            c.what = protocol == IPPROTO_TCP ? type::tcp : type::socket;
        } else if (errno == ENOTSOCK) {
            c.what = type::file;
        } else {
            return errno;
        }
    }
    return 0;
}

/// For both directions at once and for good: an edge that nobody waits for costs less than an epoll_ctl(2) per
/// operation. 0 or an errno value.
int epoll_driver::register_descriptor(int descriptor, channel& c) noexcept {
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    wanted.data.fd = descriptor;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &wanted) != 0) {
        return errno;
    }
    c.registered = true;
    return 0;
}

/// Does what the operation is for, and learns from it. False: it is not ready after all.
bool epoll_driver::attempt(channel& c, operation& op) noexcept {
    for (;;) {
        const std::ptrdiff_t n = system_call(op, c.what >= type::socket);
        if (n >= 0) [[likely]] {
            // What a stream socket had is read (epoll(7), question 9); not so if the stream ends here, as the edge of
            // the end may have come with that of the data, nor for packets, nor where ancillary data or an urgent mark
            // cut the read short.
            if (op.kind == io::read && c.what == type::tcp && c.short_read_drains &&
                static_cast<std::size_t>(n) < op.size) {
                c.maybe_readable = false;
            }
            op.result = {io_result::status::done, 0, n};
            return true;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            hint(c, op) = false;
            return false;
        }
        if (errno != EINTR) {
            return complete_at_once(op, errno);
        }
    }
}

void epoll_driver::cancel(operation& op) noexcept {
    assert(op.descriptor >= 0);
    if (op.result.error != in_flight_mark) {
        return;  // on its way already: closed, or cancelled before
    }
    queue(channels_[static_cast<std::size_t>(op.descriptor)], op).erase(op);
    --in_flight_;
    op.result = {io_result::status::cancelled, 0, 0};
    finished_.push_back(op);
}

void epoll_driver::finish_all(operation_list& in_flight, io_result result) noexcept {
    while (operation* const op = in_flight.pop_front()) {
        --in_flight_;
        op->result = result;
        finished_.push_back(*op);
    }
}

int epoll_driver::close(int descriptor) noexcept {
    if (descriptor >= 0 && static_cast<std::size_t>(descriptor) < channels_.size()) {
        channel& c = channels_[static_cast<std::size_t>(descriptor)];
        finish_all(c.reads, {io_result::status::done, ECANCELED, 0});
        finish_all(c.writes, {io_result::status::done, ECANCELED, 0});
        if (c.registered && !guard_.in_child()) {  // a child would unregister the parent's (LIFE-8)
            // close(2) unregisters only with the last duplicate (epoll(7), question 6); one that lives on would give
            // edges for this number.
            ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
        }
        c.what = type::unknown;
        c.registered = c.maybe_readable = false;
        c.maybe_writable = c.short_read_drains = true;
    }
    // When close(2) is interrupted, the descriptor is closed nevertheless: trying again would close somebody else's.
    return ::close(descriptor) == 0 || errno == EINTR ? 0 : errno;
}

void epoll_driver::shut() noexcept {
    for (channel& c : channels_) {
        finish_all(c.reads, {io_result::status::cancelled, 0, 0});
        finish_all(c.writes, {io_result::status::cancelled, 0, 0});
    }
}

void epoll_driver::ask(operation_list& done) noexcept {
    if (in_flight_ != 0 || !finished_.empty()) {
        look(epoch, done);
    }
}

void epoll_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    look(woken_ ? epoch : until, done);
    woken_ = false;
}

void epoll_driver::look(std::optional<instant> until, operation_list& done) noexcept {
    if (!finished_.empty()) {
        until = epoch;
    }
    while (operation* const op = finished_.pop_front()) {
        done.push_back(*op);
    }
    if (guard_.in_child()) {
        return;  // a child would take edges, and wakes, away from the parent (LIFE-8)
    }
    std::array<epoll_event, edges_at_once> edges;
    const int count = harvest(edges.data(), static_cast<int>(edges.size()), until);
    for (int i = 0; i < count; ++i) {
        const epoll_event& edge = edges[static_cast<std::size_t>(i)];
        if (edge.data.fd == waker_tag) {
            waker_->consume();
            woken_ = true;
        } else {
            on_edge(channels_[static_cast<std::size_t>(edge.data.fd)], edge.events, done);
        }
    }
}

/// epoll_pwait2(2) with nanoseconds (Linux 5.11), else epoll_wait(2) with milliseconds, rounded up: never early. The
/// time that is left is found anew after an interruption.
int epoll_driver::harvest(epoll_event* events, int room, std::optional<instant> until) noexcept {
    for (;;) {
        const duration left = until > epoch ? std::max(*until - now(), duration::zero()) : duration::zero();
        int count{};
        if (has_pwait2_) {
            const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
            const timespec span{static_cast<std::time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
            count = ::epoll_pwait2(epoll_, events, room, until ? &span : nullptr, nullptr);
        } else {
            constexpr std::int64_t longest = std::numeric_limits<int>::max();
            const auto milliseconds =
                std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), longest);
            count = ::epoll_wait(epoll_, events, room, until ? static_cast<int>(milliseconds) : -1);
        }
        if (count >= 0) {
            return count;
        }
        if (has_pwait2_ && (errno == ENOSYS || errno == EPERM)) {  // an old kernel, or a sandbox older than the call
            has_pwait2_ = false;
        } else {
            assert(errno == EINTR);
        }
    }
}

void epoll_driver::on_edge(channel& c, std::uint32_t edge, operation_list& done) noexcept {
    constexpr std::uint32_t failed = EPOLLERR | EPOLLHUP;
    if ((edge & (EPOLLIN | EPOLLRDHUP | EPOLLPRI | failed)) != 0) {
        c.maybe_readable = true;
    }
    if ((edge & (EPOLLOUT | failed)) != 0) {
        c.maybe_writable = true;
    }
    if ((edge & (EPOLLRDHUP | EPOLLPRI | failed)) != 0) {
        c.short_read_drains = false;
    }
    go_on(c, c.reads, done);  // reads before writes (IO-4)
    go_on(c, c.writes, done);
}

void epoll_driver::go_on(channel& c, operation_list& in_flight, operation_list& done) noexcept {
    while (operation* const op = in_flight.front()) {
        if (!hint(c, *op) || !attempt(c, *op)) {
            return;
        }
        in_flight.erase(*op);
        --in_flight_;
        done.push_back(*op);
    }
}

}  // namespace galley::fast
