// SPDX-License-Identifier: BSL-1.0
// What all benchmarks share: a workload is registered three times, on nothing (raw), on ref::loop and on fast::loop,
// and becomes one line of the table. Each checks that its work was done.
#pragma once

#include "bench/allocations.hpp"
#include "bench/manual_driver.hpp"

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace galley_bench {

/// One line of the table.
struct workload {
    std::string name;
    double goal;  ///< how many times raw fast::loop may take; 0: none is set
};

/// All that were registered, in order.
[[nodiscard]] std::vector<workload>& workloads();

inline constexpr std::array variants{"raw", "ref", "fast"};

/// The three benchmarks of a workload, to be adjusted together.
class trio {
public:
    using registered = benchmark::internal::Benchmark;
    explicit trio(std::array<registered*, variants.size()> all) noexcept : all_{all} {}

    /// By the wall clock: for work that several threads do.
    trio& by_wall_clock() {
        return each([](registered& b) { b.UseRealTime(); });
    }
    /// Once a repetition: for work that is long enough.
    trio& once() {
        return each([](registered& b) { b.Iterations(1); });
    }

private:
    template <class F>
    trio& each(F f) {
        for (registered* const b : all_) {
            f(*b);
        }
        return *this;
    }
    std::array<registered*, variants.size()> all_;
};

template <class Raw, class Ref, class Fast>
trio add_variants(workload w, Raw raw, Ref ref, Fast fast) {
    const auto name = [&](std::size_t variant) { return w.name + "/" + variants[variant]; };
    const trio result{{benchmark::RegisterBenchmark(name(0).c_str(), raw),
                       benchmark::RegisterBenchmark(name(1).c_str(), ref),
                       benchmark::RegisterBenchmark(name(2).c_str(), fast)}};
    workloads().push_back(std::move(w));
    return result;
}

/// `raw(state)` with nothing around it; `body(loop, state)` on each loop with its own driver and default options.
template <class Raw, class Body>
trio add(workload w, Raw raw, Body body) {
    const auto on_ref = [body](benchmark::State& state) {
        galley::ref::loop loop;
        body(loop, state);
    };
    const auto on_fast = [body](benchmark::State& state) {
        galley::fast::loop loop;
        body(loop, state);
    };
    return add_variants(std::move(w), raw, on_ref, on_fast);
}

/// The same in virtual time: on a clock that a wait advances.
template <class Raw, class Body>
trio add_virtual(workload w, Raw raw, Body body) {
    const auto on_ref = [body](benchmark::State& state) {
        manual_driver driver;
        galley::ref::loop loop{driver};
        body(loop, state);
    };
    const auto on_fast = [body](benchmark::State& state) {
        manual_driver driver;
        galley::fast::loop loop{driver};
        body(loop, state);
    };
    return add_variants(std::move(w), raw, on_ref, on_fast);
}

/// The benchmark fails, and with it the run, unless `done`.
inline void require(benchmark::State& state, bool done, const char* what) {
    if (!done && !state.error_occurred()) {
        state.SkipWithError(what);
    }
}

/// Counts the allocations of this thread from its construction on; construct it when all is warm.
class measured {
public:
    void report(benchmark::State& state, std::uint64_t operations) const {
        report(state, operations, thread_allocations() - before_);
    }
    static void report(benchmark::State& state, std::uint64_t operations, std::uint64_t allocations) {
        state.SetItemsProcessed(static_cast<std::int64_t>(operations));
        state.counters["allocs"] = static_cast<double>(allocations) / static_cast<double>(operations);
    }

private:
    std::uint64_t before_{thread_allocations()};
};

void add_post();
void add_yield();
void add_await_child();
void add_spawn_join();
void add_gather();
void add_timer_start();
void add_timer_expire();
void add_remote_post();
void add_echo();
void add_sleeping_task();

}  // namespace galley_bench
