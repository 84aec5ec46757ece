// SPDX-License-Identifier: BSL-1.0
#include "bench/harness/sockets.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace galley_bench {

namespace {

void check(int result) {
    if (result < 0) {
        throw std::system_error{errno, std::system_category(), "the kernel refuses a descriptor"};
    }
}

void set(int socket, int level, int option, int value) {
    check(::setsockopt(socket, level, option, &value, sizeof value));
}

int bound_to_the_loopback(int socket) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(socket, reinterpret_cast<const sockaddr*>(&here), sizeof here));
    check(::listen(socket, SOMAXCONN));
    return socket;
}

std::uint16_t port_of(int socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size));
    return ntohs(address.sin_port);
}

}  // namespace

descriptor::descriptor(int number) : number_{number} { check(number); }

descriptor::~descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

listening::listening() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
    bound_to_the_loopback(socket_.get());
    port_ = port_of(socket_.get());
}

descriptor listening::connect() const {
    descriptor end{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons(port_);
    check(::connect(end.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there));
    return end;
}

bool accept_one(const descriptor& at) noexcept {
    const int socket = ::accept4(at.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
        ::close(socket);
    }
    return socket >= 0;
}

std::pair<descriptor, descriptor> connect_pair(int room) {
    const listening listener;
    descriptor here = listener.connect();
    descriptor there{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    check(::fcntl(here.get(), F_SETFL, O_NONBLOCK));
    for (const int end : {here.get(), there.get()}) {
        set(end, IPPROTO_TCP, TCP_NODELAY, 1);
        if (room != 0) {
            set(end, SOL_SOCKET, SO_SNDBUF, room);
            set(end, SOL_SOCKET, SO_RCVBUF, room);
        }
    }
    return {std::move(here), std::move(there)};
}

descriptor counter() { return descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}; }

std::span<std::byte> plain_socket::receive() const noexcept {
    thread_local std::array<std::byte, largest> buffer;
    const ssize_t count = ::recv(get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

bool plain_socket::send_more() noexcept {
    const ssize_t count = ::send(get(), left_.data(), left_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
        left_ = left_.subspan(static_cast<std::size_t>(count));
    }
    return left_.empty();
}

}  // namespace galley_bench
