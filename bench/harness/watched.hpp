// SPDX-License-Identifier: BSL-1.0
// The io of contenders whose loop says when a descriptor is ready, and leaves the system calls to its user.
// `Peer` gives
//     loop, in, out
//     template <class Owner, void (Owner::*Ready)()> class watch   calls owner.*Ready while it is started:
//         watch{loop, descriptor, in or out, owner}, start(), stop()
#pragma once

#include "bench/harness/sockets.hpp"

#include <cstddef>
#include <span>

namespace galley_bench {

template <class Peer, class Heir>
class watched_stream {
public:
    watched_stream(typename Peer::loop& l, int socket)
        : socket_{socket}, read_{l, socket, Peer::in, *this}, write_{l, socket, Peer::out, *this} {}
    void receive() noexcept { read_.start(); }
    [[nodiscard]] bool send(std::span<const std::byte> bytes) noexcept {
        const bool all = socket_.send(bytes);
        if (!all) {
            write_.start();
        }
        return all;
    }

private:
    void on_readable() { socket_.receive_for(static_cast<Heir&>(*this)); }
    void on_writable() {
        if (socket_.send_more()) {
            write_.stop();
            static_cast<Heir&>(*this).sent();
        }
    }
    plain_socket socket_;
    typename Peer::template watch<watched_stream, &watched_stream::on_readable> read_;
    typename Peer::template watch<watched_stream, &watched_stream::on_writable> write_;
};

template <class Peer, class Heir>
class watched_acceptor {
public:
    watched_acceptor(typename Peer::loop& l, int listening)
        : socket_{listening}, watch_{l, listening, Peer::in, *this} {
        watch_.start();
    }

private:
    void on_readable() {
        while (accept_one(socket_)) {
            static_cast<Heir&>(*this).accepted();
        }
    }
    descriptor socket_;
    typename Peer::template watch<watched_acceptor, &watched_acceptor::on_readable> watch_;
};

template <class Peer, class Heir>
class watched_reader {
public:
    watched_reader(typename Peer::loop& l, int on) : watch_{l, on, Peer::in, *this} { watch_.start(); }

private:
    void on_readable() { static_cast<Heir&>(*this).readable(); }
    typename Peer::template watch<watched_reader, &watched_reader::on_readable> watch_;
};

}  // namespace galley_bench
