// SPDX-License-Identifier: BSL-1.0
// Completions, thread pools and other loops with real threads, on every loop and every driver (THREAD-1 to THREAD-8).
#include "tests/integration/fixture.hpp"

#include <atomic>
#include <latch>
#include <numeric>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

namespace galley_test {
namespace {

using galley::completer;
using galley::completion;
using galley::run_on;
using galley::thread_pool;
using galley::to_thread;

class threads_test : public integration {
protected:
    world here{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(, threads_test, every_loop_on_every_driver, combination_name);

struct burnt : std::runtime_error {
    burnt() : std::runtime_error{"burnt"} {}
};

// ---- completions ---------------------------------------------------------------------------------------------------

TEST_P(threads_test, of_many_threads_one_fulfils) {
    constexpr int threads = 4;
    here.run([&]() -> task<> {
        for (int round = 0; round < 200; ++round) {
            completion<int> c{here.loop()};
            std::atomic<int> winner{-1};
            std::vector<std::jthread> racers;
            for (int id = 0; id < threads; ++id) {
                racers.emplace_back([&winner, id, done = c.get_completer()]() mutable {
                    if (done.complete(id)) {
                        EXPECT_EQ(winner.exchange(id), -1) << "two were told that they were first";
                    }
                });
            }
            const int came = co_await c.wait();
            racers.clear();
            EXPECT_EQ(came, winner);
        }
    });
}

TEST_P(threads_test, a_completion_that_nobody_can_fulfil_is_a_deadlock) {
    completion<> c{here.loop()};
    auto main = galley::spawn(here.loop(), galley::invoke([&]() -> task<> { co_await c.wait(); }));
    EXPECT_EQ(here.loop().run(), galley::verdict::deadlocked);
    main.cancel();
    EXPECT_EQ(here.loop().run(), galley::verdict::completed);
}

TEST_P(threads_test, completers_that_go_unused_on_many_threads_break_it) {
    here.run([&]() -> task<> {
        for (int round = 0; round < 200; ++round) {
            completion<> c{here.loop()};
            std::vector<std::jthread> holders;
            for (int id = 0; id < 3; ++id) {
                holders.emplace_back(
                    [done = c.get_completer()]() mutable { const completer<> gone = std::move(done); });
            }
            bool broken = false;
            try {
                co_await c.wait();
            } catch (const galley::broken_completion&) {
                broken = true;
            }
            EXPECT_TRUE(broken);
        }
    });
}

task<> waits_a_moment(galley::loop* l, std::vector<std::jthread>* threads) {
    completion<std::vector<int>> c{*l};
    threads->emplace_back([done = c.get_completer()]() mutable {
        std::this_thread::yield();
        done.complete(std::vector<int>(100, 7));
    });
    co_await c.wait();
}

// The waiter is cancelled, and its frame goes, while the other thread is about to fulfil.
TEST_P(threads_test, a_waiter_that_is_cancelled_meanwhile) {
    std::vector<std::jthread> threads;
    here.run([&]() -> task<> {
        for (int round = 0; round < 200; ++round) {
            static_cast<void>(
                co_await galley::try_timeout(std::chrono::microseconds{round}, waits_a_moment(&here.loop(), &threads)));
        }
    });
}

TEST_P(threads_test, a_loop_that_is_destroyed_meanwhile) {
    std::vector<std::jthread> threads;
    for (int round = 0; round < 50; ++round) {
        world there{GetParam()};
        galley::spawn(there.loop(), waits_a_moment(&there.loop(), &threads)).detach();
        galley::spawn(there.loop(),
                      [](galley::loop* l) -> task<> {
                          co_await galley::yield();
                          l->stop();
                      }(&there.loop()))
            .detach();
        there.loop().run();
    }
}

// ---- to_thread -----------------------------------------------------------------------------------------------------

TEST_P(threads_test, a_call_gives_what_it_gives) {
    thread_pool pool{2};
    const auto me = std::this_thread::get_id();
    here.run([&]() -> task<> {
        auto call = [me] {
            EXPECT_NE(std::this_thread::get_id(), me);
            return std::string{"from afar"};
        };
        EXPECT_EQ(co_await to_thread(pool, call), "from afar");
        auto nothing = [] {};
        co_await to_thread(pool, nothing);
        auto reference = [&pool]() -> thread_pool& { return pool; };
        thread_pool& came = co_await to_thread(pool, reference);
        EXPECT_EQ(&came, &pool);
        EXPECT_EQ(std::this_thread::get_id(), me);
    });
}

TEST_P(threads_test, a_callable_is_gone_before_its_caller_goes_on) {
    thread_pool pool{1};
    const auto kept = std::make_shared<int>(7);
    here.run([&]() -> task<> {
        auto value = [held = kept] { return *held; };
        EXPECT_EQ(co_await to_thread(pool, std::move(value)), 7);
        EXPECT_EQ(kept.use_count(), 1);
        auto nothing = [held = kept] {};
        co_await to_thread(pool, std::move(nothing));
        EXPECT_EQ(kept.use_count(), 1);
        auto reference = [held = kept]() -> int& { return *held; };
        int& came = co_await to_thread(pool, std::move(reference));
        EXPECT_EQ(&came, kept.get());
        EXPECT_EQ(kept.use_count(), 1);
        auto fails = [held = kept] { throw std::runtime_error{"soup burnt"}; };
        const auto how = co_await galley::settled(to_thread(pool, std::move(fails)));
        EXPECT_EQ(how.how(), galley::outcome::exception);
        EXPECT_EQ(kept.use_count(), 1);
    });
}

TEST_P(threads_test, a_pool_has_a_thread) { EXPECT_THROW(thread_pool{0}, std::invalid_argument); }

TEST_P(threads_test, what_a_call_throws_comes_out_of_the_await) {
    thread_pool pool{1};
    here.run([&]() -> task<> {
        auto call = []() -> int { throw burnt{}; };
        bool caught = false;
        try {
            static_cast<void>(co_await to_thread(pool, call));
        } catch (const burnt&) {
            caught = true;
        }
        EXPECT_TRUE(caught);
        auto gives_up = [] { throw galley::cancelled{}; };
        bool given_up = false;
        try {
            co_await to_thread(pool, gives_up);
        } catch (const galley::broken_completion&) {
            given_up = true;
        }
        EXPECT_TRUE(given_up);
    });
}

TEST_P(threads_test, no_more_calls_at_once_than_there_are_threads_and_in_order) {
    thread_pool pool{3};
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    thread_pool alone{1};
    std::vector<int> order;
    here.run([&]() -> task<> {
        galley::task_group crowd;
        auto body = [&]() -> task<> {
            for (int i = 0; i < 60; ++i) {
                auto call = [&] {
                    const int now = ++at_once;
                    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                    }
                    std::this_thread::yield();
                    --at_once;
                };
                crowd.spawn(to_thread(pool, call));
                auto in_turn = [&order, i] { order.push_back(i); };
                crowd.spawn(to_thread(alone, in_turn));
            }
            co_return;
        };
        co_await crowd.run(body);
    });
    EXPECT_LE(most, 3);
    std::vector<int> expected(60);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

/// Cancels what another thread has come to, and says so.
task<> cancel_when(std::binary_semaphore* entered, galley::cancel_scope* scope, std::binary_semaphore* done = nullptr) {
    while (!entered->try_acquire()) {
        co_await galley::yield();
    }
    scope->cancel();
    if (done != nullptr) {
        done->release();
    }
}

/// Keeps a pool's only thread busy until it is told.
struct gate {
    std::binary_semaphore entered{0};
    std::binary_semaphore open{0};
    void pass() {
        entered.release();
        open.acquire();
    }
};

TEST_P(threads_test, a_call_that_has_not_begun_is_withdrawn) {
    thread_pool pool{1};
    gate g;
    std::atomic<bool> called{false};
    const auto kept = std::make_shared<int>(0);
    here.run([&]() -> task<> {
        auto blocks = [&] { g.pass(); };
        auto blocker = co_await galley::spawn_here(to_thread(pool, blocks));
        while (!g.entered.try_acquire()) {
            co_await galley::yield();
        }
        auto call = [&called, held = kept] { called = held != nullptr; };
        const bool done = co_await galley::try_timeout(1ms, to_thread(pool, std::move(call)));
        EXPECT_FALSE(done);
        EXPECT_EQ(kept.use_count(), 1) << "the callable is gone with the call";
        g.open.release();
        co_await blocker.join();
        auto last = [] {};
        co_await to_thread(pool, last);
    });
    EXPECT_FALSE(called);
}

TEST_P(threads_test, a_call_that_runs_is_told_and_its_value_dropped) {
    std::atomic<int> dropped{0};
    struct value {
        explicit value(std::atomic<int>& n) noexcept : count{&n} {}
        value(value&& other) noexcept : count{std::exchange(other.count, nullptr)} {}
        value& operator=(value&&) = delete;
        ~value() {
            if (count != nullptr) {
                ++*count;
            }
        }
        std::atomic<int>* count;
    };
    std::optional<thread_pool> pool{1};
    std::binary_semaphore entered{0};
    here.run([&]() -> task<> {
        auto call = [&](std::stop_token told) {
            entered.release();
            while (!told.stop_requested()) {
                std::this_thread::yield();
            }
            return value{dropped};
        };
        auto waits = co_await galley::spawn_here(
            [](thread_pool* p, auto f) -> task<> { co_await to_thread(*p, std::move(f)); }(&*pool, call));
        while (!entered.try_acquire()) {
            co_await galley::yield();
        }
        waits.cancel();
        bool ended_cancelled = false;
        try {
            co_await waits.join();
        } catch (const galley::task_cancelled&) {
            ended_cancelled = true;
        }
        EXPECT_TRUE(ended_cancelled);
        while (dropped == 0) {  // it has been told, or goes on for ever
            co_await galley::yield();
        }
    });
    pool.reset();
    EXPECT_EQ(dropped, 1);
}

TEST_P(threads_test, a_call_in_a_shield_is_waited_for) {
    thread_pool pool{1};
    here.run([&]() -> task<> {
        int lent = 0;
        gate g;
        auto body = [&]() -> task<> {
            auto call = [&lent, &g] {
                g.pass();
                lent = 5;
            };
            co_await galley::shield(to_thread(pool, call));
        };
        galley::cancel_scope scope;
        auto canceller = co_await galley::spawn_here(cancel_when(&g.entered, &scope, &g.open));
        EXPECT_TRUE(co_await scope.run(galley::invoke(body)));
        EXPECT_EQ(lent, 5);
        co_await canceller.join();
    });
}

/// Counts how often it is handed on.
struct handed_on {
    explicit handed_on(int& n) noexcept : times{&n} {}
    handed_on(handed_on&& other) noexcept : times{other.times} { ++*times; }
    handed_on& operator=(handed_on&&) = delete;
    ~handed_on() = default;
    void operator()() const { ADD_FAILURE() << "called all the same"; }
    int* times;
};

TEST_P(threads_test, nothing_is_started_in_a_cancelled_scope) {
    thread_pool pool{1};
    world there{GetParam()};
    const auto turn = []() -> task<> {
        co_await galley::yield();
        co_await galley::yield();
    };
    here.run([&]() -> task<> {
        int times = 0;
        auto call = to_thread(pool, handed_on{times});
        const int before = times;
        galley::cancel_scope scope;
        scope.cancel();
        EXPECT_FALSE(co_await scope.run(std::move(call)));
        EXPECT_EQ(times, before) << "the pool has got it";
        galley::cancel_scope again;
        again.cancel();
        auto sent = run_on(there.loop().get_remote(), turn());
        EXPECT_FALSE(co_await again.run(std::move(sent)));
    });
    EXPECT_EQ(galley::spawn(there.loop(), turn()).id(), 1U);
    EXPECT_EQ(there.loop().run(), galley::verdict::completed);
    EXPECT_EQ(galley::spawn(there.loop(), turn()).id(), 2U) << "a task was started there";
    EXPECT_EQ(there.loop().run(), galley::verdict::completed);
}

TEST_P(threads_test, a_pool_that_is_destroyed_breaks_what_has_not_begun) {
    auto pool = std::make_unique<thread_pool>(1);
    gate g;
    here.run([&]() -> task<> {
        auto blocks = [&](std::stop_token told) {
            g.entered.release();
            while (!told.stop_requested()) {
                std::this_thread::yield();
            }
        };
        auto running = co_await galley::spawn_here(to_thread(*pool, blocks));
        while (!g.entered.try_acquire()) {
            co_await galley::yield();
        }
        auto never = [] { ADD_FAILURE() << "called all the same"; };
        auto waiting = co_await galley::spawn_here(to_thread(*pool, never));
        co_await galley::yield();
        std::jthread destroyer{[&] { pool.reset(); }};
        bool broken = false;
        try {
            co_await waiting.join();
        } catch (const galley::broken_completion&) {
            broken = true;
        }
        EXPECT_TRUE(broken);
        destroyer.join();
        co_await running.join();
    });
}

// ---- run_on --------------------------------------------------------------------------------------------------------

/// Another loop of the same kind, which runs on a thread of its own until this goes.
class other_loop {
public:
    explicit other_loop(const combination& c)
        : thread_{[this, c] {
              world there{c};
              loop_ = &there.loop();
              there.loop().tasks().on_failure(
                  [](void* self, const galley::context*, std::exception_ptr) noexcept {
                      ++static_cast<other_loop*>(self)->failures;
                  },
                  this);
              remote_.emplace(there.loop().get_remote());
              const galley::keep_alive until_stopped{there.loop()};
              ready_.count_down();
              there.loop().run();
          }} {
        ready_.wait();
    }
    other_loop(const other_loop&) = delete;
    other_loop& operator=(const other_loop&) = delete;
    ~other_loop() { end(); }
    void end() {
        if (thread_.joinable()) {
            remote_->stop();
            thread_.join();
        }
    }
    [[nodiscard]] const galley::remote& to() const noexcept { return *remote_; }
    [[nodiscard]] galley::loop* loop() const noexcept { return loop_; }
    [[nodiscard]] std::thread::id id() const noexcept { return thread_.get_id(); }

    std::atomic<int> failures{0};

private:
    galley::loop* loop_{};
    std::optional<galley::remote> remote_{};
    std::latch ready_{1};
    std::jthread thread_;
};

/// Says on which thread its frame ended.
struct frame_end {
    explicit frame_end(std::atomic<std::thread::id>& at) noexcept : where{&at} {}
    frame_end(const frame_end&) = delete;
    frame_end& operator=(const frame_end&) = delete;
    ~frame_end() { *where = std::this_thread::get_id(); }
    std::atomic<std::thread::id>* where;
};

TEST_P(threads_test, a_task_runs_on_the_other_loop_and_gives_its_outcome_here) {
    other_loop there{GetParam()};
    std::atomic<std::thread::id> ended;
    here.run([&]() -> task<> {
        auto body = [&]() -> task<std::unique_ptr<int>> {
            const frame_end frame{ended};
            galley::loop& l = co_await galley::this_loop();
            EXPECT_EQ(&l, there.loop());
            co_await galley::sleep_for(100us);
            EXPECT_EQ(std::this_thread::get_id(), there.id());
            co_return std::make_unique<int>(9);
        };
        const std::unique_ptr<int> came = co_await run_on(there.to(), galley::invoke(body));
        EXPECT_EQ(*came, 9);
        EXPECT_EQ(ended.load(), there.id());
        auto fails = []() -> task<> {
            co_await galley::yield();
            throw burnt{};
        };
        bool caught = false;
        try {
            co_await run_on(there.to(), galley::invoke(fails));
        } catch (const burnt&) {
            caught = true;
        }
        EXPECT_TRUE(caught);
        auto gives_up = []() -> task<> {
            co_await galley::yield();
            throw galley::broken_completion{};
        };
        bool is_the_bodys = false;
        try {
            co_await run_on(there.to(), galley::invoke(gives_up));
        } catch (const galley::broken_completion&) {
            is_the_bodys = true;
        }
        EXPECT_TRUE(is_the_bodys);
    });
    EXPECT_EQ(there.failures, 0);
}

TEST_P(threads_test, loops_call_each_other) {
    other_loop there{GetParam()};
    const galley::remote home = here.loop().get_remote();
    here.run([&]() -> task<> {
        for (int i = 0; i < 100; ++i) {
            auto back = [i]() -> task<int> { co_return i; };
            auto body = [&]() -> task<int> { co_return 2 * co_await run_on(home, galley::invoke(back)); };
            EXPECT_EQ(co_await run_on(there.to(), galley::invoke(body)), 2 * i);
        }
    });
}

TEST_P(threads_test, a_task_may_be_run_on_its_own_loop) {
    here.run([&]() -> task<> {
        auto body = []() -> task<int> {
            co_await galley::yield();
            co_return 1;
        };
        EXPECT_EQ(co_await run_on(here.loop().get_remote(), galley::invoke(body)), 1);
        auto endless = []() -> task<> { co_await galley::sleep_for(1h); };
        EXPECT_FALSE(co_await galley::try_timeout(1ms, run_on(here.loop().get_remote(), galley::invoke(endless))));
    });
}

TEST_P(threads_test, cancelling_crosses_over_and_waits_for_the_end) {
    other_loop there{GetParam()};
    std::atomic<std::thread::id> ended;
    bool cleaned_up = false;
    here.run([&]() -> task<> {
        std::binary_semaphore entered{0};
        auto clean_up = [&]() -> task<> {
            co_await galley::sleep_for(1ms);
            cleaned_up = true;
        };
        auto body = [&]() -> task<> {
            const frame_end frame{ended};
            bool is_cancelled = false;
            entered.release();
            try {
                co_await galley::sleep_for(1h);
            } catch (const galley::cancelled&) {
                is_cancelled = true;
            }
            EXPECT_TRUE(is_cancelled);
            co_await galley::shield(galley::invoke(clean_up));
            throw galley::cancelled{};
        };
        galley::cancel_scope scope;
        auto canceller = co_await galley::spawn_here(cancel_when(&entered, &scope));
        EXPECT_FALSE(co_await scope.run(run_on(there.to(), galley::invoke(body))));
        EXPECT_TRUE(cleaned_up);
        EXPECT_EQ(ended.load(), there.id());
        co_await canceller.join();
    });
}

TEST_P(threads_test, a_task_that_finishes_all_the_same_yields_its_value) {
    other_loop there{GetParam()};
    here.run([&]() -> task<> {
        std::binary_semaphore entered{0};
        auto body = [&]() -> task<int> {
            entered.release();
            try {
                co_await galley::sleep_for(1h);
            } catch (const galley::cancelled&) {
            }
            co_return 6;
        };
        galley::cancel_scope scope;
        auto canceller = co_await galley::spawn_here(cancel_when(&entered, &scope));
        EXPECT_EQ(co_await scope.run(run_on(there.to(), galley::invoke(body))), 6);
        co_await canceller.join();
    });
}

// At any moment: before the task has started, while it runs, when its outcome is on the way.
TEST_P(threads_test, cancelled_at_any_moment) {
    other_loop there{GetParam()};
    std::atomic<int> bodies{0};
    here.run([&]() -> task<> {
        for (int i = 0; i < 300; ++i) {
            auto body = [&bodies, i]() -> task<int> {
                ++bodies;
                co_await galley::sleep_for(std::chrono::microseconds{i});
                --bodies;
                co_return 1;
            };
            auto guarded = [&bodies, body]() -> task<int> {
                try {
                    co_return co_await body();
                } catch (const galley::cancelled&) {
                    --bodies;
                    throw;
                }
            };
            const auto came =
                co_await galley::try_timeout(std::chrono::microseconds{i}, run_on(there.to(), galley::invoke(guarded)));
            EXPECT_EQ(bodies, 0) << "it ends with its task";
            EXPECT_TRUE(!came || *came == 1);
        }
    });
    EXPECT_EQ(there.failures, 0);
}

TEST_P(threads_test, a_task_that_was_cancelled_over_there) {
    other_loop there{GetParam()};
    here.run([&]() -> task<> {
        auto body = []() -> task<> {
            galley::context& self = co_await galley::this_task();
            self.cancel();
            co_await galley::yield();
        };
        bool told = false;
        try {
            co_await run_on(there.to(), galley::invoke(body));
        } catch (const galley::task_cancelled&) {
            told = true;
        }
        EXPECT_TRUE(told);
    });
}

TEST_P(threads_test, another_loop_that_goes_meanwhile) {
    std::optional<other_loop> there{std::in_place, GetParam()};
    const galley::remote to = there->to();
    here.run([&]() -> task<> {
        std::atomic<std::thread::id> ended;
        auto body = [&]() -> task<> {
            const frame_end frame{ended};
            galley::loop& l = co_await galley::this_loop();
            l.stop();
            co_await galley::sleep_for(1h);
        };
        bool gone = false;
        try {
            co_await run_on(to, galley::invoke(body));
        } catch (const galley::loop_gone&) {
            gone = true;
        }
        EXPECT_TRUE(gone);
        EXPECT_EQ(ended.load(), there->id());
        there.reset();
        gone = false;
        try {
            co_await run_on(to, galley::invoke(body));
        } catch (const galley::loop_gone&) {
            gone = true;
        }
        EXPECT_TRUE(gone) << "refused";
    });
}

TEST_P(threads_test, this_loop_goes_meanwhile) {
    other_loop there{GetParam()};
    std::binary_semaphore entered{0};
    std::binary_semaphore ended{0};
    auto waits = [&](bool fails) -> task<> {
        entered.release();
        struct at_end {
            std::binary_semaphore& s;
            ~at_end() { s.release(); }
        };
        const at_end end{ended};
        try {
            co_await galley::sleep_for(1h);
        } catch (const galley::cancelled&) {
            if (fails) {
                throw burnt{};
            }
            throw;
        }
    };
    for (const bool fails : {false, true}) {
        world gone{GetParam()};
        galley::spawn(gone.loop(), run_on(there.to(), galley::invoke(waits, fails))).detach();
        auto stops = [&]() -> task<> {
            while (!entered.try_acquire()) {
                co_await galley::yield();
            }
            gone.loop().stop();
        };
        galley::spawn(gone.loop(), galley::invoke(stops)).detach();
        EXPECT_EQ(gone.loop().run(), galley::verdict::stopped);
        gone.destroy_loop();
        ended.acquire();
    }
    there.end();
    EXPECT_EQ(there.failures, 1) << "a failure that found nobody";
}

}  // namespace
}  // namespace galley_test
