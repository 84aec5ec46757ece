// SPDX-License-Identifier: BSL-1.0
// A long life leaves every pool, buffer, list and cache as large as a short one: each operation of a loop is done a
// thousand times, so that everything has its usual size, then a million times, and the heap is as it was.
#include "loop_fixture.hpp"

#include <fuzz/support/live_heap.hpp>
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/ref/loop.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <fcntl.h>
#include <latch>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace galley::test {
namespace {

using namespace std::chrono_literals;
using fuzz::live_bytes;

constexpr int a_short_life = 1'000;
constexpr int a_long_life = 1'000'000;

template <class Loop>
class long_life : public ::testing::Test {
protected:
    void SetUp() override {
        if (GALLEY_COUNTED_HEAP == 0) {
            GTEST_SKIP() << "a sanitizer has a heap of its own";
        }
    }

    /// `use(n)` does something n times. What is taken once and for all, and grows with nothing, is there after the
    /// first; the second may take what it likes meanwhile.
    template <class Use>
    void leaves_as_much_as_a_short_life(Use use, int long_life = a_long_life) {
        use(a_short_life);
        const std::size_t before = live_bytes();
        use(long_life);
        EXPECT_LE(live_bytes(), before);
    }
    /// The same within one run of a task, so that nothing is put in order by the end of a run.
    template <class Body>
    void within_a_run(Body body, int count = a_long_life) {
        run(loop, lives_twice(body, count));
    }

    Loop loop{};

