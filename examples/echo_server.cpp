// SPDX-License-Identifier: BSL-1.0
// Sends back whatever it is sent: a task per connection, and a graceful end on SIGINT or SIGTERM.
//     echo_server [--loop ref|fast] [--port N] [--connections N]
// Port 0, the default, lets the kernel choose; it is printed. With --connections it ends when that
// many have been served.
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/io.hpp>
#include <galley/ref/loop.hpp>
#include <galley/tcp.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/signalfd.h>

namespace {

struct settings {
    bool reference{false};
    std::uint16_t port{0};
    std::uint64_t connections{std::numeric_limits<std::uint64_t>::max()};
};

template <class Number>
Number parse_number(std::string_view option, std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw std::invalid_argument(std::string{option} + ": '" + std::string{text} + "' is not a number from 0 to " +
                                    std::to_string(std::numeric_limits<Number>::max()));
    }
    return value;
}

settings parse(int count, char** arguments) {
    settings s;
    for (int i = 1; i < count; i += 2) {
        const std::string_view option = arguments[i];
        if (i + 1 == count) {
            throw std::invalid_argument(std::string{option} + ": a value was expected");
        }
        const std::string_view value = arguments[i + 1];
        if (option == "--loop" && (value == "ref" || value == "fast")) {
            s.reference = value == "ref";
        } else if (option == "--port") {
            s.port = parse_number<std::uint16_t>(option, value);
        } else if (option == "--connections") {
            s.connections = parse_number<std::uint64_t>(option, value);
        } else {
            throw std::invalid_argument("'" + std::string{option} + " " + std::string{value} + "' is not known");
        }
    }
    return s;
}

galley::task<> echo(galley::tcp_stream stream) {
    std::array<std::byte, 16384> buffer;
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

galley::task<> serve(const galley::tcp_listener& listener, std::uint64_t connections) {
    galley::task_group group;
    co_await group.run([&]() -> galley::task<> {
        for (std::uint64_t served = 0; served < connections;) {
            auto [error, stream] = co_await listener.accept();
            if (!error) {
                group.spawn(echo(std::move(stream)), "connection");
                ++served;
            } else {  // out of descriptors, say: others may end meanwhile
                std::fprintf(stderr, "accept: %s\n", error.message().c_str());
                co_await galley::sleep_for(std::chrono::milliseconds{100});
            }
        }
    });
}

/// SIGINT and SIGTERM as something to read, and so to await: a handler may do next to nothing (signal-safety(7)).
galley::descriptor hold_back_signals(galley::loop& loop) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return {loop, ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};
}

galley::task<> termination(galley::descriptor signals) {
    if (const std::error_code error = co_await galley::readable(signals.get())) {
        throw std::system_error{error, "signalfd"};
    }
}

}  // namespace

int main(int count, char** arguments) try {
    const settings s = parse(count, arguments);
    std::unique_ptr<galley::loop> loop;
    if (s.reference) {
        loop = std::make_unique<galley::ref::loop>();
    } else {
        loop = std::make_unique<galley::fast::loop>();
    }
    galley::run(*loop, galley::invoke([&]() -> galley::task<> {
        galley::descriptor signals = hold_back_signals(*loop);
        const galley::tcp_listener listener{*loop, galley::endpoint{"127.0.0.1", s.port}};
        std::printf("listening on 127.0.0.1:%u\n", unsigned{listener.local_port()});
        std::fflush(stdout);
        // The first to end, whichever it is; the other is cancelled, with all its tasks, and awaited.
        co_await galley::when_any(termination(std::move(signals)), serve(listener, s.connections));
    }));
} catch (const std::exception& e) {
    std::fprintf(stderr, "echo_server: %s\nusage: echo_server [--loop ref|fast] [--port N] [--connections N]\n",
                 e.what());
    return 1;
}
