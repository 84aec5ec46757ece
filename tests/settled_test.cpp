// SPDX-License-Identifier: BSL-1.0
// What is told as an answer instead of thrown: settled, try_join, try_timeout; and timeouts that throw, by both clocks.
#include "loop_fixture.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class settled_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(settled_suite, both_loops, loop_names);

task<int> give(int value) { co_return value; }
task<int> fails_after(duration d) {
    co_await sleep_for(d);
    throw std::runtime_error("burnt");
}
task<void> ends_cancelled() {
    co_await yield();
    throw cancelled{};
}

template <class T>
std::string told(settlement<T> ended) {
    switch (ended.how()) {
        case outcome::value: EXPECT_TRUE(ended.has_value()); return "value";
        case outcome::exception: try { std::rethrow_exception(ended.exception());
            } catch (const std::exception& e) {
                return e.what();
            }
        case outcome::cancelled: EXPECT_EQ(ended.exception(), nullptr); return "cancelled";
        case outcome::none: break;
    }
    return "none";
}

TYPED_TEST(settled_suite, an_await_that_is_settled_throws_nothing) {
    const auto body = [](event* e) -> task<void> {
        settlement<int> value = co_await settled(give(7));
        EXPECT_TRUE(value.has_value());
        EXPECT_EQ(value.take(), 7);
        settlement<int> failure = co_await settled(fails_after(1s));
        EXPECT_FALSE(failure.has_value());
        EXPECT_THROW(failure.take(), std::runtime_error);
        EXPECT_EQ(told(std::move(failure)), "burnt");
        settlement<void> cut = co_await settled(ends_cancelled());
        EXPECT_THROW(cut.take(), cancelled) << "in the same task: it is the caller's own";
        settlement<void> waited = co_await settled(e->wait());
        EXPECT_TRUE(waited.has_value());
        waited.take();
        settlement<loop&> here = co_await settled(this_loop{});
        loop& direct = co_await this_loop();
        EXPECT_EQ(&here.take(), &direct);
        settlement<std::unique_ptr<int>> owned =
            co_await settled([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); });
        EXPECT_EQ(*owned.take(), 3);
    };
    event set;
    set.set();
    run(this->loop, body(&set));
}

// What no handler can do: await something whatever became of the body, then pass that on.
task<void> cleans_up_in_any_case(std::vector<std::string>* log) {
    settlement<void> ended = co_await settled(sleep_for(1h));
    co_await shield(sleep_for(1s));
    log->push_back("cleaned up after: " + told(ended));
    ended.take();
    log->push_back("not passed on");
}

TYPED_TEST(settled_suite, what_was_settled_can_be_passed_on_after_clean_up) {  // CANCEL-3, CANCEL-6
    std::vector<std::string> log;
    const join_handle<> handle = spawn(this->loop, cleans_up_in_any_case(&log));
    spawn(this->loop,
          [](const join_handle<>* h) -> task<void> {
              co_await sleep_for(1s);
              h->cancel();
          }(&handle))
        .detach();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(this->loop.now(), instant{2s});
    EXPECT_EQ(log, std::vector<std::string>{"cleaned up after: cancelled"});
}

TYPED_TEST(settled_suite, all_that_are_settled_are_awaited_whatever_becomes_of_one) {
    const auto body = []() -> task<void> {
        auto [one, two] = co_await when_all(settled(fails_after(1s)), settled(sleep_for(2s)));
        EXPECT_EQ(told(std::move(one)), "burnt");
        EXPECT_EQ(told(std::move(two)), "value");
    };
    run(this->loop, body());
    EXPECT_EQ(this->loop.now(), instant{2s});
    EXPECT_TRUE(this->unobserved.empty());
}

TYPED_TEST(settled_suite, a_join_may_answer_how_its_task_ended) {  // TASK-2, TASK-3
    const auto body = [](loop* l) -> task<void> {
        const join_handle<int> gives = spawn(*l, give(1));
        const join_handle<int> fails = spawn(*l, fails_after(1s));
        const join_handle<> cut = spawn(*l, sleep_for(1h));
        settlement<int> value = co_await gives.try_join();
        EXPECT_EQ(value.take(), 1);
        settlement<int> failure = co_await fails.try_join();
        EXPECT_EQ(told(std::move(failure)), "burnt");
        cut.cancel();
        settlement<void> cancelled_one = co_await cut.try_join();
        EXPECT_EQ(told(cancelled_one), "cancelled");
        EXPECT_THROW(cancelled_one.take(), task_cancelled) << "another task's: nobody has cancelled this one";
        bool misused = false;
        try {
            static_cast<void>(co_await fails.try_join());
        } catch (const std::logic_error&) {
            misused = true;
        }
        EXPECT_TRUE(misused) << "TASK-2: an outcome has one owner";
    };
    run(this->loop, body(&this->loop));
    EXPECT_TRUE(this->unobserved.empty()) << "a failure that was an answer has reached somebody";
}

