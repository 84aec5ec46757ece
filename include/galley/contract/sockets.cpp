// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/sockets.hpp>

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace galley {

namespace {

int error_of(int returned) noexcept { return returned == 0 ? 0 : errno; }

int set_option(int socket, int level, int option, int value) noexcept {
    return error_of(::setsockopt(socket, level, option, &value, sizeof value));
}

class kernel_sockets final : public sockets {
public:
    [[nodiscard]] int open(int family) noexcept override {
        const int made = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
        return made >= 0 ? made : -errno;
    }
    [[nodiscard]] int reuse_address(int socket) noexcept override {
        return set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    }
    [[nodiscard]] int bind(int socket, const sockaddr* to, unsigned size) noexcept override {
        return error_of(::bind(socket, to, size));
    }
    [[nodiscard]] int listen(int socket) noexcept override { return error_of(::listen(socket, SOMAXCONN)); }
    [[nodiscard]] int local_port(int socket, std::uint16_t& port) noexcept override {
        sockaddr_in6 bound{};  // the port is at the same place for both families
        socklen_t size = sizeof bound;
        const int error = error_of(::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size));
        if (error == 0) {
            port = ntohs(bound.sin6_port);
        }
        return error;
    }
    [[nodiscard]] int no_delay(int socket, bool at_once) noexcept override {
        return set_option(socket, IPPROTO_TCP, TCP_NODELAY, at_once ? 1 : 0);
    }
    [[nodiscard]] int end_writing(int socket) noexcept override { return error_of(::shutdown(socket, SHUT_WR)); }
};

}  // namespace

sockets& sockets::of_kernel() noexcept {
    static kernel_sockets kernel;
    return kernel;
}

}  // namespace galley
