// SPDX-License-Identifier: BSL-1.0
// The inbox and the mailbox around it, first alone, then with real threads: every post exactly once and in its thread's
// order, no lost wake-up, one wake per sleep, and a close at any moment. Run it under the thread sanitizer too.
#include <fuzz/support/live_heap.hpp>
#include <galley/fast/inbox.hpp>
#include <galley/fast/mailbox.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

using galley::callback;
using galley::fast::inbox;
using galley::fast::mailbox;
using galley::fast::post_list;
using galley::fast::post_node;
using galley::fuzz::allocations;
using galley::fuzz::live_bytes;
using sent = inbox::sent;

/// A sticky token that a thread can really sleep on.
class sleeper : public galley::waker {
public:
    void wake() noexcept override {
        const std::lock_guard lock{mutex_};
        token_ = true;
        ++wakes_;
        condition_.notify_one();
    }
    /// False: nobody has woken it for so long that the wake-up must be lost.
    [[nodiscard]] bool sleep() {
        std::unique_lock lock{mutex_};
        const bool woken = condition_.wait_for(lock, std::chrono::seconds{100}, [this] { return token_; });
        token_ = false;
        ++sleeps_;
        return woken;
    }
    [[nodiscard]] int wakes() const { return wakes_; }
    [[nodiscard]] int sleeps() const { return sleeps_; }

private:
    std::mutex mutex_;
    std::condition_variable condition_;
    bool token_{};
    int wakes_{};
    int sleeps_{};
};

/// Counts how often a callable was called, and destroyed where it had come to rest.
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

TEST(Inbox, TakesInArrivalOrder) {
    inbox box;
    EXPECT_TRUE(box.idle());
    post_node nodes[5];
    post_list got;
    for (int i = 0; i != 3; ++i) {
        EXPECT_EQ(box.push(nodes[i], nodes[i]), sent::nothing_to_do);
    }
    EXPECT_FALSE(box.idle());
    got.append_reversed(box.take().newest);
    EXPECT_TRUE(box.idle());
    EXPECT_EQ(box.push(nodes[3], nodes[3]), sent::nothing_to_do);
    EXPECT_EQ(box.push(nodes[4], nodes[4]), sent::nothing_to_do);
    got.append_reversed(box.take().newest);
    got.append_reversed(box.take().newest);
    for (post_node& node : nodes) {
        EXPECT_EQ(got.pop_front(), &node);
    }
    EXPECT_EQ(got.pop_front(), nullptr);
}

TEST(Inbox, TheFirstToTellWakesASleeperAndOnlyOnce) {
    post_node node;
    post_node second;
    for (int first = 0; first != 3; ++first) {
        inbox box;
        ASSERT_TRUE(box.try_sleep());
        EXPECT_EQ(first == 0 ? box.push(node, node) : first == 1 ? box.stop() : box.nudge(), sent::must_wake);
        EXPECT_EQ(box.nudge(), sent::nothing_to_do);
        EXPECT_EQ(box.push(second, second), sent::nothing_to_do);
        EXPECT_EQ(box.stop(), sent::nothing_to_do);
        EXPECT_FALSE(box.try_sleep());
        const inbox::taken told = box.take();
        EXPECT_EQ(told.newest, &second);
        EXPECT_TRUE(told.stop);
        EXPECT_TRUE(box.try_sleep()) << "nothing sticks";
        EXPECT_FALSE(box.take().stop) << "a stop is taken once";
    }
}

TEST(Inbox, ALoopThatHasWokenByItselfIsNotWoken) {
    inbox box;
    post_node node;
    ASSERT_TRUE(box.try_sleep());
    EXPECT_EQ(box.take().newest, nullptr);
    EXPECT_EQ(box.push(node, node), sent::nothing_to_do);
    EXPECT_EQ(box.take().newest, &node);
}

TEST(Inbox, ASleepIsRefusedToWhoeverWasTold) {
    inbox box;
    post_node node;
    EXPECT_EQ(box.stop(), sent::nothing_to_do);
    EXPECT_FALSE(box.try_sleep());
    EXPECT_TRUE(box.take().stop);
    EXPECT_EQ(box.push(node, node), sent::nothing_to_do);
    EXPECT_FALSE(box.try_sleep());
    EXPECT_EQ(box.take().newest, &node);
    EXPECT_EQ(box.nudge(), sent::nothing_to_do);
    EXPECT_TRUE(box.try_sleep())
        << "a nudge leaves nothing behind: what it tells of is looked at after the announcement";
}

