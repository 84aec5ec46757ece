// SPDX-License-Identifier: BSL-1.0
// Completions as one thread sees them, on both loops under virtual time: what comes of which order of fulfilling,
// awaiting, cancelling and going away (THREAD-1 to THREAD-4). With threads: integration/threads_test.cpp.
#include "loop_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class completion_suite : public on_loop<Loop> {
protected:
    [[nodiscard]] std::exception_ptr error(const char* text) const {
        return std::make_exception_ptr(std::runtime_error{text});
    }
    /// What was posted comes.
    void collect() {
        run(this->loop, []() -> task<> {
            for (int i = 0; i < 3; ++i) {
                co_await yield();
            }
        }());
    }
};
TYPED_TEST_SUITE(completion_suite, both_loops, loop_names);

task<int> value_of(const completion<int>* c) { co_return co_await c->wait(); }

TYPED_TEST(completion_suite, the_first_to_fulfil_decides) {
    completion<int> c{this->loop};
    completer<int> first = c.get_completer();
    completer<int> second = first;
    EXPECT_TRUE(first.wanted() && second.wanted());
    EXPECT_TRUE(first.complete(1));
    EXPECT_FALSE(second.wanted());
    EXPECT_FALSE(second.complete(2));
    completer<int> third = c.get_completer();
    EXPECT_FALSE(third.fail(this->error("too late")));
    EXPECT_EQ(run(this->loop, value_of(&c)), 1);
    EXPECT_TRUE(this->unobserved.empty());
}

TYPED_TEST(completion_suite, a_completer_is_good_for_once) {
    completion<int> c{this->loop};
    completer<int> once = c.get_completer();
    EXPECT_TRUE(once.complete(1));
    EXPECT_FALSE(once.complete(2));
    EXPECT_FALSE(once.fail(this->error("again")));
    EXPECT_FALSE(once.wanted());
    completer<int> nothing = once;
    EXPECT_FALSE(nothing.complete(3));
    EXPECT_EQ(run(this->loop, value_of(&c)), 1);
}

TYPED_TEST(completion_suite, the_outcome_comes_in_a_turn_of_its_own) {
    std::string order;
    run(this->loop, invoke([&]() -> task<> {
            completion<int> c{this->loop};
            c.get_completer().complete(1);
            EXPECT_FALSE(c.arrived());
            co_await yield();
            order += c.arrived() ? "late" : "arrives ";
            co_await yield();
            EXPECT_TRUE(c.arrived());
            order += std::to_string(co_await c.wait());
        }));
    EXPECT_EQ(order, "arrives 1");
}

/// Aligned more strictly than a pointer.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) wide {
    explicit wide(std::string t) : text{std::move(t)} {}
    wide(wide&&) noexcept = default;
    std::string text;
};

TYPED_TEST(completion_suite, values_of_all_kinds) {
    int there = 5;
    run(this->loop, invoke([&]() -> task<> {
            completion<> nothing{this->loop};
            nothing.get_completer().complete();
            co_await nothing.wait();
            completion<int&> reference{this->loop};
            reference.get_completer().complete(there);
            int& came = co_await reference.wait();
            EXPECT_EQ(&came, &there);
            completion<std::unique_ptr<int>> moves{this->loop};
            moves.get_completer().complete(std::make_unique<int>(7));
            const std::unique_ptr<int> owned = co_await moves.wait();
            EXPECT_EQ(*owned, 7);
            completion<wide> aligned{this->loop};
            completer<wide> by_hand = aligned.get_completer();
            EXPECT_TRUE(by_hand.complete("more strictly than a pointer"));
            const wide came_wide = co_await aligned.wait();
            EXPECT_EQ(came_wide.text, "more strictly than a pointer");
        }));
}

TYPED_TEST(completion_suite, an_error_comes_out_of_the_await) {
    completion<int> c{this->loop};
    EXPECT_TRUE(c.get_completer().fail(this->error("burnt")));
    EXPECT_THROW(run(this->loop, value_of(&c)), std::runtime_error);
    EXPECT_TRUE(this->unobserved.empty());
}

TYPED_TEST(completion_suite, the_last_completer_that_goes_unused_breaks_it) {
    completion<int> c{this->loop};
    std::optional<completer<int>> first{c.get_completer()};
    std::optional<completer<int>> second{*first};
    join_handle<int> main = spawn(this->loop, value_of(&c));
    first.reset();
    EXPECT_TRUE(second->wanted());
    second.reset();
    EXPECT_FALSE(c.get_completer().complete(1)) << "it is broken for good";
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_THROW(main.take(), broken_completion);
}

