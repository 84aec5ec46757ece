// SPDX-License-Identifier: BSL-1.0
// Asio with C++ coroutines: asio::awaitable, co_spawn, use_awaitable ("C++20 Coroutines Support"), and its experimental
// channel. They enter the rows that were made for galley.
#include "bench/harness/registry.hpp"
#include "bench/harness/virtual_time.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace galley_bench {

namespace {

using asio::awaitable;
using asio::detached;
using asio::use_awaitable;

/// Runs until stopped, or nothing is left.
void run(asio::io_context& context) {
    context.restart();
    context.run();
}

/// Batches of `batch` steps, each of which `step` counts.
struct tally {
    explicit tally(asio::io_context& c) : context{&c} {}
    asio::io_context* context;
    std::uint64_t count{};
    std::uint64_t until{};
    bool over{};

    void step() {
        if (++count == until) {
            context->stop();
        }
    }
    /// `next()` starts a batch, if it has to be started.
    void measure(benchmark::State& state, std::uint64_t batch, auto next) {
        bool all_ran = true;
        const auto run_batch = [&] {
            until = count + batch;
            next();
            run(*context);
            all_ran = all_ran && count >= until;
        };
        run_batch();
        const std::uint64_t before = count;
        const measured m;
        for (auto _ : state) {
            run_batch();
        }
        m.report(state, count - before);
        require(state, all_ran, "fewer steps than were asked for");
        over = true;
    }
};

[[gnu::noinline]] awaitable<void> yielder(tally& t, std::vector<std::uint64_t>& turns) {
    std::uint64_t own = 0;
    const auto executor = co_await asio::this_coro::executor;
    for (; !t.over; ++own) {
        t.step();
        co_await asio::post(executor, use_awaitable);
    }
    turns.push_back(own);
}

void yields(benchmark::State& state, std::size_t coroutines, std::uint64_t batch) {
    asio::io_context context{1};
    tally t{context};
    std::vector<std::uint64_t> turns;
    for (std::size_t i = 0; i < coroutines; ++i) {
        asio::co_spawn(context, yielder(t, turns), detached);
    }
    t.measure(state, std::max<std::uint64_t>(batch, coroutines), [] {});
    run(context);
    const auto [least, most] = std::ranges::minmax_element(turns);
    require(state, turns.size() == coroutines && *most - *least <= 1, "a coroutine was passed over");
}

[[gnu::noinline]] awaitable<std::uint64_t> child(std::uint64_t i) { co_return i + 1; }

/// `parent(count)` gives how often it has called.
void calls(benchmark::State& state, std::uint64_t batch, awaitable<std::uint64_t> (*parent)(std::uint64_t)) {
    asio::io_context context{1};
    std::uint64_t ran = 0;
    const auto run_batch = [&] {
        asio::co_spawn(context, parent(batch), [&ran](const std::exception_ptr&, std::uint64_t n) { ran += n; });
        run(context);
    };
    run_batch();
    ran = 0;
    const measured m;
    for (auto _ : state) {
        run_batch();
    }
    m.report(state, ran);
    require(state, ran == static_cast<std::uint64_t>(state.iterations()) * batch, "calls were lost");
}

awaitable<std::uint64_t> awaiting(std::uint64_t count) {
    std::uint64_t ran = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        ran = co_await child(ran);
    }
    co_return ran;
}

awaitable<std::uint64_t> spawning(std::uint64_t count) {
    const auto executor = co_await asio::this_coro::executor;
    std::uint64_t ran = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        ran = co_await asio::co_spawn(executor, child(ran), use_awaitable);
    }
    co_return ran;
}

/// This version has no group of a number that is known only at run time: the last one to end cancels a timer.
awaitable<std::uint64_t> gathering(std::uint64_t count) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer all_ended{executor, asio::steady_timer::time_point::max()};
    std::uint64_t ran = 0;
    std::uint64_t left = count;
    for (std::uint64_t i = 0; i < count; ++i) {
        asio::co_spawn(executor, child(0), [&](const std::exception_ptr&, std::uint64_t value) {
            ran += value;
            if (--left == 0) {
                all_ended.cancel();
            }
        });
    }
    asio::error_code cancelled;
    co_await all_ended.async_wait(asio::redirect_error(use_awaitable, cancelled));
    co_return ran;
}

/// A timer that never expires; a cancellation wakes all who wait for it.
[[gnu::noinline]] awaitable<void> waiter(asio::steady_timer& event, tally& t) {
    while (!t.over) {
        asio::error_code cancelled;
        co_await event.async_wait(asio::redirect_error(use_awaitable, cancelled));
        t.step();
    }
}

