// SPDX-License-Identifier: BSL-1.0
// How long it took each time: the middle tells little about a loop, as who waits for it waits for its worst turn.
#pragma once

#include "bench/harness/registry.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <vector>

namespace galley_bench {

/// Nanoseconds of the steady clock of the system, or of the calling thread's CPU time.
[[nodiscard]] inline std::int64_t clock_now(clockid_t clock = CLOCK_MONOTONIC) noexcept {
    timespec t{};
    ::clock_gettime(clock, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

/// Durations in nanoseconds.
class tail {
public:
    explicit tail(std::size_t room) { all_.reserve(room); }
    void add(std::int64_t nanoseconds) { all_.push_back(nanoseconds); }
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] std::int64_t least() const { return *std::ranges::min_element(all_); }

    /// The smallest that is no shorter than so many of a thousand. There must be some.
    [[nodiscard]] std::int64_t per_mille(std::size_t share) {
        std::ranges::sort(all_);
        return all_[std::min(all_.size() - 1, all_.size() * share / 1000)];
    }
    /// The figures of the benchmark; it fails if there are not `wanted`.
    void report(benchmark::State& state, std::size_t wanted) {
        require(state, size() == wanted && wanted > 0, "not all that was to be measured was done");
        if (!state.error_occurred()) {
            const auto figure = [&](std::size_t share) { return static_cast<double>(per_mille(share)); };
            state.counters["p50"] = figure(500);
            state.counters["p99"] = figure(990);
            state.counters["p99.9"] = figure(999);
            state.counters["max"] = figure(1000);
        }
    }

private:
    std::vector<std::int64_t> all_;
};

/// A row of such figures. `goal`: of the middle.
[[nodiscard]] inline row tail_row(const char* name, double goal = 0) {
    row r{name, group::tails, goal};
    r.once = true;
    return r;
}

}  // namespace galley_bench
