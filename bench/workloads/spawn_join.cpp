// SPDX-License-Identifier: BSL-1.0
// Starting a task and waiting for its value: two passes through the ready queue.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"

#include <galley/run.hpp>

namespace galley_bench {

namespace {

constexpr std::uint64_t batch = 1024;

[[gnu::noinline]] galley::task<std::uint64_t> child(std::uint64_t i) { co_return i + 1; }
[[gnu::noinline]] raw::job<std::uint64_t> raw_child(std::uint64_t i) { co_return i + 1; }

galley::task<> parent(galley::loop& loop, benchmark::State& state) {
    std::uint64_t joined = 0;
    for (std::uint64_t i = 0; i < batch; ++i) {
        galley::join_handle<std::uint64_t> handle = galley::spawn(loop, child(joined));
        joined = co_await handle.join();
    }
    const measured m;
    for (auto _ : state) {
        for (std::uint64_t i = 0; i < batch; ++i) {
            galley::join_handle<std::uint64_t> handle = galley::spawn(loop, child(joined));
            joined = co_await handle.join();
        }
    }
    m.report(state, joined - batch);
    require(state, joined - batch == static_cast<std::uint64_t>(state.iterations()) * batch, "tasks were lost");
}

raw::job<int> raw_parent(raw::ready_queue& ready, benchmark::State& state) {
    std::uint64_t joined = 0;
    const measured m;
    for (auto _ : state) {
        for (std::uint64_t i = 0; i < batch; ++i) {
            raw::latch done{ready, 1};
            raw::job<std::uint64_t> job = raw_child(joined);
            job.start(ready, &done);
            co_await done;
            joined = job.value();
        }
    }
    m.report(state, joined);
    require(state, joined == static_cast<std::uint64_t>(state.iterations()) * batch, "tasks were lost");
    co_return 0;
}

void enter(registry& to) {
    add(
        to, {"spawn and join", group::coroutines, 0, 1024},
        [](benchmark::State& state) {
            raw::ready_queue ready{4};
            raw::job<int> main = raw_parent(ready, state);
            main.start(ready);
            raw::drain(ready);
            require(state, main.ended(), "the parent has not ended");
        },
        [](galley::loop& loop, benchmark::State& state) { galley::run(loop, parent(loop, state)); });
}

const entrant here{entrant::workload, "spawn_join", &enter};

}  // namespace

}  // namespace galley_bench
