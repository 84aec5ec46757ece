// SPDX-License-Identifier: BSL-1.0
#include "channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <vector>

namespace loops {
namespace {

constexpr int kind = SOCK_STREAM | SOCK_NONBLOCK;

int listener() {
    const auto fd = socket(AF_UNIX, kind, 0);
    const sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    const auto* const address = reinterpret_cast<const sockaddr*>(&name);
    if (bind(fd, address, sizeof name.sun_family) != 0 || listen(fd, SOMAXCONN) != 0)  // the kernel finds a name
        throw std::runtime_error{"cannot listen"};
    return fd;
}

void connect_to(int fd) {
    sockaddr_un name{};
    socklen_t size = sizeof name;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    if (getsockname(fd, address, &size) != 0 || connect(socket(AF_UNIX, kind, 0), address, size) != 0)
        throw std::runtime_error{"cannot connect"};
}

/// Not by poll, which under virtual time is a look at the kernel of the loop's.
bool is_ready(int fd, short what) {
    pollfd set{.fd = fd, .events = what, .revents = 0};
    return syscall(SYS_poll, &set, 1, 0) == 1;
}

std::optional<std::string> result_of(ssize_t code, bool is_count) {
    if (code >= 0) return is_count ? std::to_string(code) : "ok";
    if (errno == EAGAIN) return std::nullopt;
    return "errno:" + std::to_string(errno);
}

}  // namespace

channel::channel(const std::set<std::string>& verbs) {
    std::array<int, 2> ends{-1, -1};
    if (verbs.contains("accept"))
        ends[0] = listener();
    else if (socketpair(AF_UNIX, kind, 0, ends.data()) != 0)
        throw std::runtime_error{"no socket pair"};
    near = ends[0];
    far_ = ends[1];
}

void channel::act(const std::string& what, std::size_t bytes) const {
    if (near < 0) return;
    if (what == "peer" && far_ < 0) connect_to(near);
    if (far_ < 0) return;
    const std::vector<char> sent(bytes);
    if (what == "data" && send(far_, sent.data(), bytes, MSG_NOSIGNAL) < 0) throw std::runtime_error{"cannot send"};
    if (what == "end") shutdown(far_, SHUT_WR);
}

std::optional<std::string> channel::attempted(const std::string& verb, std::size_t bytes) const {
    if (near < 0) return "errno:" + std::to_string(EBADF);
    if (verb == "readable" && !is_ready(near, POLLIN)) return std::nullopt;
    if (verb == "writable" && !is_ready(near, POLLOUT)) return std::nullopt;
    if (verb == "readable" || verb == "writable") return "ok";
    if (verb == "accept") return result_of(accept(near, nullptr, nullptr), false);
    std::vector<char> moved(bytes);
    return result_of(verb == "read" ? read(near, moved.data(), bytes) : send(near, moved.data(), bytes, MSG_NOSIGNAL),
                     true);
}

}  // namespace loops
