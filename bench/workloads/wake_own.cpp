// SPDX-License-Identifier: BSL-1.0
// A post to an idle loop: raw, a counter (eventfd(2)) that a thread waits for, or a number that a thread looks at again
// and again; and as galley does it.
#include "bench/harness/sockets.hpp"
#include "bench/harness/suite.hpp"
#include "bench/workloads/wake.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

namespace galley_bench {

namespace {

using workloads::waking;

void wake_raw(benchmark::State& state) {
    const descriptor told = counter();
    waking w;
    w.measure(
        state,
        [&] {
            for (std::uint64_t count = 0; !w.over();) {
                pollfd wanted{told.get(), POLLIN, 0};
                ::poll(&wanted, 1, -1);
                if (::read(told.get(), &count, sizeof count) == sizeof count) {
                    w.ran();
                }
            }
        },
        [&] {
            const std::uint64_t one = 1;
            static_cast<void>(::write(told.get(), &one, sizeof one));
        });
}

void spin_raw(benchmark::State& state) {
    alignas(64) std::atomic<std::uint64_t> told{0};
    waking w;
    w.measure(
        state,
        [&] {
            for (std::uint64_t seen = 0; !w.over();) {
                if (told.load(std::memory_order_acquire) != seen) {
                    ++seen;
                    w.ran();
                }
            }
        },
        [&] { told.fetch_add(1, std::memory_order_release); });
}

void wake_on(galley::loop& loop, benchmark::State& state) {
    const galley::keep_alive alive{loop};
    waking w;
    const auto ran = [&] {
        w.ran();
        if (w.over()) {
            loop.stop();
        }
    };
    std::uint64_t refused = 0;
    w.measure(
        state, [&] { static_cast<void>(loop.run()); },
        [&, remote = loop.get_remote()] { refused += remote.post([&ran] { ran(); }) ? 0 : 1; });
    require(state, refused == 0, "posts were refused");
}

/// Longer than the time between two posts.
constexpr galley::loop_options spins{.spin = std::chrono::milliseconds{1}};

void spin_on_fast(benchmark::State& state) {
    galley::fast::loop loop{spins};
    wake_on(loop, state);
}

/// The calling thread, and those that it starts, share one processor while this exists.
class one_processor {
public:
    explicit one_processor(benchmark::State& state) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
        require(state,
                ::sched_getaffinity(0, sizeof before_, &before_) == 0 && ::sched_setaffinity(0, sizeof one, &one) == 0,
                "the processors of the thread could not be chosen");
    }
    one_processor(const one_processor&) = delete;
    one_processor& operator=(const one_processor&) = delete;
    ~one_processor() { ::sched_setaffinity(0, sizeof before_, &before_); }

private:
    cpu_set_t before_{};
};

/// Told to spin, as it must not do so there.
template <void (*Measure)(benchmark::State&)>
void here(benchmark::State& state) {
    const one_processor pinned{state};
    Measure(state);
}

void enter(registry& to) {
    add(to, workloads::wake_row, &wake_raw, &wake_on);
    to.run(workloads::wake_here_row, "raw", &here<&wake_raw>);
    to.run(workloads::wake_here_row, "fast", &here<&spin_on_fast>);
    to.run(workloads::spin_row, "raw", &spin_raw);
    to.run(workloads::spin_row, "fast", &spin_on_fast);
}

const entrant wakes{entrant::workload, "wake", &enter};

}  // namespace

}  // namespace galley_bench
