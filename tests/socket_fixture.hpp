// SPDX-License-Identifier: BSL-1.0
// Descriptors for tests: owned ones, pairs of them, and loopback listeners.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace galley_test {

inline int check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error{errno, std::generic_category(), what};
    }
    return result;
}

/// A descriptor that the test closes; `release` it to whoever closes it instead.
class owned {
public:
    owned() = default;
    explicit owned(int descriptor) noexcept : descriptor_{descriptor} {}
    owned(owned&& other) noexcept : descriptor_{other.release()} {}
    owned& operator=(owned&& other) noexcept {
        close();
        descriptor_ = other.release();
        return *this;
    }
    ~owned() { close(); }

    [[nodiscard]] int get() const noexcept { return descriptor_; }
    int release() noexcept { return std::exchange(descriptor_, -1); }
    void close() noexcept {
        if (descriptor_ >= 0) {
            ::close(release());
        }
    }

private:
    int descriptor_{-1};
};

/// Two non-blocking ends: bytes written to `b` are read from `a` (and back, for sockets).
struct pair {
    owned a;
    owned b;
};

inline pair make_socketpair(int type = SOCK_STREAM) {
    int ends[2];
    check(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
    return {owned{ends[0]}, owned{ends[1]}};
}
inline pair make_pipe() {
    int ends[2];
    check(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
    return {owned{ends[0]}, owned{ends[1]}};
}

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
inline owned make_tcp_socket(int flags = SOCK_NONBLOCK) {
    return owned{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket")};
}
inline owned make_listener(int backlog = 128) {
    owned listener = make_tcp_socket();
    const sockaddr_in address = loopback(0);
    check(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    check(::listen(listener.get(), backlog), "listen");
    return listener;
}
inline sockaddr_in address_of(const owned& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return address;
}
/// A blocking connect.
inline owned connect_to(const sockaddr_in& address) {
    owned client = make_tcp_socket(0);
    check(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    return client;
}
/// Both ends of a TCP connection, non-blocking.
inline pair make_tcp_pair() {
    const owned listener = make_listener();
    owned client = connect_to(address_of(listener));
    check(::fcntl(client.get(), F_SETFL, O_NONBLOCK), "fcntl");
    return {owned{check(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4")},
            std::move(client)};
}

inline void send_all(const owned& to, std::string_view text) {
    ASSERT_EQ(::write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}
/// What can be read at once.
inline std::string read_available(const owned& from) {
    std::string text;
    std::array<char, 65536> some;
    for (ssize_t n = 0; (n = ::read(from.get(), some.data(), some.size())) > 0;) {
        text.append(some.data(), static_cast<std::size_t>(n));
    }
    return text;
}
/// Writes until there is no room for even one byte more.
inline std::size_t fill(const owned& to) {
    const std::string block(65536, 'f');
    std::size_t written = 0;
    for (const std::size_t size : {block.size(), std::size_t{1}}) {
        for (ssize_t n = 0; (n = ::write(to.get(), block.data(), size)) > 0;) {
            written += static_cast<std::size_t>(n);
        }
    }
    return written;
}

/// Lets this process have as many descriptors as it may; false if those are fewer than `wanted`.
inline bool allow_descriptors(rlim_t wanted) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted;
}

}  // namespace galley_test