TYPED_TEST(settled_suite, a_join_that_is_cut_off_has_no_answer) {
    const auto body = [](loop* l) -> task<void> {
        const join_handle<int> fails = spawn(*l, fails_after(2s));
        const std::optional<settlement<int>> early = co_await try_timeout(1s, fails.try_join());
        EXPECT_FALSE(early);
        EXPECT_FALSE(fails.is_joined()) << "TASK-2: it let go at once";
        settlement<int> late = co_await fails.try_join();
        EXPECT_EQ(told(std::move(late)), "burnt");
    };
    run(this->loop, body(&this->loop));
    EXPECT_EQ(this->loop.now(), instant{2s});
    EXPECT_TRUE(this->unobserved.empty());
}

task<int> gives_all_the_same() {
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        co_return 8;
    }
    co_return 0;
}

TYPED_TEST(settled_suite, a_body_that_finishes_late_all_the_same_yields_its_value) {  // CANCEL-5, CANCEL-8
    const int thrown = run(this->loop, as_task(timeout(1s, gives_all_the_same())));
    EXPECT_EQ(thrown, 8);
    const std::optional<int> answered = run(this->loop, as_task(try_timeout(this->loop.now(), gives_all_the_same())));
    EXPECT_EQ(answered, 8);
    EXPECT_EQ(this->loop.now(), instant{1s});
}

TYPED_TEST(settled_suite, a_timeout_throws_or_gives_the_value) {  // CANCEL-5
    const auto body = []() -> task<std::string> {
        const int in_time = co_await timeout(5s, give(7));
        EXPECT_EQ(in_time, 7);
        co_await timeout(5s, sleep_for(1s));
        loop& here = co_await timeout(1s, this_loop());
        EXPECT_EQ(here.now(), instant{1s});
        try {
            static_cast<void>(co_await timeout(1s, fails_after(2s)));
        } catch (const timed_out& e) {
            co_return e.what();
        }
        co_return "";
    };
    EXPECT_EQ(run(this->loop, body()), "galley: the time was up");
    EXPECT_EQ(this->loop.now(), instant{2s});
}

// It is the outer one's: whoever catches the inner one's timed_out does not get to see it.
TYPED_TEST(settled_suite, a_timeout_inside_one_that_is_up_says_nothing) {  // CANCEL-5
    const auto inner = [](bool* swallowed) -> task<void> {
        try {
            co_await timeout(1s, sleep_for(1h));
        } catch (const timed_out&) {
            *swallowed = true;
        }
    };
    bool swallowed = false;
    const auto body = [inner](bool* s) -> task<bool> {
        const bool finished = co_await try_timeout(1s, inner(s));
        co_return finished;
    };
    EXPECT_FALSE(run(this->loop, body(&swallowed)));
    EXPECT_FALSE(swallowed);
}

TYPED_TEST(settled_suite, a_deadline_may_be_an_instant) {  // TIME-9
    const auto body = []() -> task<void> {
        co_await sleep_for(1s);
        const instant start = co_await now();
        const bool slept = co_await try_timeout(start + 2s, sleep_until(start + 1s));
        EXPECT_TRUE(slept);
        const bool late = co_await try_timeout(start + 2s, sleep_for(1h));
        EXPECT_FALSE(late);
        const instant at = co_await now();
        EXPECT_EQ(at - start, 2s) << "two waits under one deadline: it does not begin anew";
        const bool past = co_await try_timeout(start, sleep_for(1h));
        EXPECT_FALSE(past);
        const bool for_ever = co_await try_timeout(end_of_time, sleep_for(1h));
        EXPECT_TRUE(for_ever);
        bool thrown = false;
        try {
            co_await timeout(start, sleep_for(1h));
        } catch (const timed_out&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        cancel_scope scope{at + 2h};
        const bool finished = co_await scope.run(sleep_for(3h));
        EXPECT_FALSE(finished);
        const instant end = co_await now();
        EXPECT_EQ(end - at, 2h);
    };
    run(this->loop, body());
}

// TIME-6: an instant that is past is met at the next collect, so what ends before it has ended.
TYPED_TEST(settled_suite, a_deadline_that_is_past_leaves_time_for_what_need_not_wait) {
    semaphore permits{1};
    const auto takes_what_is_there = [](semaphore* s) -> task<int> {
        co_await s->acquire();
        co_return 3;
    };
    const int value = run(this->loop, as_task(timeout(epoch, takes_what_is_there(&permits))));
    EXPECT_EQ(value, 3);
}

}  // namespace
}  // namespace galley::test
