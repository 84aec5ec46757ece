// SPDX-License-Identifier: BSL-1.0
// Awaiting a coroutine that gives a value without suspending: a call.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"

#include <galley/run.hpp>

namespace galley_bench {

namespace {

constexpr std::uint64_t batch = 4096;

// Not inlined: the compiler would do away with the frame.
[[gnu::noinline]] galley::task<std::uint64_t> child(std::uint64_t i) { co_return i + 1; }
[[gnu::noinline]] raw::call<std::uint64_t> raw_child(std::uint64_t i) { co_return i + 1; }

galley::task<> parent(benchmark::State& state) {
    std::uint64_t calls = co_await child(0);
    const measured m;
    for (auto _ : state) {
        for (std::uint64_t i = 0; i < batch; ++i) {
            calls = co_await child(calls);
        }
    }
    m.report(state, calls - 1);
    require(state, calls - 1 == static_cast<std::uint64_t>(state.iterations()) * batch, "calls were lost");
}

raw::job<int> raw_parent(benchmark::State& state) {
    std::uint64_t calls = co_await raw_child(0);
    const measured m;
    for (auto _ : state) {
        for (std::uint64_t i = 0; i < batch; ++i) {
            calls = co_await raw_child(calls);
        }
    }
    m.report(state, calls - 1);
    require(state, calls - 1 == static_cast<std::uint64_t>(state.iterations()) * batch, "calls were lost");
    co_return 0;
}

void enter(registry& to) {
    add(
        to, {"await a child", group::coroutines, 1.45, 4096},
        [](benchmark::State& state) {
            raw::ready_queue ready{2};
            raw::job<int> main = raw_parent(state);
            main.start(ready);
            raw::drain(ready);
            require(state, main.ended(), "the parent has not ended");
        },
        [](galley::loop& loop, benchmark::State& state) { galley::run(loop, parent(state)); });
}

const entrant here{entrant::workload, "await_child", &enter};

}  // namespace

}  // namespace galley_bench
