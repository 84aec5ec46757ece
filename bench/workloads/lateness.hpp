// SPDX-License-Identifier: BSL-1.0
// How late timers are, by the real clock: what the kernel's wait, the loop's resolution and the timers
// before it cost each.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/tail.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace galley_bench::workloads {

inline constexpr std::size_t late_timers = 1000;
inline const row lateness_row = tail_row("timer of the real clock, lateness");

/// Whole milliseconds, so that a loop which knows no others can keep them.
[[nodiscard]] inline std::vector<std::int64_t> late_delays() {
    std::mt19937_64 random{late_timers};
    std::vector<std::int64_t> all(late_timers);
    std::ranges::generate(all, [&] { return static_cast<std::int64_t>(1 + random() % 200) * 1'000'000; });
    return all;
}

/// None may be early by more than `early`: it is what a loop rounds to. What is early is told.
inline void report_lateness(benchmark::State& state, tail& late, std::int64_t early) {
    late.report(state, late_timers);
    if (late.size() > 0) {
        state.counters["early"] = static_cast<double>(std::max<std::int64_t>(0, -late.least()));
        require(state, late.least() >= -early, "a timer was early");
    }
}

template <class Peer>
class being_late {
public:
    void measure(benchmark::State& state) {
        for (auto _ : state) {
            const std::vector<std::int64_t> delays = late_delays();
            for (std::size_t i = 0; i < late_timers; ++i) {
                timers_[i].due = clock_now() + delays[i];
                if constexpr (requires { loop_.look_at_clock(); }) {
                    loop_.look_at_clock();  // else it counts from when it was made
                }
                timers_[i].start(static_cast<std::uint64_t>(delays[i]));
            }
            loop_.run();
        }
        report_lateness(state, late_, Peer::earliness);
    }

private:
    struct item : Peer::template timer<item> {
        explicit item(being_late& l) : Peer::template timer<item>{l.loop_}, owner{&l} {}
        void fire() {
            owner->late_.add(clock_now() - due);
            if (owner->late_.size() == late_timers) {
                owner->loop_.stop();
            }
        }
        being_late* owner;
        std::int64_t due{};
    };

    typename Peer::loop loop_;
    tail late_{late_timers};
    items<item> timers_{late_timers, [this] { return item{*this}; }};
};

/// The kernel alone: a sleep until each deadline.
inline void raw_lateness(benchmark::State& state) {
    tail late{late_timers};
    for (auto _ : state) {
        std::vector<std::int64_t> due = late_delays();
        std::ranges::sort(due);
        const std::int64_t start = clock_now();
        for (const std::int64_t delay : due) {
            const std::int64_t until = start + delay;
            const timespec t{until / 1'000'000'000, until % 1'000'000'000};
            ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
            late.add(clock_now() - until);
        }
    }
    report_lateness(state, late, 0);
}

template <class Peer>
void lateness(registry& to) {
    if constexpr (Peer::rearms) {
        to.run(lateness_row, Peer::name,
               [](benchmark::State& state) { being_late<typename Peer::exact>{}.measure(state); });
    } else {
        to.run(lateness_row, Peer::name, &raw_lateness);
    }
}

}  // namespace galley_bench::workloads