    template <class Body>
    static task<> lives_twice(Body body, int count) {
        co_await body(a_short_life);
        const std::size_t before = live_bytes();
        co_await body(count);
        EXPECT_LE(live_bytes(), before);
    }
};

struct names {
    template <class Loop>
    static std::string GetName(int) {
        return std::is_same_v<Loop, ref::loop> ? "ref" : "fast";
    }
};
using loops = ::testing::Types<ref::loop, fast::loop>;
TYPED_TEST_SUITE(long_life, loops, names);

task<> nothing() { co_return; }
task<> fails() {
    co_await yield();
    throw std::runtime_error("soup burnt");
}

task<> yields(int count) {
    for (int i = 0; i < count; ++i) {
        co_await yield();
    }
}
TYPED_TEST(long_life, of_yields) { this->within_a_run(yields); }

task<> spawns(int count) {
    for (int i = 0; i < count; ++i) {
        join_handle<> child = co_await spawn_here(nothing());
        co_await child.join();
    }
}
TYPED_TEST(long_life, of_tasks_that_are_joined) { this->within_a_run(spawns); }

task<> drops(int count) {
    for (int i = 0; i < count; ++i) {
        {
            const join_handle<> child = co_await spawn_here(nothing());
        }
        co_await yield();
    }
}
TYPED_TEST(long_life, of_tasks_whose_handle_is_dropped) { this->within_a_run(drops); }

// Failures that nobody observes are listed until somebody does, or their handle is dropped.
task<> loses_failures(int count) {
    for (int i = 0; i < count; ++i) {
        const join_handle<> child = co_await spawn_here(fails());
        co_await yield();
        co_await yield();
    }
}
TYPED_TEST(long_life, of_failures_that_go_to_the_handler) {
    this->loop.tasks().on_failure([](void*, const context*, std::exception_ptr) noexcept {}, nullptr);
    this->within_a_run(loses_failures, a_long_life / 10);
}

task<> sleeps(int count) {
    for (int i = 0; i < count; ++i) {
        co_await sleep_for(0ns);
    }
}
TYPED_TEST(long_life, of_sleeps) { this->within_a_run(sleeps, a_long_life / 10); }

task<> times_out(int count) {
    for (int i = 0; i < count; ++i) {
        static_cast<void>(co_await try_timeout(24h, nothing()));
    }
}
TYPED_TEST(long_life, of_timers_that_are_cancelled) { this->within_a_run(times_out); }

task<> sleep_once(std::chrono::nanoseconds distance) { co_await sleep_for(distance); }

task<> sleeps_long() { co_await sleep_for(24h); }
task<> cancels(int count) {
    for (int i = 0; i < count; ++i) {
        join_handle<> child = co_await spawn_here(sleeps_long());
        co_await yield();
        child.cancel();
        co_await yield();
    }
}
TYPED_TEST(long_life, of_tasks_that_are_cancelled) { this->within_a_run(cancels, a_long_life / 10); }

task<> gathers(int count) {
    for (int i = 0; i < count; ++i) {
        static_cast<void>(co_await when_all(nothing(), nothing()));
    }
}
TYPED_TEST(long_life, of_when_all) { this->within_a_run(gathers, a_long_life / 4); }

task<> puts(queue<int>& line, int count) {
    for (int i = 0; i < count; ++i) {
        co_await line.put(int{i});
    }
}
task<> gets(queue<int>& line, int count) {
    for (int i = 0; i < count; ++i) {
        static_cast<void>(co_await line.get());
    }
}
task<> exchanges(int count) {
    queue<int> line{1};
    static_cast<void>(co_await when_all(puts(line, count), gets(line, count)));
}
TYPED_TEST(long_life, of_a_queue) { this->within_a_run(exchanges); }

// Waiters that are served, and waiters that are cancelled while they wait.
task<> locks(mutex& m, int count) {
    for (int i = 0; i < count; ++i) {
        const mutex::guard held = co_await m.lock();
        co_await yield();
    }
}
task<> contends(int count) {
    mutex m;
    static_cast<void>(co_await when_all(locks(m, count), locks(m, count)));
}
TYPED_TEST(long_life, of_a_contended_mutex) { this->within_a_run(contends, a_long_life / 4); }

task<> takes(semaphore& permits) { co_await permits.acquire(); }
task<> gives_up(int count) {
    semaphore none{0};
    for (int i = 0; i < count; ++i) {
        join_handle<> waits = co_await spawn_here(takes(none));
        co_await yield();
        waits.cancel();
        co_await yield();
    }
}
TYPED_TEST(long_life, of_waits_that_are_cancelled) { this->within_a_run(gives_up, a_long_life / 10); }

// Timers of every distance, a nanosecond to a day, on a clock that skips to the next one: they come down through all
// levels of a wheel.
task<> sleeps_near_and_far(int count) {
    std::chrono::nanoseconds distance = 1ns;
    for (int i = 0; i < count; ++i) {
        static_cast<void>(co_await when_all(sleep_once(distance), sleep_once(distance / 3)));
        distance = distance > 24h ? 1ns : distance * 2;
    }
}
TYPED_TEST(long_life, of_timers_near_and_far) {
    galley::testing::virtual_driver skips;
    TypeParam on_a_skipping_clock{skips, loop_options{}};
    run(on_a_skipping_clock, this->lives_twice(sleeps_near_and_far, a_long_life / 20));
}

// A callback takes a place in the ready queue beside those of tasks.
TYPED_TEST(long_life, of_posts) {
    const remote to_loop = this->loop.get_remote();
    int called = 0;
    const auto posts = [&](int count) {
        for (int i = 0; i < count; i += 100) {
            for (int k = 0; k < 100; ++k) {
                ASSERT_TRUE(to_loop.post([&called] { ++called; }));
            }
            run(this->loop, yields(2));
        }
    };
    this->leaves_as_much_as_a_short_life(posts);
    EXPECT_EQ(called, a_short_life + a_long_life);
}

// Beside other tasks, so that no round is of one entry, which has a way of its own.
task<> posts_each_turn(int count) {
    galley::loop& on = co_await this_loop();
    const remote to_loop = on.get_remote();
    for (int i = 0; i < count; ++i) {
        EXPECT_TRUE(to_loop.post([] {}));
        co_await yield();
    }
}
task<> posts_beside_a_task(int count) { static_cast<void>(co_await when_all(posts_each_turn(count), yields(count))); }
TYPED_TEST(long_life, of_posts_in_crowded_rounds) { this->within_a_run(posts_beside_a_task); }

TYPED_TEST(long_life, of_remotes_and_runs) {
    const auto runs = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const remote to_loop = this->loop.get_remote();
            to_loop.stop();
            EXPECT_EQ(this->loop.run(), verdict::stopped);
        }
    };
    this->leaves_as_much_as_a_short_life(runs, a_long_life / 10);
}

