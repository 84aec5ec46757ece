// SPDX-License-Identifier: BSL-1.0
// Echo of 64 bytes over TCP on the loopback: clients and server on one loop and one thread, so that each round trip is
// four system calls, and those that wait. CPU time.
#include "bench/harness/suite.hpp"

#include <galley/galley.hpp>
#include <galley/io.hpp>
#include <galley/tcp.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace galley_bench {

namespace {

constexpr std::size_t connections = 8;
constexpr std::size_t message_size = 64;
constexpr std::uint64_t batch = 2048;
using message = std::array<std::byte, message_size>;

struct tally {
    std::uint64_t trips{};
    std::uint64_t until{};
    std::uint64_t wrong{};
    bool over{};

    /// True: that was the last of the batch.
    bool note(const message& sent, const message& got) noexcept {
        wrong += sent == got ? 0 : 1;
        return ++trips == until;
    }
};

message next_message(std::uint64_t number) noexcept {
    message m{};
    std::memcpy(m.data(), &number, sizeof number);
    return m;
}

void measure(benchmark::State& state, tally& t, auto run_batch) {
    run_batch();
    const std::uint64_t before = t.trips;
    const measured m;
    for (auto _ : state) {
        run_batch();
        require(state, t.trips >= t.until, "the loop has ended early");
    }
    m.report(state, t.trips - before);
    require(state, t.wrong == 0, "bytes came back changed");
}

// ---- galley --------------------------------------------------------------------------------------------------------

galley::task<> echo(galley::tcp_stream stream) {
    message buffer;
    for (;;) {
        const auto [error, n] = co_await stream.read(buffer);
        if (error || n == 0) {
            co_return;
        }
        const auto [failed, written] = co_await stream.write_all({buffer.data(), n});
        if (failed) {
            co_return;
        }
    }
}

galley::task<> client(galley::loop& loop, galley::endpoint server, tally& t) {
    auto [error, stream] = co_await galley::tcp_connect(server);
    while (!error && !t.over) {
        const message sent = next_message(t.trips);
        static_cast<void>(co_await stream.write_all(sent));
        message got{};
        for (std::size_t have = 0; have < got.size();) {
            const auto [failed, n] = co_await stream.read(std::span{got}.subspan(have));
            if (failed || n == 0) {
                co_return;  // and the batch is not complete
            }
            have += n;
        }
        if (t.note(sent, got)) {
            loop.stop();
        }
    }
}

galley::task<> serve(galley::loop& loop, const galley::tcp_listener& listener) {
    for (std::size_t i = 0; i < connections; ++i) {
        auto [error, stream] = co_await listener.accept();
        if (!error) {
            galley::spawn(loop, echo(std::move(stream))).detach();
        }
    }
}

void echo_on(galley::loop& loop, benchmark::State& state) {
    tally t;
    const galley::tcp_listener listener{loop, galley::endpoint{"127.0.0.1", 0}};
    galley::spawn(loop, serve(loop, listener)).detach();
    for (std::size_t i = 0; i < connections; ++i) {
        galley::spawn(loop, client(loop, galley::endpoint{"127.0.0.1", listener.local_port()}, t)).detach();
    }
    measure(state, t, [&] {
        t.until = t.trips + batch;
        static_cast<void>(loop.run());
    });
    t.over = true;
    static_cast<void>(loop.run());
}

// ---- raw: epoll, edge-triggered, each descriptor registered once -------------------------------------------------

class descriptor {
public:
    explicit descriptor(int number) : number_{number} {
        if (number < 0) {
            throw std::system_error{errno, std::system_category(), "echo, raw"};
        }
    }
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

struct connection {
    descriptor socket;
    bool is_client;
    message sent{};
};

/// A connected pair over TCP: the client's end, the server's end.
std::pair<descriptor, descriptor> connect_pair() {
    const auto check = [](int result) {
        if (result != 0) {
            throw std::system_error{errno, std::system_category(), "echo, raw"};
        }
    };
    const galley::endpoint anywhere{"127.0.0.1", 0};
    const descriptor listener{::socket(AF_INET, SOCK_STREAM, 0)};
    check(::bind(listener.get(), anywhere.data(), anywhere.size()));
    check(::listen(listener.get(), 1));
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size));
    descriptor here{::socket(AF_INET, SOCK_STREAM, 0)};
    check(::connect(here.get(), reinterpret_cast<const sockaddr*>(&address), size));
    descriptor there{::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK)};
    const int on = 1;
    check(::setsockopt(here.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    check(::setsockopt(there.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    return {std::move(here), std::move(there)};
}

class raw_echo {
public:
    raw_echo() {
        for (std::size_t i = 0; i < connections; ++i) {
            auto [here, there] = connect_pair();
            ends_.push_back(std::make_unique<connection>(std::move(here), true));
            ends_.push_back(std::make_unique<connection>(std::move(there), false));
        }
        for (const auto& end : ends_) {
            epoll_event interest{};
            interest.events = EPOLLIN | EPOLLET;
            interest.data.ptr = end.get();
            if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, end->socket.get(), &interest) != 0) {
                throw std::system_error{errno, std::system_category(), "echo, raw"};
            }
            if (end->is_client) {
                request(*end);
            }
        }
    }
    /// Until `until` round trips are done, at least.
    void run(tally& t) {
        std::array<epoll_event, 2 * connections> events;
        while (t.trips < t.until && t.wrong == 0) {
            const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                on_readable(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr), t);
            }
        }
    }

private:
    void on_readable(connection& c, tally& t) {
        message got{};
        if (::recv(c.socket.get(), got.data(), got.size(), MSG_DONTWAIT) != std::ssize(got)) {
            ++t.wrong;  // 64 bytes come as they were sent, on the loopback
        } else if (c.is_client) {
            static_cast<void>(t.note(c.sent, got));
            request(c);
        } else {
            send(c, got, t);
        }
    }
    void request(connection& c) {
        tally ignored;
        c.sent = next_message(++requests_);
        send(c, c.sent, ignored);
    }
    static void send(const connection& c, const message& m, tally& t) {
        t.wrong += ::send(c.socket.get(), m.data(), m.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == std::ssize(m) ? 0 : 1;
    }

    descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
    std::vector<std::unique_ptr<connection>> ends_;
    std::uint64_t requests_{};
};

void echo_raw(benchmark::State& state) {
    raw_echo echo;
    tally t;
    measure(state, t, [&] {
        t.until = t.trips + batch;
        echo.run(t);
    });
}

void enter(registry& to) {
    add(to, {"echo of 64 B, 8 connections, a round trip", group::sockets, 1.03, batch}, &echo_raw, &echo_on);
}

const entrant here{entrant::workload, "echo", &enter};

}  // namespace

}  // namespace galley_bench
