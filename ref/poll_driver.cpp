// SPDX-License-Identifier: BSL-1.0
#include "galley/ref/poll_driver.hpp"

#include <galley/contract/blocking.hpp>
#include <galley/contract/fork_guard.hpp>
#include <galley/contract/quiet_write.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace galley::ref {

// A pipe to oneself. Both ends live here, so that a wake on another thread never meets a closed,
// or reused, descriptor (POST-4).
class pipe_waker final : public waker {
public:
    pipe_waker() {
        if (::pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) {
            throw std::system_error{errno, std::generic_category(),
                                    "galley: no pipe for the driver's waker (two descriptors; see ulimit -n)"};
        }
    }
    ~pipe_waker() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }

    void wake() noexcept override {
        if (guard_.in_child()) {
            return;  // the pipe is the parent's, too (LIFE-8)
        }
        const char token{};
        // EAGAIN: the pipe is full of tokens, which is as good. ENOMEM: there was no page for it; giving up would lose
        // the wake-up.
        while (::write(ends_[1], &token, 1) < 0 && (errno == EINTR || errno == ENOMEM)) {
        }
    }
    /// Takes all tokens.
    void consume() noexcept {
        char tokens[256];
        while (::read(ends_[0], tokens, sizeof tokens) > 0 || errno == EINTR) {
        }
    }
    [[nodiscard]] int readable_end() const noexcept { return ends_[0]; }

private:
    int ends_[2]{-1, -1};
    fork_guard guard_;
};