void event(benchmark::State& state, std::uint64_t width) {
    asio::io_context context{1};
    asio::steady_timer event{context, asio::steady_timer::time_point::max()};
    tally t{context};
    for (std::uint64_t i = 0; i < width; ++i) {
        asio::co_spawn(context, waiter(event, t), detached);
    }
    context.poll();  // all wait
    t.measure(state, width, [&] { event.cancel(); });
    const std::uint64_t before = t.count;
    context.restart();
    context.poll();  // a stop leaves who was woken last on its way
    event.cancel();
    run(context);
    require(state, t.count - before == width, "a task was not woken");
}

using channel = asio::experimental::channel<void(asio::error_code, std::uint64_t)>;

struct items {
    explicit items(asio::io_context& c) : t{c} {}
    tally t;
    std::uint64_t put{};
    std::uint64_t sum_got{};
    std::size_t producers{};
};

[[gnu::noinline]] awaitable<void> produce(channel& c, items& i) {
    while (!i.t.over) {
        co_await c.async_send(asio::error_code{}, i.put++, use_awaitable);
    }
    if (--i.producers == 0) {
        c.close();
    }
}

[[gnu::noinline]] awaitable<void> consume(channel& c, items& i) {
    for (;;) {
        asio::error_code closed;
        const std::uint64_t item = co_await c.async_receive(asio::redirect_error(use_awaitable, closed));
        if (closed) {
            co_return;
        }
        i.sum_got += item;
        i.t.step();
    }
}

void queue(benchmark::State& state, std::size_t room, std::size_t pairs, std::uint64_t batch) {
    asio::io_context context{1};
    channel c{context, room};
    items i{context};
    i.producers = pairs;
    for (std::size_t n = 0; n < pairs; ++n) {
        asio::co_spawn(context, produce(c, i), detached);
        asio::co_spawn(context, consume(c, i), detached);
    }
    i.t.measure(state, batch, [] {});
    run(context);
    require(state, i.t.count == i.put && i.sum_got == i.put * (i.put - 1) / 2, "items were lost, or came twice");
}

[[gnu::noinline]] awaitable<void> sleeper(std::uint64_t& woke) {
    asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::hours{1}};
    co_await timer.async_wait(use_awaitable);
    ++woke;
}

/// On a thread of its own, so that no recycled memory hides what is taken.
void memory(benchmark::State& state, std::uint64_t count) {
    std::int64_t taken = 0;
    std::uint64_t woke = 0;
    for (auto _ : state) {
        std::jthread{[&] {
            const virtual_time time;
            const std::int64_t before = thread_live_bytes();
            asio::io_context context{1};
            for (std::uint64_t i = 0; i < count; ++i) {
                asio::co_spawn(context, sleeper(woke), detached);
            }
            context.poll();  // all sleep
            taken = thread_live_bytes() - before;
            context.run();
        }};
    }
    state.counters["bytes"] = static_cast<double>(taken) / static_cast<double>(count);
    require(state, woke == count * static_cast<std::uint64_t>(state.iterations()), "not all have slept and woken");
}

void enter(registry& to) {
    const auto add = [&](const char* name, auto work) {
        const row& r = *to.find(name);
        to.run(r, "asio", [work, n = r.operations](benchmark::State& state) { work(state, n); });
    };
    using state_ref = benchmark::State&;
    add("yield, 1 coroutine", [](state_ref s, std::uint64_t n) { yields(s, 1, n); });
    add("yield, 64 coroutines", [](state_ref s, std::uint64_t n) { yields(s, 64, n); });
    add("yield, 10000 coroutines", [](state_ref s, std::uint64_t n) { yields(s, 10'000, n); });
    add("await a child", [](state_ref s, std::uint64_t n) { calls(s, n, &awaiting); });
    add("spawn and join", [](state_ref s, std::uint64_t n) { calls(s, n, &spawning); });
    add("gather of 1000, per task", [](state_ref s, std::uint64_t n) { calls(s, n, &gathering); });
    add("event, awaited by 1e5 tasks, per task", [](state_ref s, std::uint64_t n) { event(s, n); });
    add("queue of 1, an item", [](state_ref s, std::uint64_t n) { queue(s, 1, 1, n); });
    add("queue of 64, 4 producers and 4 consumers, an item", [](state_ref s, std::uint64_t n) { queue(s, 64, 4, n); });
    add("sleeping task, bytes", [](state_ref s, std::uint64_t n) { memory(s, n); });
}

const entrant here{entrant::peer, "asio coroutines", &enter};

}  // namespace

}  // namespace galley_bench
