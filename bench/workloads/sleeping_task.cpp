// SPDX-License-Identifier: BSL-1.0
// Memory: what one of a hundred thousand sleeping tasks takes, its place in the ready queue included. In
// bytes, not in time.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"
#include "bench/raw_timers.hpp"

#include <galley/run.hpp>
#include <galley/sleep.hpp>
#include <galley/testing/virtual_driver.hpp>

#include <bit>
#include <chrono>
#include <exception>
#include <thread>

namespace galley_bench {

namespace {

constexpr std::uint64_t count = 100'000;

[[gnu::noinline]] galley::task<> sleeper(std::uint64_t& woke) {
    co_await galley::sleep_for(std::chrono::hours{1});
    ++woke;
}

/// Calls `body` on a thread of its own, so that no recycled memory hides what is taken. It calls its
/// argument while all sleep.
template <class Body>
void on_fresh_thread(benchmark::State& state, Body body) {
    std::int64_t taken = 0;
    std::uint64_t woke = 0;
    for (auto _ : state) {
        std::jthread{[&] {
            const std::int64_t before = thread_live_bytes();
            body(woke, [&] { taken = thread_live_bytes() - before; });
        }};
    }
    state.counters["bytes"] = static_cast<double>(taken) / static_cast<double>(count);
    require(state, woke == count * static_cast<std::uint64_t>(state.iterations()), "not all have slept and woken");
}

template <class Loop>
void on(benchmark::State& state) {
    on_fresh_thread(state, [](std::uint64_t& woke, auto measure) {
        galley::testing::virtual_driver driver;
        Loop loop{driver};
        galley::run(loop, galley::invoke([&]() -> galley::task<> {
                        for (std::uint64_t i = 0; i < count; ++i) {
                            galley::spawn(loop, sleeper(woke)).detach();
                        }
                        co_await galley::sleep_for(std::chrono::minutes{1});  // all the others sleep now
                        measure();
                    }));
        static_cast<void>(loop.run());
    });
}

/// The await of a raw coroutine with a timer in its frame.
struct raw_sleep : raw::timer {
    explicit raw_sleep(raw::wheel& w) noexcept : timer{&on_fire}, wheel{&w} {}
    static void on_fire(timer& t) noexcept { static_cast<raw_sleep&>(t).sleeper.resume(); }
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) noexcept {
        sleeper = h;
        wheel->start(*this, 3'600'000'000'000);
    }
    static void await_resume() noexcept {}
    raw::wheel* wheel;
    std::coroutine_handle<> sleeper{};
};

/// Detached: its frame goes when it ends.
struct raw_sleeper {
    struct promise_type : raw::recycled {
        raw_sleeper get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        static std::suspend_always initial_suspend() noexcept { return {}; }
        static std::suspend_never final_suspend() noexcept { return {}; }
        static void return_void() noexcept {}
        [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
    };
    std::coroutine_handle<> handle;
};

[[gnu::noinline]] raw_sleeper raw_sleep_and_count(raw::wheel& timers, std::uint64_t& woke) {
    co_await raw_sleep{timers};
    ++woke;
}

void raw_sleepers(benchmark::State& state) {
    on_fresh_thread(state, [](std::uint64_t& woke, auto measure) {
        raw::wheel timers;
        raw::ready_queue ready{std::bit_ceil(count)};
        for (std::uint64_t i = 0; i < count; ++i) {
            ready.push(raw_sleep_and_count(timers, woke).handle);
        }
        raw::drain(ready);
        measure();
        timers.fire_all();
    });
}

void enter(registry& to) {
    row r{"sleeping task, bytes", group::memory, 0, count};
    r.once = r.in_bytes = true;
    r.repetitions = 1;
    to.run(r, "raw", &raw_sleepers);
    to.run(r, "ref", &on<galley::ref::loop>);
    to.run(r, "fast", &on<galley::fast::loop>);
}

const entrant here{entrant::workload, "sleeping_task", &enter};

}  // namespace

}  // namespace galley_bench