TYPED_TEST(completion_suite, completers_are_remotes_of_the_loop) {
    completion<int> c{this->loop};
    spawn(this->loop, value_of(&c)).detach();
    EXPECT_EQ(this->loop.run(), verdict::deadlocked) << "nobody could fulfil it";
    c.get_completer().complete(1);
    EXPECT_EQ(this->loop.run(), verdict::completed);
}

TYPED_TEST(completion_suite, a_cancelled_wait_leaves_the_completion_to_the_next) {
    run(this->loop, invoke([&]() -> task<> {
            completion<int> c{this->loop};
            completer<int> later = c.get_completer();
            const std::optional<int> none = co_await try_timeout(1s, value_of(&c));
            EXPECT_FALSE(none);
            EXPECT_TRUE(later.complete(8));
            const std::optional<int> some = co_await try_timeout(1s, value_of(&c));
            EXPECT_EQ(some, 8);
        }));
}

TYPED_TEST(completion_suite, an_outcome_that_was_handed_over_stays_with_its_task) {  // CANCEL-1
    completion<int> c{this->loop};
    join_handle<int> waits = spawn(this->loop, value_of(&c));
    run(this->loop, invoke([&]() -> task<> {
            co_await yield();
            c.get_completer().complete(3);
            EXPECT_TRUE(this->loop.get_remote().post([&] { EXPECT_TRUE(waits.cancel()); }));  // right behind
        }));
    EXPECT_EQ(waits.take(), 3);
}

TYPED_TEST(completion_suite, an_outcome_is_for_one_task) {
    completion<int> c{this->loop};
    completer<int> done = c.get_completer();
    join_handle<int> first = spawn(this->loop, value_of(&c));
    join_handle<int> second = spawn(this->loop, value_of(&c));
    run(this->loop, invoke([&]() -> task<> {
            co_await yield();
            co_await yield();
            done.complete(1);
        }));
    EXPECT_EQ(first.take(), 1);
    EXPECT_THROW(second.take(), std::logic_error);
    EXPECT_THROW(run(this->loop, value_of(&c)), std::logic_error);
}

TYPED_TEST(completion_suite, nothing_is_awaited_in_a_cancelled_scope) {  // CANCEL-3
    run(this->loop, invoke([&]() -> task<> {
            completion<int> c{this->loop};
            c.get_completer().complete(4);
            co_await yield();
            co_await yield();
            cancel_scope scope;
            scope.cancel();
            const std::optional<int> none = co_await scope.run(value_of(&c));
            EXPECT_FALSE(none);
            EXPECT_EQ(co_await c.wait(), 4);
        }));
}

// THREAD-3: the waiter has been cancelled, and its frame is gone, before the completer is used.
TYPED_TEST(completion_suite, whoever_comes_after_the_waiter_is_told) {
    std::optional<completer<std::shared_ptr<int>>> late;
    run(this->loop, invoke([&]() -> task<> {
            const bool done = co_await try_timeout(1s, invoke([&]() -> task<> {
                                                       completion<std::shared_ptr<int>> c{this->loop};
                                                       late.emplace(c.get_completer());
                                                       co_await c.wait();
                                                   }));
            EXPECT_FALSE(done);
        }));
    EXPECT_FALSE(late->wanted());
    const auto value = std::make_shared<int>(1);
    EXPECT_FALSE(late->complete(value));
    EXPECT_EQ(value.use_count(), 1) << "a value that nobody takes is dropped";
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_TRUE(this->unobserved.empty());
}

// It was accepted, and the waiter goes before it arrives.
TYPED_TEST(completion_suite, a_value_whose_waiter_goes_meanwhile_is_dropped) {
    const auto value = std::make_shared<int>(1);
    {
        completion<std::shared_ptr<int>> c{this->loop};
        EXPECT_TRUE(c.get_completer().complete(value));
    }
    EXPECT_EQ(value.use_count(), 2);
    this->collect();
    EXPECT_EQ(value.use_count(), 1);
}

