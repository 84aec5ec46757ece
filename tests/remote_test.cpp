// SPDX-License-Identifier: BSL-1.0
// Other threads, on both loops with their own drivers: posts, stop, remotes (POST-1 to POST-5, LIFE-2, LIFE-7, WAIT-3).
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/ref/loop.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace galley::test {
namespace {

template <class Loop>
class remote_suite : public ::testing::Test {
protected:
    Loop loop{};
};
using both_loops = ::testing::Types<ref::loop, fast::loop>;
TYPED_TEST_SUITE(remote_suite, both_loops);

task<void> waits_for(event* e) { co_await e->wait(); }

TYPED_TEST(remote_suite, posts_of_several_threads_each_take_effect_once_and_in_order) {
    constexpr int threads = 4;
    constexpr int posts = 20'000;
    std::vector<int> next(threads);
    int done = 0;
    bool in_order = true;
    event all;
    join_handle<> main = spawn(this->loop, waits_for(&all));
    std::vector<std::thread> posters;
    for (int id = 0; id < threads; ++id) {
        posters.emplace_back([&, id, token = this->loop.get_remote()] {
            for (int i = 0; i < posts; ++i) {
                ASSERT_TRUE(token.post([&, id, i] {
                    in_order = in_order && next[static_cast<std::size_t>(id)]++ == i;
                    if (++done == threads * posts) {
                        all.set();
                    }
                }));
            }
        });
    }
    EXPECT_EQ(this->loop.run(), verdict::completed);
    for (std::thread& t : posters) {
        t.join();
    }
    EXPECT_TRUE(main.ended());
    EXPECT_EQ(done, threads * posts);
    EXPECT_TRUE(in_order);
}

// POST-5
TYPED_TEST(remote_suite, posts_made_together_come_together_and_in_order) {
    constexpr int threads = 4;
    constexpr int batches = 2'000;
    constexpr std::size_t together = 5;
    std::vector<std::pair<int, std::size_t>> called;  // who, and which of the batch
    std::vector<std::thread> posters;
    for (int id = 0; id < threads; ++id) {
        posters.emplace_back([&, id, token = this->loop.get_remote()] {
            for (int i = 0; i < batches; ++i) {
                std::array<callback, together> works;
                for (std::size_t k = 0; k < together; ++k) {
                    works[k] = callback{[&called, id, k] { called.emplace_back(id, k); }};
                }
                ASSERT_TRUE(token.post_all(works));
            }
        });
    }
    event never;
    const join_handle<> main = spawn(this->loop, waits_for(&never));
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);  // once the last poster is gone
    for (std::thread& t : posters) {
        t.join();
    }
    ASSERT_EQ(called.size(), threads * batches * together);
    for (std::size_t i = 0; i < called.size(); ++i) {
        ASSERT_EQ(called[i], std::pair(called[i - i % together].first, i % together));
    }
    EXPECT_TRUE(this->loop.get_remote().post_all({}));
    never.set();
    EXPECT_EQ(this->loop.run(), verdict::completed);
}

TYPED_TEST(remote_suite, every_wake_up_of_a_sleeping_loop_arrives) {  // a lost one hangs here
    constexpr int rounds = 5'000;
    std::atomic<int> answered{0};
    event finished;
    join_handle<> main = spawn(this->loop, waits_for(&finished));
    std::thread poster{[&, token = this->loop.get_remote()] {
        for (int i = 0; i < rounds; ++i) {
            ASSERT_TRUE(token.post([&] { answered.fetch_add(1); }));
            while (answered.load() <= i) {  // the loop has nothing else to do, and goes to sleep again
                std::this_thread::yield();
            }
        }
        ASSERT_TRUE(token.post([&] { finished.set(); }));
    }};
    EXPECT_EQ(this->loop.run(), verdict::completed);
    poster.join();
    EXPECT_EQ(answered.load(), rounds);
}

TYPED_TEST(remote_suite, a_stop_from_another_thread_ends_a_wait_and_nothing_is_lost) {
    event e;
    join_handle<> main = spawn(this->loop, waits_for(&e));
    for (int i = 0; i < 200; ++i) {
        std::thread stopper{[token = this->loop.get_remote()] { token.stop(); }};
        EXPECT_EQ(this->loop.run(), verdict::stopped);
        stopper.join();
    }
    e.set();
    EXPECT_EQ(this->loop.run(), verdict::completed);
}

TYPED_TEST(remote_suite, the_last_remote_that_goes_wakes_the_loop_to_its_deadlock) {  // LIFE-7
    for (int i = 0; i < 200; ++i) {
        event e;
        TypeParam loop;
        spawn(loop, waits_for(&e)).detach();
        std::thread holder{[token = loop.get_remote()]() mutable { const remote gone = std::move(token); }};
        EXPECT_EQ(loop.run(), verdict::deadlocked);
        holder.join();
    }
}

TYPED_TEST(remote_suite, a_copy_is_a_remote_of_its_own) {  // LIFE-7
    event e;
    join_handle<> main = spawn(this->loop, waits_for(&e));
    std::optional<remote> first{this->loop.get_remote()};
    remote second{*first};
    first.reset();
    std::thread holder{[token = std::move(second), &e] {
        remote third = token;
        third = token;
        EXPECT_TRUE(third.post([&e] { e.set(); }));
    }};
    const remote none{second};  // NOLINT(bugprone-use-after-move): a copy of nothing is nothing
    EXPECT_EQ(this->loop.run(), verdict::completed);
    holder.join();
}

TYPED_TEST(remote_suite, posts_that_race_with_the_destruction_take_effect_or_are_refused) {  // POST-4, faults L1, L2
    for (int i = 0; i < 100; ++i) {
        auto loop = std::make_unique<TypeParam>();
        std::atomic<int> waiting{0};  // bounded, or the posters would fill the memory faster than the loop empties it
        std::vector<std::thread> posters;
        for (int id = 0; id < 2; ++id) {
            posters.emplace_back([&waiting, token = loop->get_remote()] {
                struct counted {
                    explicit counted(std::atomic<int>& n) noexcept : count{&n} { ++*count; }
                    counted(counted&& other) noexcept : count{std::exchange(other.count, nullptr)} {}
                    counted& operator=(counted&&) = delete;
                    ~counted() {
                        if (count != nullptr) {
                            --*count;  // it ran, or was refused, or went with the loop: once
                        }
                    }
                    void operator()() const noexcept {}
                    std::atomic<int>* count;
                };
                while (token.post(counted{waiting})) {
                    while (waiting > 1'000) {
                        std::this_thread::yield();
                    }
                }
            });
        }
        spawn(*loop,
              [](galley::loop* l) -> task<void> {
                  for (int n = 0; n < 10; ++n) {
                      co_await yield();
                  }
                  l->stop();
              }(loop.get()))
            .detach();
        loop->run();
        loop.reset();
        for (std::thread& t : posters) {
            t.join();
        }
        EXPECT_EQ(waiting, 0);
    }
}

TYPED_TEST(remote_suite, run_on_a_second_thread_is_an_error) {  // LIFE-4
    event e;
    join_handle<> main = spawn(this->loop, waits_for(&e));
    std::atomic<bool> running{false};
    ASSERT_TRUE(this->loop.get_remote().post([&] { running = true; }));
    std::thread second{[&, token = this->loop.get_remote()] {
        while (!running) {
            std::this_thread::yield();
        }
        EXPECT_THROW(this->loop.run(), std::logic_error);
        ASSERT_TRUE(token.post([&] { e.set(); }));
    }};
    EXPECT_EQ(this->loop.run(), verdict::completed);
    second.join();
}

TYPED_TEST(remote_suite, a_sleep_on_the_real_clock_is_never_early) {  // TIME-2; one-sided
    for (const int us : {0, 1, 100, 1'500}) {
        const auto before = std::chrono::steady_clock::now();
        run(this->loop, [](int n) -> task<void> { co_await sleep_for(std::chrono::microseconds{n}); }(us));
        EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::microseconds{us});
    }
}

}  // namespace
}  // namespace galley::test
