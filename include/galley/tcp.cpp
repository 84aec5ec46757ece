// SPDX-License-Identifier: BSL-1.0
#include <galley/tcp.hpp>

#include <cerrno>
#include <string>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace galley {

namespace {

std::error_code set_option(int socket, int level, int option, int value) noexcept {
    return errno_code(::setsockopt(socket, level, option, &value, sizeof value) == 0 ? 0 : errno);
}

descriptor make_socket(loop& l, const endpoint& for_address) noexcept {
    return {l, ::socket(for_address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
}

void require(bool succeeded, const char* step) {
    if (!succeeded) {
        throw std::system_error{errno_code(errno), std::string{"galley::tcp_listener: "} + step};
    }
}

}  // namespace

tcp_stream::tcp_stream(descriptor socket) noexcept : socket_{std::move(socket)} {
    no_delay(true);  // it can fail only for what is no TCP socket, and that shows soon enough
}

std::error_code tcp_stream::no_delay(bool at_once) noexcept {
    return set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, at_once ? 1 : 0);
}

std::error_code tcp_stream::end_writing() noexcept {
    return errno_code(::shutdown(socket_.get(), SHUT_WR) == 0 ? 0 : errno);
}

task<transferred> tcp_stream::write_all(std::span<const std::byte> from) const {
    std::size_t done = 0;
    while (done < from.size()) {
        const transferred part = co_await write(from.subspan(done));
        if (part.error) {
            co_return transferred{part.error, done};
        }
        done += part.count;
    }
    co_return transferred{{}, done};
}

tcp_listener::tcp_listener(loop& l, const endpoint& at) : socket_{make_socket(l, at)} {
    require(static_cast<bool>(socket_), "socket");
    // A server that is started again may have its port at once, although old connections linger (tcp(7), TIME_WAIT).
    require(!set_option(socket_.get(), SOL_SOCKET, SO_REUSEADDR, 1), "SO_REUSEADDR");
    require(::bind(socket_.get(), at.data(), at.size()) == 0, "bind");
    require(::listen(socket_.get(), SOMAXCONN) == 0, "listen");
    sockaddr_in6 bound{};  // the port is at the same place for both families
    socklen_t size = sizeof bound;
    require(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0, "getsockname");
    port_ = ntohs(bound.sin6_port);
}

task<stream_result> tcp_listener::accept() const {
    loop& l = co_await this_loop{};
    for (;;) {
        const accepted connection = co_await galley::accept(socket_.get());
        if (!connection.error) {
            co_return stream_result{{}, tcp_stream{descriptor{l, connection.descriptor}}};
        }
        if (connection.error != std::errc::connection_aborted) {
            co_return stream_result{connection.error, tcp_stream{}};
        }
    }
}

task<stream_result> tcp_connect(endpoint to) {
    loop& l = co_await this_loop{};
    descriptor socket = make_socket(l, to);
    if (!socket) {
        co_return stream_result{errno_code(errno), tcp_stream{}};
    }
    const std::error_code error = co_await connect(socket.get(), to);
    if (error) {
        co_return stream_result{error, tcp_stream{}};
    }
    co_return stream_result{{}, tcp_stream{std::move(socket)}};
}

}  // namespace galley
