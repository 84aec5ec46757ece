// SPDX-License-Identifier: BSL-1.0
// Callbacks posted from other threads, by the wall clock: the time until the last one has run, per callback.
#pragma once

#include "bench/harness/contender.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace galley_bench::workloads {

inline constexpr std::uint64_t remote_batch = 100'000;  ///< posts, by all producers together
inline constexpr std::size_t remote_producers[]{1, 2, 4};

/// `how`: what is special about it.
[[nodiscard]] inline row remote_row(std::size_t producers, const char* how = "") {
    return {"post from " + std::to_string(producers) + (producers == 1 ? " other thread" : " other threads") + how,
            group::threads, 1.33, remote_batch, true};
}

/// Threads that all do their share of a batch when told to.
class producers {
public:
    /// `make_share()` is called here, once for each; `share(posts)` on its thread. It gives how many were taken.
    template <class MakeShare>
    producers(std::size_t count, MakeShare make_share) {
        for (std::size_t i = 0; i < count; ++i) {
            threads_.emplace_back(
                [this, posts = remote_batch / count, share = make_share()]() mutable { work(posts, share); });
        }
    }
    ~producers() {
        over_ = true;
        next_batch();
    }
    void next_batch() {
        generation_.fetch_add(1);
        generation_.notify_all();
    }
    /// Of all threads, in all batches whose posts have run.
    [[nodiscard]] std::uint64_t allocations() const { return allocations_; }

private:
    void work(std::uint64_t posts, auto& share) {
        for (std::uint64_t seen = 0;;) {
            generation_.wait(seen);
            seen = generation_;
            if (over_) {
                return;
            }
            const std::uint64_t before = thread_allocations();
            share(posts);
            allocations_ += thread_allocations() - before;
        }
    }

    std::atomic<std::uint64_t> generation_{0};
    std::atomic<bool> over_{false};
    std::atomic<std::uint64_t> allocations_{0};
    std::vector<std::jthread> threads_;
};

void measure_posts(benchmark::State& state, producers& threads, const std::uint64_t& ran, auto run_until) {
    std::uint64_t wanted = 0;
    for (int warm = 0; warm < 20; ++warm) {  // until there are enough nodes, wherever they gather
        threads.next_batch();
        run_until(wanted += remote_batch);
    }
    const std::uint64_t before = ran;
    const std::uint64_t allocations = threads.allocations();
    const std::uint64_t allocations_here = thread_allocations();
    for (auto _ : state) {
        threads.next_batch();
        run_until(wanted += remote_batch);
    }
    const std::uint64_t allocated = threads.allocations() - allocations + thread_allocations() - allocations_here;
    measured::report(state, ran - before, allocated);
    require(state, ran == wanted, "posts were lost, or ran twice");
}

template <class Peer>
void post_from(benchmark::State& state, std::size_t count) {
    struct target {
        typename Peer::loop loop;
        std::uint64_t ran{};
        std::uint64_t until{};
        static void run(void* self) {
            auto& t = *static_cast<target*>(self);
            if (++t.ran == t.until) {
                t.loop.stop();
            }
        }
    } to;
    typename Peer::remote remote{to.loop};
    producers threads{count, [&] {
                          return [&](std::uint64_t posts) {
                              for (std::uint64_t i = 0; i < posts; ++i) {
                                  remote.post(&target::run, &to);
                              }
                          };
                      }};
    measure_posts(state, threads, to.ran, [&](std::uint64_t wanted) {
        to.until = wanted;
        to.loop.run();
    });
}

template <class Peer>
void remote_post(registry& to) {
    if constexpr (requires { typename Peer::remotely; }) {
        for (const std::size_t n : remote_producers) {
            to.run(remote_row(n), Peer::name,
                   [n](benchmark::State& state) { post_from<typename Peer::remotely>(state, n); });
        }
    }
}

}  // namespace galley_bench::workloads
