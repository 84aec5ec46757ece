// SPDX-License-Identifier: BSL-1.0
// fast::loop with real threads around it: posts, stops and the going of remotes at any moment, also while it is being
// destroyed. Run it under the thread sanitizer too. The last suite runs on epoll.
#include "blocking_driver.hpp"

#include <galley/event.hpp>
#include <galley/fast/loop.hpp>
#include <galley/run.hpp>
#include <galley/sleep.hpp>
#include <galley/spawn.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using galley::instant;
using galley::task;
using galley::verdict;
using galley_test::blocking_driver;

constexpr int producers = 4;
constexpr int posts_each = 20'000;

struct ledger {
    int next[producers]{};
    int total{};
    bool in_order{true};

    void note(int producer, int number) {
        in_order = in_order && next[producer] == number;
        ++next[producer];
        ++total;
    }
};

task<> wait_for(galley::event& e) { co_await e.wait(); }
task<> spin_until(const int& total, int wanted) {
    while (total != wanted) {
        co_await galley::yield();
    }
}

/// Four threads post; when all have gone and all is done, the waiter is set free by the last post.
void post_from_threads(galley::fast::loop& l, bool busy) {
    ledger seen;
    galley::event all;
    std::vector<std::jthread> threads;
    for (int p = 0; p != producers; ++p) {
        threads.emplace_back([&, p, r = l.get_remote()] {
            for (int i = 0; i != posts_each; ++i) {
                ASSERT_TRUE(r.post([&seen, &all, p, i] {
                    seen.note(p, i);
                    if (seen.total == producers * posts_each) {
                        all.set();
                    }
                }));
                if (i % 256 == 0) {
                    std::this_thread::yield();
                }
            }
        });
    }
    auto spinner =
        busy ? galley::spawn(l, spin_until(seen.total, producers * posts_each)) : galley::join_handle<void>{};
    galley::run(l, wait_for(all));
    threads.clear();
    EXPECT_EQ(seen.total, producers * posts_each);
    EXPECT_TRUE(seen.in_order) << "POST-1";
}

TEST(FastLoopThreads, PostsToALoopThatSleeps) {
    blocking_driver d;
    galley::fast::loop l{d};
    post_from_threads(l, false);
}

TEST(FastLoopThreads, PostsToALoopThatLooksAroundBeforeItSleeps) {
    blocking_driver d;
    galley::fast::loop l{d, {.spin = std::chrono::microseconds{20}}};
    post_from_threads(l, false);
}

TEST(FastLoopThreads, PostsToALoopThatIsBusy) {
    blocking_driver d;
    galley::fast::loop l{d};
    post_from_threads(l, true);
}

/// LIFE-2, LIFE-3: a stop from anywhere at any time ends exactly one run, and the next goes on.
TEST(FastLoopThreads, StopsFromAnotherThread) {
    blocking_driver d;
    galley::fast::loop l{d};
    galley::event never;
    auto waiter = galley::spawn(l, wait_for(never));
    const auto keep = l.get_remote();
    for (int round = 0; round != 3'000; ++round) {
        std::jthread stopper{[r = l.get_remote(), round] {
            if (round % 2 != 0) {
                std::this_thread::yield();
            }
            r.stop();
        }};
        ASSERT_EQ(l.run(), verdict::stopped);
    }
    never.set();
    EXPECT_EQ(l.run(), verdict::completed);
}

/// LIFE-7: the last remote's going is noticed at any time, and nothing that it posted before is missed.
TEST(FastLoopThreads, TheLastRemoteGoes) {
    for (int round = 0; round != 3'000; ++round) {
        blocking_driver d;
        galley::event set;
        galley::event never;
        galley::fast::loop l{d};
        auto waiter = galley::spawn(l, wait_for(set));
        auto stuck = galley::spawn(l, wait_for(never));
        std::vector<std::jthread> threads;
        for (int i = 0; i != 2; ++i) {
            threads.emplace_back([&set, i, r = l.get_remote()]() mutable {
                if (i == 1) {
                    ASSERT_TRUE(r.post([&set] { set.set(); }));
                }
                const galley::remote gone = std::move(r);
            });
        }
        ASSERT_EQ(l.run(), verdict::deadlocked);
        ASSERT_TRUE(waiter.ended()) << "the last remote's post was missed";
        ASSERT_FALSE(stuck.ended());
    }
}

