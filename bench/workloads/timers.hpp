// SPDX-License-Identifier: BSL-1.0
// Timers in virtual time: started, cancelled in random order, as timeouts of connections are, and fired.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/virtual_time.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace galley_bench::workloads {

inline constexpr std::uint64_t second = 1'000'000'000;
inline constexpr std::uint64_t hour = 3600 * second;

/// What is started for when, and cancelled in which order; the same for all.
struct plan {
    plan(std::size_t count, std::uint64_t span, bool clustered) : delays(count), order(count) {
        std::mt19937_64 random{count};
        for (std::size_t i = 0; i < count; ++i) {
            const bool is_near = clustered && i % 10 != 0;  // 90 % within a second in the middle of the span
            delays[i] = 1'000'000 + (is_near ? span / 2 + random() % second : random() % span);
        }
        std::iota(order.begin(), order.end(), std::size_t{});
        std::shuffle(order.begin(), order.end(), random);
    }
    std::vector<std::uint64_t> delays;
    std::vector<std::size_t> order;
};

template <class Peer>
class timing {
public:
    explicit timing(const plan& p) : plan_{&p}, timers_{p.delays.size(), [&] { return item{*this}; }} {
        for (std::size_t i = 0; i < timers_.size(); ++i) {
            timers_[i].delay = p.delays[i];
        }
    }

    void measure_start(benchmark::State& state) {
        each(state, [&] { start_all(); }, [&] { cancel_all(1); });
    }
    void measure_cancel(benchmark::State& state) {
        each(state, [] {}, [&] { start_all(); }, [&] { cancel_all(1); });
    }
    /// Cancels 99 of a hundred; those that are left fire.
    void measure_mostly_cancelled(benchmark::State& state) {
        each(
            state,
            [&] {
                start_all();
                cancel_all(100);
                expire(timers_.size() / 100);
            },
            [] {});
        require(state, fired_ == cancelled_ / 99, "timers that were not cancelled did not fire");
    }
    void measure_expiry(benchmark::State& state) {
        each(state, [] {}, [&] { start_all(); }, [&] { expire(timers_.size()); });
        require(state, fired_ == rounds_ * timers_.size(), "not all timers have fired, or one has twice");
        require(state, out_of_order_ == 0, "timers have fired out of order");
    }
    void measure_pairs(benchmark::State& state) {
        start_all();
        std::uint64_t pairs = 0;
        std::size_t at = 0;
        const measured m;
        for (auto _ : state) {
            for (std::size_t k = 0; k < 10'000; ++k) {
                at = at + 1 == timers_.size() ? 0 : at + 1;
                item& t = timers_[plan_->order[at]];
                t.cancel();
                t.start(t.delay);
                ++pairs;
            }
            loop_.settle();
        }
        m.report(state, pairs);
        cancel_all(1);
        loop_.settle();
        require(state, fired_ == 0, "a timer fired that was cancelled, or was not due");
    }
    /// Each fires again and again, with a period of its own about a second long.
    void measure_periods(benchmark::State& state) {
        again_ = true;
        for (item& t : timers_) {
            t.delay = second / 2 + t.delay % second;
            t.start(t.delay);
        }
        expire(timers_.size());
        const std::uint64_t before = fired_;
        const measured m;
        for (auto _ : state) {
            expire(timers_.size());
        }
        m.report(state, fired_ - before);
        require(state, fired_ - before >= static_cast<std::uint64_t>(state.iterations()) * timers_.size(),
                "not all timers have fired");
        again_ = false;
        for (item& t : timers_) {
            t.cancel();
        }
        loop_.settle();
    }

private:
    struct item : Peer::template timer<item> {
        explicit item(timing& t) : Peer::template timer<item>{t.loop_}, owner{&t} {}
        void fire() { owner->fired(*this); }
        timing* owner;
        std::uint64_t delay{};
    };

