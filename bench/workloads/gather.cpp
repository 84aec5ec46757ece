// SPDX-License-Identifier: BSL-1.0
// A thousand tasks at once, awaited together; per task.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"

#include <galley/run.hpp>
#include <galley/when_all.hpp>

namespace galley_bench {

namespace {

constexpr std::uint64_t width = 1000;

[[gnu::noinline]] galley::task<> child(std::uint64_t& ran) {
    ++ran;
    co_return;
}
[[gnu::noinline]] raw::job<int> raw_child(std::uint64_t& ran) {
    ++ran;
    co_return 0;
}

galley::task<> gather(std::uint64_t& ran) {
    std::vector<galley::task<>> bodies;
    bodies.reserve(width);
    for (std::uint64_t i = 0; i < width; ++i) {
        bodies.push_back(child(ran));
    }
    co_await galley::when_all(std::move(bodies));
}

galley::task<> parent(benchmark::State& state) {
    std::uint64_t ran = 0;
    co_await gather(ran);
    const measured m;
    for (auto _ : state) {
        co_await gather(ran);
    }
    m.report(state, ran - width);
    require(state, ran - width == static_cast<std::uint64_t>(state.iterations()) * width, "tasks were lost");
}

raw::job<int> raw_parent(raw::ready_queue& ready, benchmark::State& state) {
    std::uint64_t ran = 0;
    const measured m;
    for (auto _ : state) {
        std::vector<raw::job<int>> bodies;
        bodies.reserve(width);
        for (std::uint64_t i = 0; i < width; ++i) {
            bodies.push_back(raw_child(ran));
        }
        raw::latch done{ready, width};
        for (raw::job<int>& body : bodies) {
            body.start(ready, &done);
        }
        co_await done;
    }
    m.report(state, ran);
    require(state, ran == static_cast<std::uint64_t>(state.iterations()) * width, "tasks were lost");
    co_return 0;
}

void enter(registry& to) {
    add(
        to, {"gather of 1000, per task", group::coroutines, 1.7, 1000},
        [](benchmark::State& state) {
            raw::ready_queue ready{1024};
            raw::job<int> main = raw_parent(ready, state);
            main.start(ready);
            raw::drain(ready);
            require(state, main.ended(), "the parent has not ended");
        },
        [](galley::loop& loop, benchmark::State& state) { galley::run(loop, parent(state)); });
}

const entrant here{entrant::workload, "gather", &enter};

}  // namespace

}  // namespace galley_bench
