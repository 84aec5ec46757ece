// SPDX-License-Identifier: BSL-1.0
// TASK-5: chains of awaits and loops of satisfied awaits of any length run, and are destroyed, in bounded stack:
// unoptimised and under sanitizers too.
#include "loop_fixture.hpp"

namespace galley::test {
namespace {

constexpr int deep = 1'000'000;

template <class Loop>
class task_chain : public on_loop<Loop> {};
TYPED_TEST_SUITE(task_chain, both_loops, loop_names);

task<int> chain(int depth, event* at_the_bottom) {
    if (depth == 0) {
        if (at_the_bottom != nullptr) {
            co_await at_the_bottom->wait();
        }
        co_return 0;
    }
    const int below = co_await chain(depth - 1, at_the_bottom);
    co_return below + 1;
}

TYPED_TEST(task_chain, a_million_calls_without_a_suspension) { EXPECT_EQ(run(this->loop, chain(deep, nullptr)), deep); }

TYPED_TEST(task_chain, a_million_calls_suspended_and_resumed) {
    event bottom;
    join_handle<int> waits = spawn(this->loop, chain(deep, &bottom));
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    bottom.set();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(waits.take(), deep);
}

TYPED_TEST(task_chain, a_million_calls_cancelled_at_the_bottom) {
    event bottom;
    join_handle<int> waits = spawn(this->loop, chain(10'000, &bottom));  // unwinding by exceptions is slow
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    EXPECT_TRUE(waits.cancel());
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_THROW(waits.take(), task_cancelled);
}

/// Counts frames that are alive, so that a leak is seen without a sanitizer.
struct alive {
    explicit alive(int& c) noexcept : count{&c} { ++*count; }
    alive(const alive&) = delete;
    alive& operator=(const alive&) = delete;
    ~alive() { --*count; }
    int* count;
};

task<void> counted_chain(int depth, int* frames, event* bottom) {
    const alive here{*frames};
    if (depth == 0) {
        co_await bottom->wait();
    } else {
        co_await counted_chain(depth - 1, frames, bottom);
    }
}

TEST(task_chain_destruction, a_million_suspended_calls_are_destroyed_with_their_loop) {
    for (const bool on_fast : {false, true}) {
        testing::virtual_driver driver;
        event bottom;
        int frames = 0;
        const auto suspend_and_destroy = [&](auto make) {
            auto loop = make();
            spawn(*loop, counted_chain(deep, &frames, &bottom)).detach();
            EXPECT_EQ(loop->run(), verdict::deadlocked);
            EXPECT_EQ(frames, deep + 1);
        };
        if (on_fast) {
            suspend_and_destroy([&] { return std::make_unique<fast::loop>(driver); });
        } else {
            suspend_and_destroy([&] { return std::make_unique<ref::loop>(driver); });
        }
        EXPECT_EQ(frames, 0);
    }
}

task<int> leaf(int value) { co_return value; }

task<long> many_satisfied_awaits(event* set, semaphore* permits) {
    long sum = 0;
    constexpr int alone = 1'000'000;  // no call comes in between, from where one gets back to the step loop
    for (int i = 0; i < 10'000'000; ++i) {
        switch (i < alone ? 0 : i % 3) {
            case 0: co_await set->wait(); break;
            case 1:
                co_await permits->acquire();
                permits->release();
                break;
            default: sum += co_await leaf(1); break;
        }
    }
    co_return sum;
}

TYPED_TEST(task_chain, ten_million_satisfied_awaits) {
    event set;
    set.set();
    semaphore permits{1};
    EXPECT_EQ(run(this->loop, many_satisfied_awaits(&set, &permits)), 3'000'000);
}

task<void> spawn_chain(loop* l, int depth) {
    if (depth > 0) {
        spawn(*l, spawn_chain(l, depth - 1)).detach();
        co_await sleep_for(std::chrono::hours{1});
    } else {
        l->tasks().root().cancel();
    }
}

TYPED_TEST(task_chain, a_chain_of_spawns_is_cancelled_without_recursion) {
    spawn(this->loop, spawn_chain(&this->loop, deep / 10)).detach();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_LT(this->loop.now(), instant{std::chrono::hours{1}});
}

}  // namespace
}  // namespace galley::test