/// Does what another thread might do, exactly in the gaps where it matters.
class meddling_driver final : public blocking_driver {
public:
    void wait(std::optional<instant> until, galley::operation_list& done) noexcept override {
        if (in_wait) {
            std::exchange(in_wait, nullptr)();
        }
        blocking_driver::wait(until, done);
    }
    /// Asked when the loop has found that nothing is to be done, and before it sleeps or gives up.
    [[nodiscard]] bool exhausted() const noexcept override {
        if (before_sleep && calm-- == 0) {
            std::exchange(before_sleep, nullptr)();
        }
        return proves_exhaustion;
    }

    std::function<void()> in_wait;
    mutable std::function<void()> before_sleep;
    mutable int calm{};  ///< how often it is asked before it meddles
    bool proves_exhaustion{};
};

/// LIFE-7: the last remote goes when the loop has seen it, but does not sleep yet: nobody will wake it.
TEST(FastLoopGaps, TheLastRemoteGoesJustBeforeTheSleep) {
    meddling_driver d;
    galley::event never;
    galley::fast::loop l{d};
    auto stuck = galley::spawn(l, wait_for(never));
    std::optional<galley::remote> last{l.get_remote()};
    d.before_sleep = [&] { last.reset(); };
    EXPECT_EQ(l.run(), verdict::deadlocked);
    EXPECT_FALSE(last);
    EXPECT_EQ(d.waits, 0);
}

/// LIFE-7: the inbox is read after everything that could be its last source.
TEST(FastLoopGaps, TheLastPostComesJustBeforeTheVerdict) {
    meddling_driver d;
    galley::event set;
    galley::fast::loop l{d};
    auto waiter = galley::spawn(l, wait_for(set));
    std::optional<galley::remote> last{l.get_remote()};
    d.proves_exhaustion = true;
    d.calm = 1;  // not when `check` asks, whose answer is asked for again, but when `pending` does
    d.before_sleep = [&] {
        EXPECT_TRUE(last->post([&] { set.set(); }));
        last.reset();
    };
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_TRUE(waiter.ended());
}

/// LIFE-2, LIFE-3: a stop during the wait holds back what the same wait has brought; the next run does it.
TEST(FastLoopGaps, AStopDuringTheWaitHoldsBackThePostBesideIt) {
    meddling_driver d;
    galley::event set;
    galley::fast::loop l{d};
    auto waiter = galley::spawn(l, wait_for(set));
    const auto r = l.get_remote();
    bool called = false;
    d.in_wait = [&] {
        EXPECT_TRUE(r.post([&] {
            called = true;
            set.set();
        }));
        r.stop();
    };
    EXPECT_EQ(l.run(), verdict::stopped);
    EXPECT_FALSE(called);
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_TRUE(called);
}

/// POST-1, WAIT-4: posts are collected in every iteration, however rarely the driver is asked.
TEST(FastLoopGaps, ABusyLoopCollectsPostsInEveryIteration) {
    blocking_driver d;
    galley::fast::loop l{d};
    const auto r = l.get_remote();
    int called = 0;
    const auto body = [](const galley::remote& to, int& count) -> task<> {
        for (int i = 0; i != 50; ++i) {  // fewer steps than ask_every
            EXPECT_TRUE(to.post([&count] { ++count; }));
            co_await galley::yield();  // the next round is this task's, then the callback's
            co_await galley::yield();
            EXPECT_EQ(count, i + 1);
        }
    };
    galley::run(l, body(r, called));
    EXPECT_EQ(d.asks, 1);
}

/// Counts what is called and what is destroyed.
struct tally {
    std::atomic<int> called{0};
    std::atomic<int> destroyed{0};
};
class counted {
public:
    explicit counted(tally& t) : tally_{&t} {}
    counted(counted&& other) noexcept : tally_{std::exchange(other.tally_, nullptr)} {}
    counted& operator=(counted&&) = delete;
    ~counted() {
        if (tally_ != nullptr) {
            tally_->destroyed.fetch_add(1, std::memory_order_relaxed);
        }
    }
    void operator()() { tally_->called.fetch_add(1, std::memory_order_relaxed); }

private:
    tally* tally_;
};

task<> sleep_for_ever() { co_await galley::sleep_until(galley::end_of_time); }

