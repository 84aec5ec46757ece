// SPDX-License-Identifier: BSL-1.0
#include <galley/tcp.hpp>

#include <cerrno>
#include <string>

namespace galley {

namespace {

/// Or why there is none: an errno value.
struct made_socket {
    descriptor socket{};
    int error{};
};

made_socket make_socket(loop& l, const endpoint& for_address) noexcept {
    const int number = l.get_sockets().open(for_address.family());
    return number < 0 ? made_socket{{}, -number} : made_socket{{l, number}, 0};
}

void require(int error, const char* step) {
    if (error != 0) {
        throw std::system_error{errno_code(error), std::string{"galley::tcp_listener: "} + step};
    }
}

descriptor make_listening_socket(loop& l, const endpoint& at) {
    made_socket made = make_socket(l, at);
    require(made.error, "socket");
    return std::move(made.socket);
}

}  // namespace

tcp_stream::tcp_stream(descriptor socket) noexcept : socket_{std::move(socket)} {
    no_delay(true);  // it can fail only for what is no TCP socket, and that shows soon enough
}

std::error_code tcp_stream::no_delay(bool at_once) noexcept {
    return errno_code(socket_ ? socket_.get_loop().get_sockets().no_delay(socket_.get(), at_once) : EBADF);
}

std::error_code tcp_stream::end_writing() noexcept {
    return errno_code(socket_ ? socket_.get_loop().get_sockets().end_writing(socket_.get()) : EBADF);
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

tcp_listener::tcp_listener(loop& l, const endpoint& at) : socket_{make_listening_socket(l, at)} {
    sockets& made_by = l.get_sockets();
    require(made_by.reuse_address(socket_.get()), "SO_REUSEADDR");
    require(made_by.bind(socket_.get(), at.data(), at.size()), "bind");
    require(made_by.listen(socket_.get()), "listen");
    require(made_by.local_port(socket_.get(), port_), "getsockname");
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
    auto [socket, none] = make_socket(l, to);
    if (none != 0) {
        co_return stream_result{errno_code(none), tcp_stream{}};
    }
    const std::error_code error = co_await connect(socket.get(), to);
    if (error) {
        co_return stream_result{error, tcp_stream{}};
    }
    co_return stream_result{{}, tcp_stream{std::move(socket)}};
}

}  // namespace galley
