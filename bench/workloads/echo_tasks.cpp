// SPDX-License-Identifier: BSL-1.0
// Echo as galley's programs write it: a task for each end of each connection.
#include "bench/harness/suite.hpp"
#include "bench/workloads/echo.hpp"

#include <galley/run.hpp>
#include <galley/spawn.hpp>
#include <galley/tcp.hpp>

namespace galley_bench {

namespace {

using workloads::echo_shape;
using workloads::echo_tally;

/// Collects a message in the beginning of `room`. There is more room than that, as in the peers' buffers: a read that
/// is short tells that there is no more, and the next one need not ask. False: the connection has ended.
galley::task<bool> read_message(const galley::tcp_stream& stream, std::span<std::byte> room, std::size_t size) {
    for (std::size_t have = 0; have < size;) {
        const auto [error, n] = co_await stream.read(room.subspan(have));
        if (error || n == 0) {
            co_return false;
        }
        have += n;
    }
    co_return true;
}

galley::task<> serve(galley::tcp_stream stream, std::size_t size) {
    std::vector<std::byte> room(2 * size);
    while (co_await read_message(stream, room, size)) {
        const auto [error, n] = co_await stream.write_all(std::span{room}.first(size));
        if (error) {
            co_return;
        }
    }
}

galley::task<> request(galley::loop& loop, galley::tcp_stream stream, std::size_t size, echo_tally& t) {
    std::vector<std::byte> sent(size);
    std::vector<std::byte> room(2 * size);
    while (!t.over) {
        t.renew(sent);
        const auto [error, n] = co_await stream.write_all(sent);
        if (error) {
            co_return;  // and the batch is not complete
        }
        const bool answered = co_await read_message(stream, room, size);
        if (!answered) {
            co_return;
        }
        if (t.note(std::equal(sent.begin(), sent.end(), room.begin()))) {
            loop.stop();
        }
    }
}

void echo_on(galley::loop& loop, benchmark::State& state, const echo_shape& shape) {
    echo_tally t;
    for (std::size_t i = 0; i < shape.connections; ++i) {
        auto [here, there] = connect_pair();
        galley::tcp_stream client{galley::descriptor{loop, here.release()}};
        galley::tcp_stream server{galley::descriptor{loop, there.release()}};
        galley::spawn(loop, serve(std::move(server), shape.size)).detach();
        galley::spawn(loop, request(loop, std::move(client), shape.size, t)).detach();
    }
    t.measure(state, shape.as_row().operations, [&] { static_cast<void>(loop.run()); });
    t.over = true;
    static_cast<void>(loop.run());
}

void enter(registry& to) {
    for (const echo_shape& shape : workloads::echo_shapes) {
        add(to, shape.as_row(), [shape](galley::loop& loop, benchmark::State& state) { echo_on(loop, state, shape); });
    }
}

const entrant here{entrant::workload, "echo", &enter};

}  // namespace

}  // namespace galley_bench