TYPED_TEST(completion_suite, no_error_is_silent) {
    std::optional<completion<>> c;
    const auto failing = [&](const char* text) {
        c.emplace(this->loop);
        return c->get_completer().fail(this->error(text));
    };
    EXPECT_TRUE(failing("gone before it arrives"));
    c.reset();
    this->collect();
    EXPECT_TRUE(failing("arrived, and never awaited"));
    this->collect();
    c.reset();
    c.emplace(this->loop);
    completer<> late = c->get_completer();
    c.reset();
    EXPECT_TRUE(late.fail(this->error("gone before it fails")));
    this->collect();
    EXPECT_THAT(this->unobserved,
                ::testing::ElementsAre("callback: gone before it arrives", "callback: arrived, and never awaited",
                                       "callback: gone before it fails"));
}

TYPED_TEST(completion_suite, no_error_is_silent_that_is_under_way_when_the_loop_goes) {
    std::vector<std::string> told;
    const auto note = [](void* to, const context*, std::exception_ptr error) noexcept {
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            static_cast<std::vector<std::string>*>(to)->emplace_back(e.what());
        }
    };
    {
        galley::testing::virtual_driver driver;
        TypeParam loop{driver};
        loop.tasks().on_failure(note, &told);
        const auto waits = [](galley::loop* l, std::exception_ptr error) -> task<> {
            completion<> c{*l};
            EXPECT_TRUE(c.get_completer().fail(error));
            l->stop();
            co_await c.wait();
        };
        spawn(loop, waits(&loop, this->error("awaited"))).detach();
        EXPECT_EQ(loop.run(), verdict::stopped);
        std::optional<completion<>> c{std::in_place, loop};
        EXPECT_TRUE(c->get_completer().fail(this->error("given up")));
        c.reset();
    }
    EXPECT_THAT(told, ::testing::ElementsAre("awaited", "given up"));
}

TYPED_TEST(completion_suite, nobody_complains_of_a_broken_one_that_nobody_awaits) {
    std::optional<completion<>> c{std::in_place, this->loop};
    std::optional<completer<>> unused{c->get_completer()};
    unused.reset();
    c.reset();
    c.emplace(this->loop);
    unused.emplace(c->get_completer());
    c.reset();
    unused.reset();
    this->collect();
    EXPECT_TRUE(this->unobserved.empty());
}

TYPED_TEST(completion_suite, destruction_with_a_waiter_is_reported_to_it) {  // SYNC-3
    auto c = std::make_unique<completion<int>>(this->loop);
    completer<int> done = c->get_completer();
    join_handle<int> waits = spawn(this->loop, value_of(c.get()));
    run(this->loop, invoke([&]() -> task<> {
            co_await yield();
            c.reset();
        }));
    EXPECT_THROW(waits.take(), broken_wait);
    EXPECT_FALSE(done.complete(1));
}

// THREAD-3, POST-4: the loop has gone, and what was told to it before, too.
TYPED_TEST(completion_suite, a_completer_may_outlive_the_loop) {
    const auto value = std::make_shared<int>(1);
    using values = std::shared_ptr<int>;
    std::optional<completer<values>> unused, completes, fails;
    {
        galley::testing::virtual_driver driver;
        TypeParam loop{driver};
        for (auto* const kept : {&unused, &completes, &fails}) {
            spawn(loop,
                  [](galley::loop* l, std::optional<completer<values>>* out) -> task<> {
                      completion<values> c{*l};
                      out->emplace(c.get_completer());
                      co_await c.wait();
                  }(&loop, kept))
                .detach();
        }
        spawn(loop,
              [](galley::loop* l, values v) -> task<> {
                  completion<values> c{*l};
                  c.get_completer().complete(std::move(v));
                  l->stop();
                  co_await c.wait();
              }(&loop, value))
            .detach();
        EXPECT_EQ(loop.run(), verdict::stopped);
        EXPECT_EQ(value.use_count(), 2);
    }
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_FALSE(completes->complete(value));
    EXPECT_FALSE(fails->fail(this->error("nobody is left to be told")));
    EXPECT_EQ(value.use_count(), 1);
}

TYPED_TEST(completion_suite, is_named_in_reports) {
    completion<int> c{this->loop};
    spawn(this->loop, value_of(&c), "asker").detach();
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    EXPECT_EQ(describe_pending(this->loop), "  task 1 'asker': awaits completion\n");
    close(this->loop);
}

// Its threads live as long as the program, and may hold what they had of a loop for a moment longer than the loop: so
// it is no matter of a suite that counts descriptors.
TEST(the_pool_of_everybody, gives_what_a_call_gives) {
    fast::loop loop;
    run(loop, []() -> task<> {
        auto call = [] { return 3; };
        EXPECT_EQ(co_await to_thread(call), 3);
    }());
}

}  // namespace
}  // namespace galley::test
