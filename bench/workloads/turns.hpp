// SPDX-License-Identifier: BSL-1.0
// How long a turn takes while many timers expire, in virtual time: a timer that is started again each millisecond sees
// what the loop did since it fired last, the timers that were due and those that had to be moved. CPU time.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/tail.hpp"
#include "bench/harness/virtual_time.hpp"

#include <random>

namespace galley_bench::workloads {

inline constexpr std::uint64_t turn_length = 1'000'000;
inline constexpr std::uint64_t turn_count = 10'000;

template <class Peer>
class turning {
public:
    explicit turning(std::size_t timers) : timers_{timers, [this] { return due{*this}; }} {}

    void measure(benchmark::State& state) {
        for (auto _ : state) {
            std::mt19937_64 random{timers_.size()};
            for (due& d : timers_) {
                d.start(1 + random() % (turn_length * turn_count));
            }
            last_ = clock_now(CLOCK_THREAD_CPUTIME_ID);
            tick_.start(turn_length);
            loop_.run();
        }
        require(state, fired_ == timers_.size(), "not all timers have fired, or one has twice");
        turns_.report(state, turns_.size());
        require(state, turns_.size() >= turn_count / 2, "there were fewer turns than time went by");
    }

private:
    struct due : Peer::template timer<due> {
        explicit due(turning& t) : Peer::template timer<due>{t.loop_}, owner{&t} {}
        void fire() { ++owner->fired_; }
        turning* owner;
    };
    struct tick : Peer::template timer<tick> {
        explicit tick(turning& t) : Peer::template timer<tick>{t.loop_}, owner{&t} {}
        void fire() {
            const std::int64_t now = clock_now(CLOCK_THREAD_CPUTIME_ID);
            owner->turns_.add(now - owner->last_);
            if (owner->fired_ == owner->timers_.size()) {
                owner->loop_.stop();
                return;
            }
            this->start(turn_length);
            owner->last_ = clock_now(CLOCK_THREAD_CPUTIME_ID);
        }
        turning* owner;
    };

    virtual_time time_;
    typename Peer::loop loop_;
    tail turns_{2 * turn_count};
    std::int64_t last_{};
    std::uint64_t fired_{};
    items<due> timers_;
    tick tick_{*this};
};

template <class Peer>
void turns(registry& to) {
    const auto add = [&](const char* name, std::size_t timers, bool large) {
        row r = tail_row(name);
        r.large = large;
        if constexpr (Peer::rearms && Peer::expires_many) {
            to.run(r, Peer::name, [=](benchmark::State& state) { turning<Peer>{timers}.measure(state); });
        } else {
            to.cannot(r, Peer::name, Peer::rearms ? "each turn walks all timers" : "it has no clock");
        }
    };
    add("turns of 1 ms, 1e5 timers over 10 s", 100'000, false);
    add("turns of 1 ms, 1e6 timers over 10 s", 1'000'000, true);
}

}  // namespace galley_bench::workloads