    void fired(item& t) {
        if (again_) {
            t.start(t.delay);
        } else {
            // All were started at the same time. A loop that counts in milliseconds may take them so.
            const std::uint64_t unit = t.delay / Peer::expiring::timer_unit;
            out_of_order_ += unit + Peer::expiring::timer_slack < last_ ? 1 : 0;
            last_ = std::max(last_, unit);
        }
        if (++fired_ == until_) {
            loop_.stop();
        }
    }
    void start_all() {
        last_ = 0;
        for (item& t : timers_) {
            t.start(t.delay);
        }
    }
    /// All, but every `part`th if that is not 1.
    void cancel_all(std::size_t part) {
        for (std::size_t i = 0; i < timers_.size(); ++i) {
            if (part == 1 || i % part != 0) {
                timers_[plan_->order[i]].cancel();
                ++cancelled_;
            }
        }
        loop_.settle();
    }
    void expire(std::uint64_t count) {
        until_ = fired_ + count;
        loop_.run();
    }
    void each(benchmark::State& state, auto work, auto after) {
        each(state, work, after, [] {});
    }
    /// The first and the third are measured.
    void each(benchmark::State& state, auto work, auto pause, auto work_too) {
        const measured m;
        for (auto _ : state) {
            work();
            state.PauseTiming();
            pause();
            state.ResumeTiming();
            work_too();
            ++rounds_;
        }
        m.report(state, rounds_ * timers_.size());
    }

    virtual_time time_;
    typename Peer::loop loop_;
    const plan* plan_;
    std::uint64_t rounds_{};
    std::uint64_t fired_{};
    std::uint64_t until_{};
    std::uint64_t cancelled_{};
    std::uint64_t last_{};
    std::uint64_t out_of_order_{};
    bool again_{};
    items<item> timers_;
};

template <class Peer>
void timers(registry& to) {
    constexpr std::size_t few = 100'000;
    constexpr std::size_t many = 1'000'000;
    const auto add = [&]<class Contender>(std::type_identity<Contender>, row r, std::uint64_t span, bool clustered,
                                          auto what) {
        to.run(r, Peer::name, [=](benchmark::State& state) {
            const plan p{r.operations, span, clustered};
            (timing<Contender>{p}.*what)(state);
        });
    };
    const std::type_identity<Peer> self;
    using t = timing<Peer>;
    add(self, {"timer start, 1e5", group::timers, 1.5, few}, hour, false, &t::measure_start);
    add(self, {"timer cancel, 1e5", group::timers, 2, few}, hour, false, &t::measure_cancel);
    row large{"timer cancel, 1e6", group::timers, 2, many};
    large.once = large.large = true;
    add(self, large, hour, false, &t::measure_cancel);
    add(self, {"timer cancel + start, 1e5 outstanding", group::timers, 1.3, few}, hour, false, &t::measure_pairs);

    using expiring = typename Peer::expiring;
    const std::type_identity<expiring> last;
    const auto expire = [&](const char* name, std::size_t count, std::uint64_t span, bool clustered) {
        row r{name, group::timers, 2, count};
        r.once = r.large = count == many;
        if constexpr (Peer::expires_many) {
            add(last, r, span, clustered, &timing<expiring>::measure_expiry);
        } else {
            to.cannot(r, Peer::name, "each turn walks all timers");
        }
    };
    expire("timer expire, 1e5 over 1 h", few, hour, false);
    expire("timer expire, 1e5 over 10 s", few, 10 * second, false);
    expire("timer expire, 1e5, 90 % within a second", few, hour, true);
    expire("timer expire, 1e6 over 1 h", many, hour, false);
    expire("timer expire, 1e6 over 10 s", many, 10 * second, false);
    const row cancelled{"timers, 99 % cancelled", group::timers, 0, few};
    const row periods{"timer re-armed, 1e4 periods", group::timers, 0, 10'000};
    if constexpr (Peer::rearms && Peer::expires_many) {
        add(self, cancelled, 10 * second, false, &t::measure_mostly_cancelled);
        add(self, periods, second, false, &t::measure_periods);
    } else {
        to.cannot(cancelled, Peer::name, Peer::rearms ? "each turn walks all timers" : "it has no clock");
        to.cannot(periods, Peer::name, Peer::rearms ? "each turn walks all timers" : "it has no clock");
    }
}

}  // namespace galley_bench::workloads