/// POST-4: posters go on while the loop is stopped and destroyed; every callback is called or destroyed, exactly once.
TEST(FastLoopThreads, DestroyedWhilePostersPost) {
    constexpr int attempts = 300;
    bool refused_any = false;
    for (int round = 0; round != 300; ++round) {
        tally count;
        std::atomic<int> accepted{0};
        std::vector<std::jthread> threads;
        {
            blocking_driver d;
            galley::fast::loop l{d};
            auto sleeper = galley::spawn(l, sleep_for_ever());
            for (int p = 0; p != producers; ++p) {
                threads.emplace_back([&, p, r = l.get_remote()] {
                    for (int i = 0; i != attempts; ++i) {
                        accepted.fetch_add(r.post(counted{count}) ? 1 : 0, std::memory_order_relaxed);
                        if (p == 0 && i == round) {
                            r.stop();
                        }
                    }
                });
            }
            (void)l.run();
            sleeper.detach();
        }
        threads.clear();
        refused_any = refused_any || accepted != producers * attempts;
        EXPECT_LE(count.called, accepted);
        EXPECT_EQ(count.destroyed, producers * attempts);
    }
    EXPECT_TRUE(refused_any) << "no post came too late: the test shows nothing";
}

/// A callback that has got as far as the ready queue dies with the loop, once.
TEST(FastLoopGaps, DestroyedWithACallbackInTheReadyQueue) {
    tally count;
    {
        meddling_driver d;
        galley::event never;
        galley::fast::loop l{d};
        auto stuck = galley::spawn(l, wait_for(never));
        const auto r = l.get_remote();
        d.in_wait = [&] {
            EXPECT_TRUE(r.post(counted{count}));
            r.stop();
        };
        EXPECT_EQ(l.run(), verdict::stopped);
        EXPECT_EQ(count.destroyed, 0);
    }
    EXPECT_EQ(count.called, 0);
    EXPECT_EQ(count.destroyed, 1);
}

/// LIFE-4.
TEST(FastLoopThreads, ASecondRunIsAnError) {
    blocking_driver d;
    galley::fast::loop l{d};
    galley::event entered;
    galley::event done;
    auto waiter = galley::spawn(l, wait_for(done));
    std::atomic<bool> refused{false};
    std::jthread second;
    const auto r = l.get_remote();
    ASSERT_TRUE(r.post([&] {
        EXPECT_THROW((void)l.run(), std::logic_error) << "from inside";
        second = std::jthread{[&, mine = l.get_remote()] {
            try {
                (void)l.run();
            } catch (const std::logic_error&) {
                refused = true;
            }
            ASSERT_TRUE(mine.post([&] { done.set(); }));
        }};
    }));
    EXPECT_EQ(l.run(), verdict::completed);
    second.join();
    EXPECT_TRUE(refused);
}

/// WAIT-4: the driver is asked by a busy loop, but not in every iteration.
TEST(FastLoopThreads, ABusyLoopAsksOnceInAskEvery) {
    blocking_driver d;
    galley::fast::loop l{d};
    constexpr int steps = 256 * 1'000;  // so many that asking every 255 or 257 would show
    galley::run(l, []() -> task<> {
        for (int i = 0; i != steps; ++i) {
            co_await galley::yield();
        }
    }());
    EXPECT_GE(d.asks, steps / 256);
    EXPECT_LE(d.asks, steps / 256 + 1);
    EXPECT_EQ(d.waits, 0);
}

/// A callback that throws harms nobody; its failure is printed.
TEST(FastLoopThreads, AFailingCallbackIsReported) {
    blocking_driver d;
    galley::fast::loop l{d};
    galley::event set;
    auto waiter = galley::spawn(l, wait_for(set));
    const auto r = l.get_remote();
    ASSERT_TRUE(r.post([] { throw std::runtime_error{"overboard"}; }));
    ASSERT_TRUE(r.post([&] { set.set(); }));
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("overboard"), std::string::npos);
}

TEST(FastLoopThreadsOnEpoll, Posts) {
    galley::fast::loop l;
    post_from_threads(l, false);
    post_from_threads(l, true);
}

TEST(FastLoopThreadsOnEpoll, StopsAndDestruction) {
    for (int round = 0; round != 200; ++round) {
        std::vector<std::jthread> threads;
        galley::fast::loop l;
        auto sleeper = galley::spawn(l, sleep_for_ever());
        for (int p = 0; p != 2; ++p) {
            threads.emplace_back([r = l.get_remote(), p] {
                while (r.wake()) {
                    if (p == 0) {
                        r.stop();
                    }
                    std::this_thread::yield();
                }
            });
        }
        EXPECT_EQ(l.run(), verdict::stopped);
        sleeper.detach();
    }
}

}  // namespace
