// SPDX-License-Identifier: BSL-1.0
#include "bench/instructions/operations.hpp"
#include "bench/raw.hpp"

namespace galley_bench::instructions {

namespace {

constexpr std::uint64_t width = 1000;

// Coroutines are not inlined: the compiler would do away with their frames.
[[gnu::noinline]] raw::job<int> yielder(raw::ready_queue& ready, std::uint64_t turns, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < turns; ++i) {
        co_await raw::yield{ready};
        ++done;
    }
    co_return 0;
}

std::uint64_t yields(std::uint64_t count, std::uint64_t tasks) {
    raw::ready_queue ready{128};
    std::uint64_t done = 0;
    std::vector<raw::job<int>> jobs;
    for (std::uint64_t i = 0; i < tasks; ++i) {
        jobs.push_back(yielder(ready, count / tasks, done));
        jobs.back().start(ready);
    }
    raw::drain(ready);
    return done;
}

[[gnu::noinline]] raw::call<std::uint64_t> child(std::uint64_t i) { co_return i + 1; }
[[gnu::noinline]] raw::job<int> awaits(std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count; ++i) {
        done = co_await child(done);
    }
    co_return 0;
}

[[gnu::noinline]] raw::job<int> gathered(std::uint64_t& done) {
    ++done;
    co_return 0;
}
[[gnu::noinline]] raw::job<int> gathers(raw::ready_queue& ready, std::uint64_t count, std::uint64_t& done) {
    for (std::uint64_t i = 0; i < count / width; ++i) {
        std::vector<raw::job<int>> bodies;
        bodies.reserve(width);
        for (std::uint64_t j = 0; j < width; ++j) {
            bodies.push_back(gathered(done));
        }
        raw::latch all{ready, width};
        for (raw::job<int>& body : bodies) {
            body.start(ready, &all);
        }
        co_await all;
    }
    co_return 0;
}

std::uint64_t run(auto make) {
    raw::ready_queue ready{1024};
    std::uint64_t done = 0;
    raw::job<int> main = make(ready, done);
    main.start(ready);
    raw::drain(ready);
    return done;
}

}  // namespace

std::vector<operation> raw_operations() {
    return {
        {"raw_yield_64", [](std::uint64_t count) { return yields(count, 64); }},
        {"raw_yield_1", [](std::uint64_t count) { return yields(count, 1); }},
        {"raw_await", [](std::uint64_t n) { return run([n](auto&, auto& done) { return awaits(n, done); }); }},
        {"raw_gather", [](std::uint64_t n) { return run([n](auto& r, auto& done) { return gathers(r, n, done); }); }},
    };
}

}  // namespace galley_bench::instructions
