// SPDX-License-Identifier: BSL-1.0
#include "bench/instructions/operations.hpp"

#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>

namespace galley_bench::instructions {

namespace {

using galley::task;

constexpr std::uint64_t width = 1000;

// Coroutines are not inlined: the compiler would do away with their frames.
[[gnu::noinline]] task<std::uint64_t> give(std::uint64_t i) { co_return i + 1; }
[[gnu::noinline]] task<> note(std::uint64_t& done) {
    ++done;
    co_return;
}

task<> yields(std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        co_await galley::yield();
        ++done;
    }
}

task<> awaits(std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        done = co_await give(done);
    }
}

/// When there were so many tasks at a time once that all that recycles memory is full.
task<> awaits_after_many(galley::loop& loop, std::uint64_t count, std::uint64_t& done) {
    {
        std::vector<task<>> bodies;
        for (std::uint64_t i = 0; i < 10 * width; ++i) {
            bodies.push_back(yields(1, done));
        }
        co_await galley::when_all(std::move(bodies));
        std::vector<galley::join_handle<std::uint64_t>> handles;
        for (std::uint64_t i = 0; i < 10 * width; ++i) {
            handles.push_back(galley::spawn(loop, give(i)));
        }
        for (auto& handle : handles) {
            static_cast<void>(co_await handle.join());
        }
    }
    done = 0;
    co_await awaits(count, done);
}

task<> joins(galley::loop& loop, std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        galley::join_handle<std::uint64_t> handle = galley::spawn(loop, give(done));
        done = co_await handle.join();
    }
}

task<> gathers(std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count / width; ++i) {
        std::vector<task<>> bodies;
        bodies.reserve(width);
        for (std::uint64_t j = 0; j < width; ++j) {
            bodies.push_back(note(done));
        }
        co_await galley::when_all(std::move(bodies));
    }
}

task<> times_out(std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        if (const std::optional<std::uint64_t> in_time =
                co_await galley::try_timeout(std::chrono::hours{1}, give(done))) {
            done = *in_time;
        }
    }
}

task<> puts(galley::queue<std::uint64_t>& items, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        co_await items.put(std::uint64_t{i});
    }
    items.close();
}
task<> gets(galley::queue<std::uint64_t>& items, std::uint64_t& done) {
    while (const std::optional<std::uint64_t> item = co_await items.get()) {
        ++done;
    }
}

task<> sleeps(std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        co_await galley::sleep_for(std::chrono::seconds{0});
        ++done;
    }
}

/// Runs what `start` spawns.
std::uint64_t run(auto start) {
    galley::fast::loop loop;
    std::uint64_t done = 0;
    start(loop, done);
    return loop.run() == galley::verdict::completed ? done : 0;
}

std::uint64_t run_one(auto make) {
    return run([&](galley::loop& loop, std::uint64_t& done) { galley::spawn(loop, make(loop, done)).detach(); });
}

std::uint64_t yields_of(std::uint64_t tasks, std::uint64_t count) {
    return run([&](galley::loop& loop, std::uint64_t& done) {
        for (std::uint64_t i = 0; i < tasks; ++i) {
            galley::spawn(loop, yields(count / tasks, done)).detach();
        }
    });
}

std::uint64_t through_a_queue(std::uint64_t count) {
    galley::queue<std::uint64_t> items{1};
    return run([&](galley::loop& loop, std::uint64_t& done) {
        galley::spawn(loop, puts(items, count)).detach();
        galley::spawn(loop, gets(items, done)).detach();
    });
}

}  // namespace

std::vector<operation> fast_operations() {
    using n = std::uint64_t;
    return {
        {"yield_64", [](n count) { return yields_of(64, count); }},
        {"yield_1", [](n count) { return yields_of(1, count); }},
        {"await", [](n count) { return run_one([=](auto&, auto& done) { return awaits(count, done); }); }},
        {"await_after_many",
         [](n count) { return run_one([=](auto& l, auto& done) { return awaits_after_many(l, count, done); }); }},
        {"spawn_join", [](n count) { return run_one([=](auto& l, auto& done) { return joins(l, count, done); }); }},
        {"gather", [](n count) { return run_one([=](auto&, auto& done) { return gathers(count, done); }); }},
        {"timeout", [](n count) { return run_one([=](auto&, auto& done) { return times_out(count, done); }); }},
        {"queue", through_a_queue},
        {"sleep", [](n count) { return run_one([=](auto&, auto& done) { return sleeps(count, done); }); }},
    };
}

}  // namespace galley_bench::instructions