TEST(Inbox, ClosedRefuses) {
    inbox box;
    post_node kept;
    post_node late;
    EXPECT_EQ(box.stop(), sent::nothing_to_do);
    EXPECT_EQ(box.push(kept, kept), sent::nothing_to_do);
    const inbox::taken told = box.close();
    EXPECT_EQ(told.newest, &kept);
    EXPECT_TRUE(told.stop);
    EXPECT_EQ(box.push(late, late), sent::refused);
    EXPECT_EQ(box.stop(), sent::nothing_to_do);
    EXPECT_EQ(box.nudge(), sent::nothing_to_do);
    EXPECT_EQ(box.push(late, late), sent::refused);
}

TEST(Mailbox, ARefusedCallbackIsUntouched) {
    mailbox box{std::make_shared<sleeper>()};
    tally count;
    callback work{counted{count}};
    EXPECT_EQ(box.box().close().newest, nullptr);
    for (int i = 0; i != 3; ++i) {
        EXPECT_FALSE(box.post({&work, 1}));
        ASSERT_TRUE(static_cast<bool>(work));
    }
    work();
    EXPECT_EQ(count.called, 1);
    EXPECT_EQ(count.destroyed, 0);
}

TEST(Mailbox, PostsMadeTogetherAreRefusedTogether) {
    mailbox box{std::make_shared<sleeper>()};
    EXPECT_EQ(box.box().close().newest, nullptr);
    std::vector<int> called;
    std::array<callback, 3> works{[&] { called.push_back(0); }, [&] { called.push_back(1); },
                                  [&] { called.push_back(2); }};
    EXPECT_FALSE(box.post(works));
    for (callback& work : works) {
        ASSERT_TRUE(static_cast<bool>(work));
        work();
    }
    EXPECT_EQ(called, (std::vector<int>{0, 1, 2}));
}

TEST(Mailbox, CallbacksLeftBehindAreDestroyedOnce) {
    tally count;
    {
        mailbox box{std::make_shared<sleeper>()};
        for (int i = 0; i != 7; ++i) {
            callback work{counted{count}};
            EXPECT_TRUE(box.post({&work, 1}));
        }
    }
    EXPECT_EQ(count.called, 0);
    EXPECT_EQ(count.destroyed, 7);
}

#if GALLEY_COUNTED_HEAP
TEST(Mailbox, WhatIsRefusedTakesNoMemory) {
    mailbox box{std::make_shared<sleeper>()};
    EXPECT_EQ(box.box().close().newest, nullptr);
    std::array<callback, 2> works{[] {}, [] {}};
    EXPECT_FALSE(box.post(works));
    const std::size_t before = live_bytes();
    for (int i = 0; i != 100; ++i) {
        EXPECT_FALSE(box.post(works));
    }
    EXPECT_EQ(live_bytes(), before);
}

TEST(Mailbox, NodesGoRound) {
    mailbox box{std::make_shared<sleeper>()};
    tally count;
    const auto cycle = [&](int posts) {
        for (int i = 0; i != posts; ++i) {
            callback work{counted{count}};
            EXPECT_TRUE(box.post({&work, 1}));
        }
        post_list arrived;
        arrived.append_reversed(box.box().take().newest);
        post_list spent;
        while (post_node* const node = arrived.pop_front()) {
            node->work();
            node->work = callback{};
            spent.push_back(*node);
        }
        box.recycle(spent);
    };
    cycle(100);
    const std::size_t before = allocations();
    for (int i = 0; i != 1000; ++i) {
        cycle(i % 100);
    }
    EXPECT_EQ(allocations(), before) << "posting allocates in steady state";
    EXPECT_EQ(count.called, 100 + 10 * (99 * 100 / 2));
}
#endif

constexpr int producers = 4;
constexpr int posts_each = 50'000;

/// What the consumer knows of the posts: exactly the next one of each producer is expected.
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

