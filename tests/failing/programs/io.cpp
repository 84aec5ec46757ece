// SPDX-License-Identifier: BSL-1.0
// Descriptors: a TCP echo, and pairs of sockets and pipes.
#include "tests/failing/faults.hpp"
#include "tests/failing/programs.hpp"
#include "tests/socket_fixture.hpp"

#include <galley/tcp.hpp>

#include <array>
#include <span>
#include <string_view>

namespace galley_test {
namespace {

constexpr std::string_view text = "what is said comes back";

task<> serves(stage& s, const galley::tcp_listener& at) {
    const body here{s};
    auto [error, stream] = co_await at.accept();
    s.must(error);
    std::array<std::byte, 64> some;
    for (;;) {
        const auto [failed, n] = co_await stream.read(some);
        s.must(failed);
        if (n == 0) {
            break;
        }
        const galley::transferred sent = co_await stream.write_all({some.data(), n});
        s.must(sent.error);
    }
    s.did(1);
}

task<> calls(stage& s, std::uint16_t port) {
    const body here{s};
    auto [error, stream] = co_await galley::tcp_connect(galley::endpoint{"127.0.0.1", port});
    s.must(error);
    const galley::transferred sent = co_await stream.write_all(std::as_bytes(std::span{text}));
    s.must(sent.error);
    s.must(stream.end_writing());
    std::array<std::byte, 64> some;
    std::size_t got = 0;
    for (;;) {
        const auto [failed, n] = co_await stream.read(std::span{some}.subspan(got));
        s.must(failed);
        if (n == 0) {
            break;
        }
        got += n;
    }
    s.did(std::string_view{reinterpret_cast<const char*>(some.data()), got} == text ? 10 : 1000);
}

void tcp_echo(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        const galley::tcp_listener listener{s.loop(), galley::endpoint{"127.0.0.1", 0}};
        co_await galley::when_all(serves(s, listener), calls(s, listener.local_port()));
    });
}

template <class Make>
pair made(Make make) {
    const spared not_galleys;
    return make();
}

task<> says(stage& s, int to) {
    const body here{s};
    s.must(co_await galley::writable(to));
    for (std::size_t said = 0; said < text.size();) {
        const auto [error, n] = co_await galley::write(to, std::as_bytes(std::span{text.substr(said)}));
        s.must(error);
        said += n;
    }
}
task<> hears(stage& s, int from) {
    const body here{s};
    std::array<std::byte, 8> some;
    s.must(co_await galley::readable(from));
    for (std::size_t heard = 0; heard < text.size();) {
        const auto [error, n] = co_await galley::read(from, some);
        s.must(error);
        s.check(n > 0, "IO-5: nothing is lost on the way");
        s.did(n);
        heard += n;
    }
}

void pairs(stage& s) {
    for (const auto make : {+[] { return make_socketpair(); }, +[] { return make_pipe(); }}) {
        pair ends = made(make);
        s.run([&s, &ends]() -> task<> {
            const body here{s};
            const galley::descriptor a{s.loop(), ends.a.release()};
            const galley::descriptor b{s.loop(), ends.b.release()};
            co_await galley::when_all(hears(s, a.get()), says(s, b.get()));
        });
    }
}

task<> reads_in_vain(stage& s, int from) {
    const body here{s};
    std::array<std::byte, 8> some;
    const auto [error, n] = co_await galley::read(from, some);
    s.check(n == 0, "nobody has written");
    if (error == std::errc::operation_canceled) {  // IO-6
        s.did(1);
    } else {
        s.must(error);
    }
}

void operations_cut_short(stage& s) {
    pair ends = made([] { return make_socketpair(); });
    s.run([&s, &ends]() -> task<> {
        const body here{s};
        galley::descriptor a{s.loop(), ends.a.release()};
        const galley::descriptor b{s.loop(), ends.b.release()};
        const bool read = co_await galley::try_timeout(1ms, reads_in_vain(s, a.get()));
        s.did(read ? 1000 : 10);
        const galley::join_handle<> reader = galley::spawn(s.loop(), reads_in_vain(s, a.get()));
        co_await galley::yield();
        if (const std::error_code error = a.close()) {
            s.saw(error);
        }
        co_await reader.join();
    });
}

constexpr std::array programs{
    program{"tcp_echo", &tcp_echo},
    program{"pairs", &pairs},
    program{"operations_cut_short", &operations_cut_short},
};

}  // namespace

std::span<const program> io_programs() noexcept { return programs; }

}  // namespace galley_test