namespace {

short awaited_event(const operation& op) noexcept { return is_read(op.kind) ? POLLIN : POLLOUT; }

/// What makes an attempt worth while: an error, or an end, is met by whatever is tried next.
short telling_events(const operation& op) noexcept {
    return static_cast<short>(awaited_event(op) | POLLERR | POLLHUP | POLLNVAL);
}

/// 0 if it is ready (an error is, too), else -1 and EAGAIN.
int look_at(const operation& op) noexcept {
    pollfd one{op.descriptor, awaited_event(op), 0};
    if (const int n = ::poll(&one, 1, 0); n <= 0) {
        errno = n == 0 ? EAGAIN : errno;
        return -1;
    }
    errno = EBADF;
    return (one.revents & POLLNVAL) != 0 ? -1 : 0;
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

std::ptrdiff_t system_call(const operation& op) noexcept {
    switch (op.kind) {
        case io::read: return ::read(op.descriptor, op.buffer, op.size);
        case io::write: return quiet_write(op.descriptor, op.buffer, op.size);
        case io::accept: return ::accept4(op.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        case io::connect: return outcome_of_connect(op);
        case io::readable:
        case io::writable: break;
    }
    return look_at(op);
}

/// Does what the operation is for. False: it is not ready after all (IO-5: every error but "later" and
/// "again" is a result).
bool attempt(operation& op) noexcept {
    for (;;) {
        const std::ptrdiff_t n = system_call(op);
        if (n >= 0) {
            op.result = {io_result::status::done, 0, n};
            return true;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return false;
        }
        if (errno != EINTR) {
            op.result = {io_result::status::done, errno, 0};
            return true;
        }
    }
}

timespec timespec_of(duration left) noexcept {
    left = std::max(left, duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    return {static_cast<std::time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
}

bool complete_at_once(operation& op, int error) noexcept {
    op.result = {io_result::status::done, error, 0};
    return true;
}

}  // namespace

poll_driver::poll_driver() : epoch_{std::chrono::steady_clock::now()}, waker_{std::make_shared<pipe_waker>()} {
    polled_.push_back({waker_->readable_end(), POLLIN, 0});
}

poll_driver::~poll_driver() { assert(in_flight_.empty() && finished_.empty() && "IO-1: each operation is reported"); }

instant poll_driver::now() noexcept { return instant{std::chrono::steady_clock::now() - epoch_}; }

bool poll_driver::start(operation& op) noexcept {
    op.order = ++started_;
    if (guard_.in_child()) {
        return complete_at_once(op, ECANCELED);
    }
    if (op.descriptor < 0) {  // poll(2) would pass over it, and never report it
        return complete_at_once(op, EBADF);
    }
    assert(!would_block_the_loop(op) && "galley: an operation on a descriptor that blocks: set O_NONBLOCK");
    try {
        polled_.resize(in_flight_.size() + 2);  // here, as waiting cannot fail
        in_flight_.push_back(&op);
    } catch (const std::bad_alloc&) {
        return complete_at_once(op, ENOMEM);
    }
    if (op.kind == io::connect) {
        const auto* const address = static_cast<const sockaddr*>(op.buffer);
        const int error = ::connect(op.descriptor, address, static_cast<socklen_t>(op.size)) == 0 ? 0 : errno;
        if (error != EINPROGRESS && error != EINTR) {  // either way it goes on by itself, connect(2)
            in_flight_.pop_back();
            return complete_at_once(op, error);
        }
    }
    return false;
}

/// Takes those out of flight for which `which` holds; they are reported by the next look.
template <class Which>
void poll_driver::finish_if(Which which, io_result result) noexcept {
    std::erase_if(in_flight_, [&](operation* op) {
        if (!which(*op)) {
            return false;
        }
        op->result = result;
        finished_.push_back(*op);
        return true;
    });
}

void poll_driver::cancel(operation& op) noexcept {
    finish_if([&op](const operation& other) { return &other == &op; }, {io_result::status::cancelled, 0, 0});
}

int poll_driver::close(int descriptor) noexcept {
    for (const bool reads : {true, false}) {
        finish_if([=](const operation& op) { return op.descriptor == descriptor && is_read(op.kind) == reads; },
                  {io_result::status::done, ECANCELED, 0});
    }
    // When close(2) is interrupted, the descriptor is closed nevertheless: trying again would close somebody else's.
    return ::close(descriptor) == 0 || errno == EINTR ? 0 : errno;
}

void poll_driver::shut() noexcept {
    finish_if([](const operation&) { return true; }, {io_result::status::cancelled, 0, 0});
}

void poll_driver::ask(operation_list& done) noexcept {
    report_finished(done);
    if (!in_flight_.empty() && !guard_.in_child()) {
        look(1, epoch, done);  // not at the waker: its token stays for the wait that it is meant for (WAIT-3)
    }
}

void poll_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    if (!finished_.empty()) {
        until = epoch;
        report_finished(done);
    }
    if (guard_.in_child()) {
        return;
    }
    look(0, until, done);
    if (polled_[0].revents != 0) {
        waker_->consume();
    }
}

std::shared_ptr<waker> poll_driver::get_waker() noexcept { return waker_; }

/// Fills `polled_` behind the waker: one entry for each descriptor, sorted, as poll(2) takes no more entries than the
/// process may have descriptors, and operations may be more.
void poll_driver::list_polled() noexcept {
    polled_.resize(1);
    for (const operation* const op : in_flight_) {
        polled_.push_back({op->descriptor, awaited_event(*op), 0});  // there is room: `start` has made it
    }
    std::sort(polled_.begin() + 1, polled_.end(), [](const pollfd& a, const pollfd& b) { return a.fd < b.fd; });
    auto last = polled_.begin();  // the waker: none of these is its descriptor
    for (auto next = last + 1; next != polled_.end(); ++next) {
        if (next->fd == last->fd) {
            last->events = static_cast<short>(last->events | next->events);
        } else {
            *++last = *next;
        }
    }
    polled_.erase(last + 1, polled_.end());
}

pollfd& poll_driver::polled_of(const operation& op) noexcept {
    return *std::lower_bound(polled_.begin() + 1, polled_.end(), op.descriptor,
                             [](const pollfd& entry, int descriptor) { return entry.fd < descriptor; });
}

/// Polls the entries from `first` on until `until`, then does what has become possible.
void poll_driver::look(std::size_t first, std::optional<instant> until, operation_list& done) noexcept {
    list_polled();
    int error{};
    do {
        // The time that is left is found anew after an interruption, and in nanoseconds: milliseconds would be early,
        // or spin (TIME-2).
        timespec left{};
        if (until) {
            left = timespec_of(*until - now());
        }
        const bool polled =
            ::ppoll(polled_.data() + first, polled_.size() - first, until ? &left : nullptr, nullptr) >= 0;
        error = polled ? 0 : errno;
    } while (error == EINTR);

    if (error != 0) {  // too many for the descriptor limit, or no memory (poll(2)); somebody has to be told
        finish_if([](const operation&) { return true; }, {io_result::status::done, error, 0});
        report_finished(done);
        return;
    }
    attempt_ready(true, done);  // reads before writes (IO-4)
    attempt_ready(false, done);
    std::erase(in_flight_, nullptr);
}

/// Attempts the reads, or the writes, that poll called ready, in start order; what is completed leaves a null behind.
void poll_driver::attempt_ready(bool reads, operation_list& done) noexcept {
    for (operation*& op : in_flight_) {
        if (op == nullptr || is_read(op->kind) != reads) {
            continue;
        }
        pollfd& entry = polled_of(*op);
        if ((entry.revents & telling_events(*op)) == 0) {
            continue;
        }
        if (attempt(*op)) {
            done.push_back(*std::exchange(op, nullptr));
        } else {
            // Those behind it on this descriptor have to wait, too, or data that arrives just now would overtake it.
            entry.revents = static_cast<short>(entry.revents & ~telling_events(*op));
        }
    }
}

void poll_driver::report_finished(operation_list& done) noexcept {
    while (operation* const op = finished_.pop_front()) {
        done.push_back(*op);
    }
}

}  // namespace galley::ref
