// SPDX-License-Identifier: BSL-1.0
// Descriptors for workloads with I/O: connected pairs over TCP on the loopback, a listener, counters (eventfd(2)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace galley_bench {

/// Owns a file descriptor. The constructor throws std::system_error, after errno, if it is none.
class descriptor {
public:
    explicit descriptor(int number);
    descriptor(descriptor&& other) noexcept : number_{other.release()} {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor();
    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

/// Both ends of a connection, non-blocking, which send at once what is written (TCP_NODELAY). `room`: bytes that each
/// direction buffers at either end, as the kernel rounds them; 0: as it likes.
[[nodiscard]] std::pair<descriptor, descriptor> connect_pair(int room = 0);

/// Listens on a port of the loopback; non-blocking.
class listening {
public:
    listening();
    [[nodiscard]] int get() const noexcept { return socket_.get(); }
    [[nodiscard]] int release() noexcept { return socket_.release(); }
    /// Connects to it; blocks until the kernel has done so, which asks nothing of who accepts.
    [[nodiscard]] descriptor connect() const;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    descriptor socket_;
    std::uint16_t port_;
};

/// A counter that is readable while it is not 0; a read gives it and sets it to 0. Non-blocking.
[[nodiscard]] descriptor counter();

/// Accepts a connection that waits at a listening socket which does not block, and closes it. False: none waits.
[[nodiscard]] bool accept_one(const descriptor& at) noexcept;

/// The system calls of a stream, for loops that say when a descriptor is ready and leave those to the program.
class plain_socket {
public:
    explicit plain_socket(int socket) : socket_{socket} {}
    [[nodiscard]] int get() const noexcept { return socket_.get(); }

    /// One recv(2); what has come goes to `heir.received`. True: there may be more.
    template <class Heir>
    bool receive_for(Heir& heir) {
        const std::span<std::byte> bytes = receive();
        if (!bytes.empty()) {
            heir.received(std::span<const std::byte>{bytes});
        }
        return bytes.size() == largest;
    }
    /// Sends of `bytes`, or of what was left, what it can. True: all has gone.
    bool send(std::span<const std::byte> bytes) noexcept {
        left_ = bytes;
        return send_more();
    }
    bool send_more() noexcept;
    [[nodiscard]] bool has_more() const noexcept { return !left_.empty(); }

    static constexpr std::size_t largest = 64 * 1024;

private:
    [[nodiscard]] std::span<std::byte> receive() const noexcept;

    descriptor socket_;
    std::span<const std::byte> left_{};
};

}  // namespace galley_bench
