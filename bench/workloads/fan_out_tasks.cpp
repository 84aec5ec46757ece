// SPDX-License-Identifier: BSL-1.0
// One message to many readers, as galley's programs write it: a task each.
#include "bench/harness/suite.hpp"
#include "bench/workloads/fan_out.hpp"

#include <galley/io.hpp>
#include <galley/run.hpp>
#include <galley/spawn.hpp>

#include <span>

namespace galley_bench {

namespace {

[[gnu::noinline]] galley::task<> reader(galley::loop& loop, galley::descriptor on,
                                        workloads::fan_out_messages& messages) {
    while (!messages.over()) {
        std::uint64_t message{};
        const auto [error, n] = co_await galley::read(on.get(), std::as_writable_bytes(std::span{&message, 1}));
        if (error || n != sizeof message) {
            co_return;  // and the round is not complete
        }
        if (messages.note(message)) {
            loop.stop();
        }
    }
}

void fan_out_on(galley::loop& loop, benchmark::State& state, std::uint64_t readers) {
    workloads::fan_out_messages messages{readers};
    messages.release();
    for (const int c : messages.counters()) {
        galley::spawn(loop, reader(loop, galley::descriptor{loop, c}, messages)).detach();
    }
    messages.measure(state, [&] { static_cast<void>(loop.run()); });
    messages.send();
    static_cast<void>(loop.run());
}

void enter(registry& to) {
    for (const std::uint64_t readers : workloads::fan_out_readers) {
        add(to, workloads::fan_out_row(readers),
            [=](galley::loop& loop, benchmark::State& state) { fan_out_on(loop, state, readers); });
    }
}

const entrant here{entrant::workload, "fan_out", &enter};

}  // namespace

}  // namespace galley_bench
