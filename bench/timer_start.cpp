// SPDX-License-Identifier: BSL-1.0
// Starting and cancelling timers, spread over an hour. Cancelled in random order, as timeouts of connections are.
#include "bench/raw_timers.hpp"
#include "bench/suite.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace galley_bench {

namespace {

/// What is started when, and cancelled in which order; the same for all variants.
struct plan {
    explicit plan(std::size_t count) : deadlines(count), order(count) {
        std::mt19937_64 random{count};
        constexpr std::uint64_t hour = 3'600'000'000'000;
        for (std::uint64_t& deadline : deadlines) {
            deadline = 1'000'000 + random() % hour;
        }
        std::iota(order.begin(), order.end(), std::size_t{});
        std::shuffle(order.begin(), order.end(), random);
    }
    static const plan& of(std::size_t count) {
        static const plan small{100'000};
        static const plan large{1'000'000};
        return count == small.order.size() ? small : large;
    }
    std::vector<std::uint64_t> deadlines;
    std::vector<std::size_t> order;
};

/// The operations on raw timers and on a loop's, under the same names.
struct raw_timers {
    explicit raw_timers(std::size_t count) : timers(count) {}
    void start(std::size_t i, std::uint64_t deadline) noexcept { wheel.start(timers[i], deadline); }
    bool cancel(std::size_t i) noexcept {
        wheel.cancel(timers[i]);
        return true;
    }
    [[nodiscard]] bool none_is_left() const noexcept { return wheel.empty(); }

    struct item : raw::timer {
        item() noexcept : timer{nullptr} {}
    };
    raw::wheel wheel;
    std::vector<item> timers;
};

struct loop_timers {
    loop_timers(galley::loop& l, std::size_t count) : loop{&l}, timers(count) {}
    void start(std::size_t i, std::uint64_t deadline) {
        loop->start(timers[i], galley::instant{galley::duration{static_cast<std::int64_t>(deadline)}});
    }
    bool cancel(std::size_t i) noexcept { return loop->cancel(timers[i]); }
    [[nodiscard]] bool none_is_left() const noexcept { return true; }  // each cancel has said so

    struct item : galley::timer {
        item() noexcept : timer{[](timer&) noexcept {}} {}
    };
    galley::loop* loop;
    std::vector<item> timers;
};

template <class Timers>
void start_all(Timers& timers, const plan& p) {
    for (std::size_t i = 0; i < p.deadlines.size(); ++i) {
        timers.start(i, p.deadlines[i]);
    }
}

/// How many were cancelled.
template <class Timers>
std::uint64_t cancel_all(Timers& timers, const plan& p) {
    std::uint64_t cancelled = 0;
    for (const std::size_t i : p.order) {
        cancelled += timers.cancel(i) ? 1 : 0;
    }
    return cancelled;
}

enum class timed : std::uint8_t { start, cancel, pair };

template <class Timers>
void measure_start_or_cancel(benchmark::State& state, Timers& timers, const plan& p, timed what) {
    std::uint64_t cancelled = 0;
    std::uint64_t rounds = 0;
    const measured m;
    for (auto _ : state) {
        if (what == timed::cancel) {
            state.PauseTiming();
            start_all(timers, p);
            state.ResumeTiming();
            cancelled += cancel_all(timers, p);
        } else {
            start_all(timers, p);
            state.PauseTiming();
            cancelled += cancel_all(timers, p);
            state.ResumeTiming();
        }
        ++rounds;
    }
    m.report(state, rounds * p.order.size());
    require(state, cancelled == rounds * p.order.size() && timers.none_is_left(),
            "a timer was not there to be cancelled");
}

template <class Timers>
void measure_pairs(benchmark::State& state, Timers& timers, const plan& p) {
    start_all(timers, p);
    std::uint64_t cancelled = 0;
    std::uint64_t pairs = 0;
    std::size_t at = 0;
    const measured m;
    for (auto _ : state) {
        for (std::size_t k = 0; k < 10'000; ++k) {
            at = at + 1 == p.order.size() ? 0 : at + 1;
            cancelled += timers.cancel(p.order[at]) ? 1 : 0;
            timers.start(p.order[at], p.deadlines[at]);
            ++pairs;
        }
    }
    m.report(state, pairs);
    cancelled += cancel_all(timers, p);
    require(state, cancelled == pairs + p.order.size() && timers.none_is_left(),
            "a timer was not there to be cancelled");
}

template <class Timers>
void measure(benchmark::State& state, Timers& timers, const plan& p, timed what) {
    if (what == timed::pair) {
        measure_pairs(state, timers, p);
    } else {
        measure_start_or_cancel(state, timers, p, what);
    }
}

trio add_one(const std::string& name, timed what, std::size_t count, double goal) {
    return add_virtual(
        {name, goal},
        [=](benchmark::State& state) {
            raw_timers timers{count};
            measure(state, timers, plan::of(count), what);
        },
        [=](galley::loop& loop, benchmark::State& state) {
            loop_timers timers{loop, count};
            measure(state, timers, plan::of(count), what);
        });
}

}  // namespace

void add_timer_start() {
    add_one("timer start, 1e5", timed::start, 100'000, 1.5);
    add_one("timer cancel, 1e5", timed::cancel, 100'000, 2);
    add_one("timer cancel, 1e6", timed::cancel, 1'000'000, 2).once();  // a start costs the same, whatever there is
    add_one("timer cancel + start, 1e5 outstanding", timed::pair, 100'000, 1.3);
}

}  // namespace galley_bench
