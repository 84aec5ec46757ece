// SPDX-License-Identifier: BSL-1.0
// How long a turn takes while many timers expire, in virtual time: a timer that is started again each millisecond asks
// for the longest since it fired last. So what a loop does in several turns, because it has nothing else to do, is not
// taken for one. CPU time.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/tail.hpp"
#include "bench/harness/virtual_time.hpp"

#include <random>

namespace galley_bench::workloads {

inline constexpr std::uint64_t period = 1'000'000;
inline constexpr std::uint64_t period_count = 10'000;

template <class Peer>
class turning {
public:
    explicit turning(std::size_t timers) : timers_{timers, [this] { return due{*this}; }} {}

    void measure(benchmark::State& state) {
        for (auto _ : state) {
            std::mt19937_64 random{timers_.size()};
            for (due& d : timers_) {
                d.start(1 + random() % (period * period_count));
            }
            virtual_time::begin_turns();
            tick_.start(period);
            loop_.run();
        }
        require(state, fired_ == timers_.size(), "not all timers have fired, or one has twice");
        turns_.report(state, turns_.size());
        require(state, turns_.size() >= period_count / 2, "there were fewer periods than time went by");
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
            owner->turns_.add(virtual_time::longest_turn());
            if (owner->fired_ == owner->timers_.size()) {
                owner->loop_.stop();
                return;
            }
            this->start(period);
        }
        turning* owner;
    };

    virtual_time time_;
    typename Peer::loop loop_;
    tail turns_{2 * period_count};
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
    add("longest turn in 1 ms, 1e5 timers over 10 s", 100'000, false);
    add("longest turn in 1 ms, 1e6 timers over 10 s", 1'000'000, true);
}

}  // namespace galley_bench::workloads