TEST(MailboxThreads, EachPostOnceInOrderAndNoWakeUpLost) {
    const auto bell = std::make_shared<sleeper>();
    mailbox box{bell};
    ledger seen;
    std::vector<std::jthread> threads;
    for (int p = 0; p != producers; ++p) {
        threads.emplace_back([&, p] {
            for (int i = 0; i != posts_each; ++i) {
                callback work{[&seen, p, i] { seen.note(p, i); }};
                ASSERT_TRUE(box.post({&work, 1}));
                if (i % 64 == 0) {
                    std::this_thread::yield();  // lets the consumer fall asleep now and then
                }
            }
        });
    }
    while (seen.total != producers * posts_each) {
        post_list arrived;
        arrived.append_reversed(box.box().take().newest);
        if (arrived.empty() && box.box().try_sleep()) {
            ASSERT_TRUE(bell->sleep()) << "a wake-up was lost after " << seen.total << " posts";
        }
        post_list spent;
        while (post_node* const node = arrived.pop_front()) {
            node->work();
            node->work = callback{};
            spent.push_back(*node);
        }
        box.recycle(spent);
    }
    EXPECT_TRUE(seen.in_order);
    threads.clear();
    EXPECT_LE(bell->wakes(), bell->sleeps()) << "POST-3: wake-ups are only for a sleeping loop, one per sleep";
    EXPECT_EQ(box.box().take().newest, nullptr);
}

TEST(MailboxThreads, AStopFindsASleeperInAnyOrder) {
    for (int round = 0; round != 2'000; ++round) {
        const auto bell = std::make_shared<sleeper>();
        mailbox box{bell};
        std::jthread stopper{[&] { box.stop(); }};
        bool stopped = false;
        while (!stopped) {
            if (box.box().try_sleep()) {
                ASSERT_TRUE(bell->sleep()) << "a stop was lost";
            }
            stopped = box.box().take().stop;
        }
    }
}

/// LIFE-7: whoever reads that no remote is left finds every post; and the last one to go wakes a sleeper that had not
/// read it yet.
TEST(MailboxThreads, TheLastRemoteLeavesItsPostsAndWakes) {
    for (int round = 0; round != 2'000; ++round) {
        const auto bell = std::make_shared<sleeper>();
        const auto box = std::make_shared<mailbox>(bell);
        int called = 0;
        std::vector<std::jthread> threads;
        for (int p = 0; p != 2; ++p) {
            threads.emplace_back([&called, r = galley::remote{box}, last = p == 1]() mutable {
                if (last) {
                    ASSERT_TRUE(r.post([&called] { ++called; }));
                }
                const galley::remote gone = std::move(r);
            });
        }
        const auto run_all = [&] {
            post_list arrived;
            arrived.append_reversed(box->box().take().newest);
            while (post_node* const node = arrived.pop_front()) {
                const std::unique_ptr<post_node> owner{node};
                node->work();
            }
        };
        while (box->remotes() != 0) {
            run_all();
            if (box->box().try_sleep() && box->remotes() != 0) {
                ASSERT_TRUE(bell->sleep()) << "the last remote's going was lost";
            }
        }
        run_all();
        ASSERT_EQ(called, 1);
    }
}

TEST(MailboxThreads, ACloseRacingWithPostsLosesNoneAndDoublesNone) {
    constexpr int attempts = 300;
    bool refused_any = false;
    for (int round = 0; round != attempts; ++round) {
        auto box = std::make_shared<mailbox>(std::make_shared<sleeper>());
        tally count;
        std::atomic<int> accepted{0};
        std::vector<std::jthread> threads;
        for (int p = 0; p != producers; ++p) {
            threads.emplace_back([&, r = galley::remote{box}] {
                for (int i = 0; i != attempts; ++i) {
                    accepted.fetch_add(r.post(counted{count}) ? 1 : 0, std::memory_order_relaxed);
                }
                r.stop();  // harmless
            });
        }
        int called = 0;
        while (called < round) {
            post_list arrived;
            arrived.append_reversed(box->box().take().newest);
            while (post_node* const node = arrived.pop_front()) {
                const std::unique_ptr<post_node> owner{node};
                node->work();
                ++called;
            }
        }
        {
            post_list left;
            left.append_reversed(box->box().close().newest);
        }
        box.reset();  // the posters' remotes keep it
        threads.clear();
        EXPECT_EQ(count.called, called);
        EXPECT_GE(accepted, called);
        // Those that were accepted were destroyed in their nodes, the others by their posters.
        EXPECT_EQ(count.destroyed, producers * attempts);
        refused_any = refused_any || accepted != producers * attempts;
    }
    EXPECT_TRUE(refused_any) << "no close came before a post: the test shows nothing";
}

}  // namespace
