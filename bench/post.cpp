// SPDX-License-Identifier: BSL-1.0
// Callbacks that the loop's own thread appends to the ready queue: each posts itself again.
#include "bench/raw.hpp"
#include "bench/suite.hpp"

namespace galley_bench {

namespace {

constexpr std::uint64_t in_flight = 64;
constexpr std::uint64_t batch = 1 << 16;

struct chain {
    std::uint64_t ran{};
    std::uint64_t left{};  ///< how many are still to be posted
};

struct raw_chain : chain {
    struct entry {
        void (*run)(void*);
        void* argument;
    };
    raw::ring<entry> ready{256};

    static void again(void* self) {
        auto& c = *static_cast<raw_chain*>(self);
        ++c.ran;
        if (c.left > 0) {
            --c.left;
            c.ready.push({&again, self});
        }
    }
    void run() {
        left = batch - in_flight;
        for (std::uint64_t i = 0; i < in_flight; ++i) {
            ready.push({&again, this});
        }
        while (!ready.empty()) {
            const entry e = ready.pop();
            e.run(e.argument);
        }
    }
};

struct loop_chain : chain {
    explicit loop_chain(galley::loop& l) : loop{&l}, alive{l} {}
    galley::loop* loop;
    galley::keep_alive alive;
    std::uint64_t until{};

    static void again(void* self) noexcept {
        auto& c = *static_cast<loop_chain*>(self);
        ++c.ran;
        if (c.left > 0) {
            --c.left;
            c.loop->schedule({&again, self});
        } else if (c.ran == c.until) {
            c.loop->stop();
        }
    }
    void run() {
        left = batch - in_flight;
        until = ran + batch;
        for (std::uint64_t i = 0; i < in_flight; ++i) {
            loop->schedule({&again, this});
        }
        static_cast<void>(loop->run());
    }
};

void measure(auto& chain, benchmark::State& state) {
    chain.run();
    const std::uint64_t before = chain.ran;
    const measured m;
    for (auto _ : state) {
        chain.run();
    }
    m.report(state, chain.ran - before);
    require(state, chain.ran - before == static_cast<std::uint64_t>(state.iterations()) * batch && chain.left == 0,
            "callbacks were lost, or ran twice");
}

}  // namespace

void add_post() {
    add(
        {"post in loop", 1.3},
        [](benchmark::State& state) {
            raw_chain c;
            measure(c, state);
        },
        [](galley::loop& loop, benchmark::State& state) {
            loop_chain c{loop};
            measure(c, state);
        });
}

}  // namespace galley_bench
