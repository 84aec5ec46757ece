// SPDX-License-Identifier: BSL-1.0
// A post to a loop that has nothing to do, and sleeps or looks around: from the post to its run, by the wall clock.
// Each is posted when the one before has run and the loop has had the time to fall asleep.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/tail.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace galley_bench::workloads {

inline constexpr std::size_t wake_posts = 2000;
inline const row wake_row = tail_row("post to a sleeping loop");
inline const row wake_here_row = tail_row("post to a sleeping loop, on one processor", 1.1);
inline const row spin_row = tail_row("post to a loop that spins", 2);

/// `post()` from another thread calls `ran()` on this one, in which `run()` runs until `over()`.
class waking {
public:
    /// To be called for each post.
    void ran() {
        late_.add(clock_now() - posted_);
        runs_.fetch_add(1, std::memory_order_release);
        runs_.notify_one();
    }
    [[nodiscard]] bool over() const noexcept { return late_.size() == wake_posts; }

    void measure(benchmark::State& state, auto run, auto post) {
        for (auto _ : state) {
            const std::jthread poster{[&] {
                for (std::uint32_t i = 0; i < wake_posts; ++i) {
                    std::this_thread::sleep_for(std::chrono::microseconds{50});
                    posted_ = clock_now();
                    post();
                    runs_.wait(i, std::memory_order_acquire);
                }
            }};
            run();
        }
        late_.report(state, wake_posts);
    }

private:
    tail late_{wake_posts};
    std::int64_t posted_{};
    std::atomic<std::uint32_t> runs_{0};
};

template <class Peer>
void wake_by_post(benchmark::State& state) {
    struct target {
        typename Peer::loop loop;
        waking w;
        static void run(void* self) {
            auto& t = *static_cast<target*>(self);
            t.w.ran();
            if (t.w.over()) {
                t.loop.stop();
            }
        }
    } to;
    typename Peer::remote remote{to.loop};
    to.w.measure(state, [&] { to.loop.run(); }, [&] { remote.post(&target::run, &to); });
}

template <class Peer>
void wake(registry& to) {
    if constexpr (requires { typename Peer::remotely; }) {
        to.run(wake_row, Peer::name, [](benchmark::State& state) { wake_by_post<typename Peer::remotely>(state); });
    }
}

}  // namespace galley_bench::workloads