// From another thread, which is at most a hundred posts ahead: what was posted is taken again and again.
// A poster ends with its nodes, so how many are left is chance: those that it had not got back by then. It goes on as
// soon as a batch was called, maybe before the loop has given back its nodes: then the next batch needs new ones.
TYPED_TEST(long_life, of_posts_of_another_thread) {
    constexpr int batch = 100;
    constexpr int most_at_once = 2 * batch;
    constexpr std::size_t most_left = most_at_once * sizeof(fast::post_node);
    static_assert(most_left < std::size_t{a_long_life} / 10, "less than a byte for every tenth post");
    const keep_alive waits_for_posts{this->loop};
    // So that buffers are as large as they will ever be, which a short life may not bring about.
    for (int k = 0; k < most_at_once; ++k) {
        EXPECT_TRUE(this->loop.get_remote().post([] {}));
    }
    const auto posts = [&](int count) {
        std::thread poster{[&, to_loop = this->loop.get_remote()] {
            for (int i = 0; i < count; i += batch) {
                std::latch called{batch};
                for (int k = 0; k < batch; ++k) {
                    EXPECT_TRUE(to_loop.post([&called] { called.count_down(); }));
                }
                called.wait();
            }
            to_loop.stop();
        }};
        EXPECT_EQ(this->loop.run(), verdict::stopped);
        poster.join();
    };
    posts(a_short_life);
    const std::size_t before = live_bytes();
    posts(a_long_life);
    EXPECT_LE(live_bytes(), before + most_left);
}

// A thread that posts takes all nodes that have come back: those of the thread before the last. Where that one has
// posted twice and this one does once, a node is left, and goes with it.
TYPED_TEST(long_life, of_threads_that_post_and_end) {
    const keep_alive waits_for_posts{this->loop};
    const auto live = [&](int count) {
        for (int i = 0; i < count; ++i) {
            std::thread{[i, to_loop = this->loop.get_remote()] {
                for (int k = 0; k < 1 + i / 2 % 2; ++k) {
                    EXPECT_TRUE(to_loop.post([at = to_loop.target()] { at->stop(); }));
                }
            }}.join();
            EXPECT_EQ(this->loop.run(), verdict::stopped);
        }
    };
    this->leaves_as_much_as_a_short_life(live, 2 * a_short_life);
}

struct pipe_ends {
    pipe_ends() { EXPECT_EQ(pipe2(both, O_NONBLOCK | O_CLOEXEC), 0); }
    int both[2]{};
};

// Each time new descriptors, closed through the loop.
TYPED_TEST(long_life, of_descriptors) {
    const auto opens = [](int count) -> task<> {
        galley::loop& on = co_await this_loop();
        for (int i = 0; i < count; ++i) {
            const pipe_ends ends;
            descriptor from{on, ends.both[0]};
            descriptor to{on, ends.both[1]};
            std::byte one{};
            const auto written = co_await write(to.get(), std::span{&one, 1});
            const auto taken = co_await read(from.get(), std::span{&one, 1});
            EXPECT_EQ(written.count + taken.count, 2U);
        }
    };
    this->within_a_run(opens, a_long_life / 20);
}

// Made on one thread, run and freed on another, which keeps what was freed, but not all: the heap may be larger by what
// the pool's bound allows of a frame and of a task's state.
TYPED_TEST(long_life, of_tasks_that_another_thread_makes) {
    const auto makes = [&](int count) {
        for (int made = 0; made < count; made += 500) {
            std::vector<task<>> bodies;
            std::thread{[&] {
                for (int i = 0; i < 500; ++i) {
                    bodies.push_back(nothing());
                }
            }}.join();
            for (task<>& body : bodies) {
                run(this->loop, std::move(body));
            }
        }
    };
    constexpr std::size_t most_kept = 2 * frame_pool::most_free * 256;
    constexpr int many = 300'000;
    makes(a_short_life);
    const std::size_t before = live_bytes();
    makes(many);
    EXPECT_LE(live_bytes(), before + most_kept);
    static_assert(most_kept < std::size_t{many} * 64, "what is kept for ever is more");
}

}  // namespace
}  // namespace galley::test
