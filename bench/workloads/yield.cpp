// SPDX-License-Identifier: BSL-1.0
// Coroutines that yield to each other, again and again.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"

#include <galley/run.hpp>
#include <galley/sleep.hpp>

#include <algorithm>
#include <bit>

namespace galley_bench {

namespace {

constexpr std::uint64_t batch = 1 << 16;

/// All coroutines count together; and each for itself, so that it shows if one was passed over.
struct tally {
    std::uint64_t count{};
    std::uint64_t until{};
    bool over{};
    std::vector<std::uint64_t> own{};

    [[nodiscard]] bool fair(std::uint64_t difference) const {
        const auto [least, most] = std::minmax_element(own.begin(), own.end());
        return *most - *least <= difference;
    }
};

[[gnu::noinline]] galley::task<> yielder(galley::loop& loop, tally& t) {
    std::uint64_t own = 0;
    while (!t.over) {
        ++own;
        if (++t.count == t.until) {
            loop.stop();
        }
        co_await galley::yield();
    }
    t.own.push_back(own);
}

[[gnu::noinline]] raw::job<int> raw_yielder(raw::ready_queue& ready, bool& stop, tally& t) {
    std::uint64_t own = 0;
    while (!t.over) {
        ++own;
        if (++t.count == t.until) {
            stop = true;
        }
        co_await raw::yield{ready};
    }
    t.own.push_back(own);
    co_return 0;
}

/// `difference`: by how much the coroutines' turns may differ.
void measure(benchmark::State& state, tally& t, std::size_t coroutines, std::uint64_t difference, auto run) {
    const auto run_batch = [&] {
        t.until = t.count + std::max<std::uint64_t>(batch, coroutines);
        run();
        return t.count >= t.until;
    };
    bool all_ran = run_batch();
    const std::uint64_t before = t.count;
    const measured m;
    for (auto _ : state) {
        all_ran = run_batch() && all_ran;
    }
    m.report(state, t.count - before);
    require(state, all_ran, "fewer steps than were asked for");
    t.over = true;
    run();
    require(state, t.own.size() == coroutines && t.fair(difference), "a coroutine was passed over");
}

void raw_yield(benchmark::State& state, std::size_t coroutines) {
    raw::ready_queue ready{std::bit_ceil(coroutines + 1)};
    tally t;
    bool stop = false;
    std::vector<raw::job<int>> jobs;
    for (std::size_t i = 0; i < coroutines; ++i) {
        jobs.push_back(raw_yielder(ready, stop, t));
        jobs.back().start(ready);
    }
    measure(state, t, coroutines, 1, [&] {
        stop = false;
        while (!stop && !ready.empty()) {
            ready.pop().resume();
        }
    });
}

void yield_on(galley::loop& loop, benchmark::State& state, std::size_t coroutines) {
    tally t;
    for (std::size_t i = 0; i < coroutines; ++i) {
        galley::spawn(loop, yielder(loop, t)).detach();
    }
    // A stop lets the round finish (LIFE-2), so all have had equally many turns.
    measure(state, t, coroutines, 0, [&] { static_cast<void>(loop.run()); });
}

void enter(registry& to) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{64}, std::size_t{10'000}}) {
        add(
            to,
            {"yield, " + std::to_string(n) + (n == 1 ? " coroutine" : " coroutines"), group::coroutines, 1.4, batch},
            [n](benchmark::State& state) { raw_yield(state, n); },
            [n](galley::loop& loop, benchmark::State& state) { yield_on(loop, state, n); });
    }
}

const entrant here{entrant::workload, "yield", &enter};

}  // namespace

}  // namespace galley_bench
