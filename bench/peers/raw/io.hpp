// SPDX-License-Identifier: BSL-1.0
// Bare epoll, edge-triggered, each descriptor registered once.
#pragma once

#include "bench/harness/sockets.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace galley_bench::raw {

struct io {
    /// What is called when its descriptor is ready.
    struct watch {
        void (*ready)(watch&, std::uint32_t events);
    };
    class loop {
    public:
        void run() {
            for (over_ = false; !over_;) {
                std::array<epoll_event, 256> events;
                const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
                for (int i = 0; i < count; ++i) {
                    const epoll_event& e = events[static_cast<std::size_t>(i)];
                    watch& w = *static_cast<watch*>(e.data.ptr);
                    w.ready(w, e.events);
                }
            }
        }
        void stop() noexcept { over_ = true; }
        void add(int on, std::uint32_t what, watch& who) {
            epoll_event interest{};
            interest.events = what | EPOLLET;
            interest.data.ptr = &who;
            if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, on, &interest) != 0) {
                throw std::system_error{errno, std::system_category(), "raw"};
            }
        }

    private:
        descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
        bool over_{};
    };
    template <class Heir>
    class stream : watch {
    public:
        stream(loop& l, int socket) : watch{&on_ready}, loop_{&l}, socket_{socket} {}
        void receive() { loop_->add(socket_.get(), EPOLLIN | EPOLLOUT, *this); }
        [[nodiscard]] bool send(std::span<const std::byte> bytes) { return socket_.send(bytes); }

    private:
        static void on_ready(watch& w, std::uint32_t events) {
            auto& s = static_cast<stream&>(w);
            if ((events & EPOLLOUT) != 0 && s.socket_.has_more() && s.socket_.send_more()) {
                static_cast<Heir&>(s).sent();
            }
            if ((events & EPOLLIN) != 0) {
                while (s.socket_.receive_for(static_cast<Heir&>(s))) {
                }
            }
        }
        loop* loop_;
        plain_socket socket_;
    };
    template <class Heir>
    class acceptor : watch {
    public:
        acceptor(loop& l, int listening) : watch{&on_ready}, socket_{listening} { l.add(listening, EPOLLIN, *this); }

    private:
        static void on_ready(watch& w, std::uint32_t) {
            auto& a = static_cast<acceptor&>(w);
            while (accept_one(a.socket_)) {
                static_cast<Heir&>(a).accepted();
            }
        }
        descriptor socket_;
    };
    template <class Heir>
    class reader : watch {
    public:
        reader(loop& l, int on) : watch{&on_ready} { l.add(on, EPOLLIN, *this); }

    private:
        static void on_ready(watch& w, std::uint32_t) {
            auto& r = static_cast<reader&>(w);
            static_cast<Heir&>(r).readable();
        }
    };
};

}  // namespace galley_bench::raw
