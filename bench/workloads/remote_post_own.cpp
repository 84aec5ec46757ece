// SPDX-License-Identifier: BSL-1.0
// Callbacks posted from other threads: raw, and as galley does it.
#include "bench/harness/suite.hpp"
#include "bench/workloads/remote_post.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace galley_bench {

namespace {

using workloads::measure_posts;
using workloads::producers;

/// Posts by a Treiber push, taken by one exchange, with nodes that go round by lists.
class raw_inbox {
public:
    struct node {
        node* next;
        void (*run)(void*);
        void* argument;
    };
    ~raw_inbox() {
        destroy(pushed_);
        destroy(free_);
    }
    /// So many at once. `own`: the producer's own free nodes.
    void push(node*& own, std::size_t count, void (*run)(void*), void* argument) {
        node* newest = nullptr;
        node* oldest = nullptr;
        for (std::size_t i = 0; i < count; ++i) {
            if (own == nullptr) {
                own = free_.exchange(nullptr, std::memory_order_acquire);
                if (own == nullptr) {
                    own = std::make_unique<node>().release();
                }
            }
            node* const n = std::exchange(own, own->next);
            *n = {newest, run, argument};
            newest = n;
            oldest = oldest == nullptr ? n : oldest;
        }
        link(pushed_, *newest, *oldest);
    }
    /// Runs what is there, oldest first.
    void drain() {
        if (pushed_.load(std::memory_order_relaxed) == nullptr) {
            std::this_thread::yield();  // an exchange would take the cache line from the producers again and again
            return;
        }
        node* newest = pushed_.exchange(nullptr, std::memory_order_acquire);
        node* oldest = nullptr;
        node* const last = newest;
        while (newest != nullptr) {
            node* const older = std::exchange(newest->next, oldest);
            oldest = std::exchange(newest, older);
        }
        for (const node* n = oldest; n != nullptr; n = n->next) {
            n->run(n->argument);
        }
        if (oldest != nullptr) {
            link(free_, *oldest, *last);
        }
    }
    static void destroy(node* first) noexcept {
        while (first != nullptr) {
            const std::unique_ptr<node> n{first};
            first = n->next;
        }
    }

private:
    static void link(std::atomic<node*>& list, node& first, node& last) noexcept {
        node* old = list.load(std::memory_order_relaxed);
        do {
            last.next = old;
        } while (!list.compare_exchange_weak(old, &first, std::memory_order_release, std::memory_order_relaxed));
    }
    alignas(64) std::atomic<node*> pushed_{nullptr};
    alignas(64) std::atomic<node*> free_{nullptr};
};

/// One producer's share of the work, raw.
class raw_share {
public:
    raw_share(raw_inbox& inbox, std::uint64_t& ran, std::size_t together) noexcept
        : inbox_{&inbox}, ran_{&ran}, together_{together} {}
    raw_share(raw_share&& other) noexcept
        : inbox_{other.inbox_},
          ran_{other.ran_},
          together_{other.together_},
          own_{std::exchange(other.own_, nullptr)} {}
    raw_share& operator=(raw_share&&) = delete;
    ~raw_share() { raw_inbox::destroy(own_); }
    void operator()(std::uint64_t posts) {
        for (std::uint64_t i = 0; i < posts; i += together_) {
            const auto count = std::min<std::uint64_t>(together_, posts - i);
            inbox_->push(own_, count, [](void* ran) { ++*static_cast<std::uint64_t*>(ran); }, ran_);
        }
    }

private:
    raw_inbox* inbox_;
    std::uint64_t* ran_;
    std::size_t together_;
    raw_inbox::node* own_{};
};

void raw_posts(benchmark::State& state, std::size_t count, std::size_t together) {
    raw_inbox inbox;
    std::uint64_t ran = 0;
    producers threads{count, [&] { return raw_share{inbox, ran, together}; }};
    measure_posts(state, threads, ran, [&](std::uint64_t wanted) {
        while (ran < wanted) {
            inbox.drain();
        }
    });
}

/// Posts, `together` at a time. How many were refused.
template <class Callback>
std::uint64_t post_all(const galley::remote& to, std::uint64_t posts, std::size_t together, Callback callback) {
    std::uint64_t refused = 0;
    if (together == 1) {
        for (std::uint64_t i = 0; i < posts; ++i) {
            refused += to.post(callback) ? 0 : 1;
        }
        return refused;
    }
    std::vector<galley::callback> works;
    for (std::uint64_t i = 0; i < posts; i += works.size()) {
        works.clear();
        for (std::uint64_t k = i; k < std::min<std::uint64_t>(posts, i + together); ++k) {
            works.emplace_back(callback);
        }
        refused += to.post_all(works) ? 0 : works.size();
    }
    return refused;
}

void posts_on(galley::loop& loop, benchmark::State& state, std::size_t count, std::size_t together) {
    const galley::keep_alive alive{loop};
    std::uint64_t ran = 0;
    std::uint64_t until = 0;
    const auto callback = [&] {
        if (++ran == until) {
            loop.stop();
        }
    };
    std::atomic<std::uint64_t> refused{0};
    {
        producers threads{count, [&] {
                              return [&, remote = loop.get_remote()](std::uint64_t posts) {
                                  refused += post_all(remote, posts, together, [&callback] { callback(); });
                              };
                          }};
        measure_posts(state, threads, ran, [&](std::uint64_t wanted) {
            until = wanted;
            static_cast<void>(loop.run());
        });
    }
    require(state, refused == 0, "posts were refused");
}

/// In which the loop spins, as raw does, and another loop would sleep.
constexpr galley::loop_options spins{.spin = std::chrono::milliseconds{1}};
constexpr std::size_t batch = 64;

void enter(registry& to) {
    for (const std::size_t n : workloads::remote_producers) {
        const auto raw = [&](const row& r, std::size_t together) {
            to.run(r, "raw", [=](benchmark::State& state) { raw_posts(state, n, together); });
        };
        const auto fast = [&](const row& r, const galley::loop_options& options, std::size_t together) {
            to.run(r, "fast", [=](benchmark::State& state) {
                galley::fast::loop loop{options};
                posts_on(loop, state, n, together);
            });
        };
        add(
            to, workloads::remote_row(n), [n](benchmark::State& state) { raw_posts(state, n, 1); },
            [n](galley::loop& loop, benchmark::State& state) { posts_on(loop, state, n, 1); });
        raw(workloads::remote_row(n, ", spinning"), 1);
        fast(workloads::remote_row(n, ", spinning"), spins, 1);
        raw(workloads::remote_row(n, ", 64 at a time"), batch);
        fast(workloads::remote_row(n, ", 64 at a time"), {}, batch);
    }
}

const entrant here{entrant::workload, "remote_post", &enter};

}  // namespace

}  // namespace galley_bench
