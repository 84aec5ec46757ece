// SPDX-License-Identifier: BSL-1.0
// Timers that fire, spread over an hour or ten seconds of virtual time. Starting them is not measured. The order is
// checked.
#include "bench/raw_timers.hpp"
#include "bench/suite.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace galley_bench {

namespace {

/// What has fired.
struct tally {
    std::uint64_t fired{};
    std::uint64_t until{};
    std::uint64_t last_key{};
    std::uint64_t last_number{};
    std::uint64_t out_of_order{};
    galley::loop* loop{};

    /// True: that was the last one.
    bool note(std::uint64_t key, std::uint64_t number) noexcept {
        out_of_order += key < last_key || (key == last_key && number < last_number) ? 1 : 0;
        last_key = key;
        last_number = number;
        return ++fired == until;
    }
};

struct raw_item : raw::timer {
    raw_item() noexcept : timer{&on_fire} {}
    static void on_fire(timer& t) noexcept {
        auto& self = static_cast<raw_item&>(t);
        static_cast<void>(self.who->note(self.key, self.number));
    }
    tally* who{};
    std::uint64_t number{};
};

struct loop_item : galley::timer {
    loop_item() noexcept : timer{&on_fire} {}
    static void on_fire(timer& t) noexcept {
        auto& self = static_cast<loop_item&>(t);
        if (self.who->note(static_cast<std::uint64_t>(galley::nanoseconds(self.key())), self.number)) {
            self.who->loop->stop();
        }
    }
    tally* who{};
    std::uint64_t number{};
};

template <class Item>
std::vector<Item> make_items(std::size_t count, tally& t) {
    std::vector<Item> items(count);
    for (std::size_t i = 0; i < count; ++i) {
        items[i].who = &t;
        items[i].number = i;
    }
    return items;
}

/// `start(item, delay)` starts one; `expire()` lets all fire.
template <class Item>
void measure(benchmark::State& state, std::size_t count, std::uint64_t span, tally& t, auto start, auto expire) {
    std::vector<Item> items = make_items<Item>(count, t);
    std::mt19937_64 random{count};
    std::uint64_t rounds = 0;
    const measured m;
    for (auto _ : state) {
        state.PauseTiming();
        t.until = t.fired + count;
        t.last_key = 0;
        for (Item& item : items) {
            start(item, 1 + random() % span);
        }
        state.ResumeTiming();
        expire();
        ++rounds;
    }
    m.report(state, rounds * count);
    require(state, t.fired == rounds * count, "not all timers have fired, or one has twice");
    require(state, t.out_of_order == 0, "timers have fired out of order");
}

trio add_one(const char* name, std::size_t count, std::chrono::nanoseconds spread) {
    const auto span = static_cast<std::uint64_t>(spread.count());
    return add_virtual(
        {name, 0},
        [=](benchmark::State& state) {
            raw::sorted_run timers;
            tally t;
            measure<raw_item>(
                state, count, span, t, [&](raw_item& item, std::uint64_t delay) { timers.start(item, delay); },
                [&] { timers.expire_all(); });
        },
        [=](galley::loop& loop, benchmark::State& state) {
            const galley::keep_alive alive{loop};
            tally t;
            t.loop = &loop;
            measure<loop_item>(
                state, count, span, t,
                [&](loop_item& item, std::uint64_t delay) {
                    const galley::duration d{static_cast<std::int64_t>(delay)};
                    loop.start(item, galley::saturating_add(loop.sample(), d));
                },
                [&] { static_cast<void>(loop.run()); });
        });
}

}  // namespace

void add_timer_expire() {
    using namespace std::chrono_literals;
    add_one("timer expire, 1e5 over 1 h", 100'000, 1h);
    add_one("timer expire, 1e5 over 10 s", 100'000, 10s);
    add_one("timer expire, 1e6 over 1 h", 1'000'000, 1h).once();
    add_one("timer expire, 1e6 over 10 s", 1'000'000, 10s).once();
}

}  // namespace galley_bench
