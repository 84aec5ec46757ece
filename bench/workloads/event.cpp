// SPDX-License-Identifier: BSL-1.0
// An event that a hundred thousand tasks await, set again and again: all of them become ready at once.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"

#include <galley/event.hpp>
#include <galley/run.hpp>

#include <bit>

namespace galley_bench {

namespace {

constexpr std::uint64_t width = 100'000;

struct tally {
    std::uint64_t woken{};
    std::uint64_t until{};
    bool over{};

    [[nodiscard]] bool note() noexcept { return ++woken == until; }
};

/// Each round ends when all have been woken, and each wakes once: so all are woken in each.
void measure(benchmark::State& state, tally& t, auto wake_all) {
    bool all_woke = true;
    const auto round = [&] {
        t.until = t.woken + width;
        wake_all();
        all_woke = all_woke && t.woken == t.until;
    };
    round();
    const std::uint64_t before = t.woken;
    const measured m;
    for (auto _ : state) {
        round();
    }
    m.report(state, t.woken - before);
    t.over = true;
    t.until = 0;
    wake_all();
    require(state, all_woke, "a task was not woken, or was twice");
}

[[gnu::noinline]] galley::task<> waiter(galley::loop& loop, galley::event& e, tally& t) {
    while (!t.over) {
        co_await e.wait();
        if (t.note()) {
            loop.stop();
        }
    }
}

void event_on(galley::loop& loop, benchmark::State& state) {
    galley::event e;
    tally t;
    for (std::uint64_t i = 0; i < width; ++i) {
        galley::spawn(loop, waiter(loop, e, t)).detach();
    }
    galley::run(loop, []() -> galley::task<> { co_return; }());  // all wait
    measure(state, t, [&] {
        e.set();
        e.reset();
        static_cast<void>(loop.run());
    });
}

/// Who waits, in order.
class raw_event {
public:
    explicit raw_event(raw::ready_queue& ready) : ready_{&ready} { waiters_.reserve(width); }
    void set() noexcept {
        for (const std::coroutine_handle<> h : waiters_) {
            ready_->push(h);
        }
        waiters_.clear();
    }
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) { waiters_.push_back(h); }
    static void await_resume() noexcept {}

private:
    raw::ready_queue* ready_;
    std::vector<std::coroutine_handle<>> waiters_;
};

[[gnu::noinline]] raw::job<int> raw_waiter(raw_event& e, tally& t) {
    while (!t.over) {
        co_await e;
        static_cast<void>(t.note());
    }
    co_return 0;
}

void event_raw(benchmark::State& state) {
    raw::ready_queue ready{std::bit_ceil(width)};
    raw_event e{ready};
    tally t;
    std::vector<raw::job<int>> jobs;
    for (std::uint64_t i = 0; i < width; ++i) {
        jobs.push_back(raw_waiter(e, t));
        jobs.back().start(ready);
    }
    raw::drain(ready);
    measure(state, t, [&] {
        e.set();
        raw::drain(ready);
    });
}

void enter(registry& to) {
    add(to, {"event, awaited by 1e5 tasks, per task", group::coroutines, 0, width}, &event_raw, &event_on);
}

const entrant here{entrant::workload, "event", &enter};

}  // namespace

}  // namespace galley_bench
