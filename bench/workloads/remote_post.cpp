// SPDX-License-Identifier: BSL-1.0
// Callbacks posted from other threads, by the wall clock: the time until the last one has run, per callback.
#include "bench/harness/suite.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace galley_bench {

namespace {

constexpr std::uint64_t batch = 100'000;  ///< posts, by all producers together

/// Threads that all do their share of a batch when told to.
class producers {
public:
    /// `make_share()` is called here, once for each; `share(posts)` on its thread. It gives how many were taken.
    template <class MakeShare>
    producers(std::size_t count, MakeShare make_share) {
        for (std::size_t i = 0; i < count; ++i) {
            threads_.emplace_back(
                [this, posts = batch / count, share = make_share()]() mutable { work(posts, share); });
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
    /// `own`: the producer's own free nodes.
    void push(node*& own, void (*run)(void*), void* argument) {
        if (own == nullptr) {
            own = free_.exchange(nullptr, std::memory_order_acquire);
            if (own == nullptr) {
                own = std::make_unique<node>().release();
            }
        }
        node* const n = std::exchange(own, own->next);
        n->run = run;
        n->argument = argument;
        link(pushed_, *n, *n);
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
    raw_share(raw_inbox& inbox, std::uint64_t& ran) noexcept : inbox_{&inbox}, ran_{&ran} {}
    raw_share(raw_share&& other) noexcept
        : inbox_{other.inbox_}, ran_{other.ran_}, own_{std::exchange(other.own_, nullptr)} {}
    raw_share& operator=(raw_share&&) = delete;
    ~raw_share() { raw_inbox::destroy(own_); }
    void operator()(std::uint64_t posts) {
        for (std::uint64_t i = 0; i < posts; ++i) {
            inbox_->push(own_, [](void* ran) { ++*static_cast<std::uint64_t*>(ran); }, ran_);
        }
    }

private:
    raw_inbox* inbox_;
    std::uint64_t* ran_;
    raw_inbox::node* own_{};
};

void measure(benchmark::State& state, producers& threads, const std::uint64_t& ran, auto run_until) {
    std::uint64_t wanted = 0;
    for (int warm = 0; warm < 20; ++warm) {  // until there are enough nodes, wherever they gather
        threads.next_batch();
        run_until(wanted += batch);
    }
    const std::uint64_t before = ran;
    const std::uint64_t allocations = threads.allocations();
    const std::uint64_t allocations_here = thread_allocations();
    for (auto _ : state) {
        threads.next_batch();
        run_until(wanted += batch);
    }
    const std::uint64_t allocated = threads.allocations() - allocations + thread_allocations() - allocations_here;
    measured::report(state, ran - before, allocated);
    require(state, ran == wanted, "posts were lost, or ran twice");
}

void raw_posts(benchmark::State& state, std::size_t count) {
    raw_inbox inbox;
    std::uint64_t ran = 0;
    producers threads{count, [&] { return raw_share{inbox, ran}; }};
    measure(state, threads, ran, [&](std::uint64_t wanted) {
        while (ran < wanted) {
            inbox.drain();
        }
    });
}

void posts_on(galley::loop& loop, benchmark::State& state, std::size_t count) {
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
                                  for (std::uint64_t i = 0; i < posts; ++i) {
                                      refused += remote.post([&callback] { callback(); }) ? 0 : 1;
                                  }
                              };
                          }};
        measure(state, threads, ran, [&](std::uint64_t wanted) {
            until = wanted;
            static_cast<void>(loop.run());
        });
    }
    require(state, refused == 0, "posts were refused");
}

void enter(registry& to) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
        add(
            to,
            {"post from " + std::to_string(n) + (n == 1 ? " other thread" : " other threads"), group::threads, 1.67,
             batch, true},
            [n](benchmark::State& state) { raw_posts(state, n); },
            [n](galley::loop& loop, benchmark::State& state) { posts_on(loop, state, n); });
    }
}

const entrant here{entrant::workload, "remote_post", &enter};

}  // namespace

}  // namespace galley_bench
