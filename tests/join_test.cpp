// SPDX-License-Identifier: BSL-1.0
// Joins and handles beside their usual way: what cannot be taken, what is dropped or kept, what was cancelled (TASK-2).
#include "loop_fixture.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class join_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(join_suite, both_loops, loop_names);

task<void> does_nothing() { co_return; }
task<int> give(int value) { co_return value; }

TYPED_TEST(join_suite, only_what_has_ended_and_was_not_joined_can_be_taken) {
    join_handle<int> handle = spawn(this->loop, give(1));
    join_handle<int> joined = spawn(this->loop, give(2));
    EXPECT_THROW(handle.take(), std::logic_error);
    join_handle<int> again = spawn(this->loop, give(3));
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(again.take(), 3);
    EXPECT_EQ(run(this->loop, [](join_handle<int>* h) -> task<int> { co_return co_await h->join(); }(&joined)), 2);
    EXPECT_THROW(joined.take(), std::logic_error);
}

// A join that is not awaited (any more) leaves alone what its task waits for now.
TYPED_TEST(join_suite, a_join_may_be_kept_or_dropped) {
    event never;
    bool gone = false;
    struct notes_its_end {
        ~notes_its_end() { *gone = true; }
        bool* gone;
    };
    {
        TypeParam loop{this->driver};
        spawn(loop,
              [](event* e, bool* end) -> task<void> {
                  const notes_its_end note{end};
                  const join_handle<int> one = co_await spawn_here(give(1));
                  const join_handle<int> two = co_await spawn_here(give(2));
                  static_cast<void>(two.join());
                  auto join = one.join();
                  const int value = co_await std::move(join);
                  EXPECT_EQ(value, 1);
                  co_await e->wait();
              }(&never, &gone))
            .detach();
        EXPECT_EQ(loop.run(), verdict::deadlocked);
        EXPECT_FALSE(gone);
    }
    EXPECT_TRUE(gone);
    never.set();  // nobody is left there
}

TYPED_TEST(join_suite, joining_a_cancelled_task_says_so) {
    const join_handle<> handle = spawn(this->loop, does_nothing());
    handle.cancel();
    const auto joins = [](const join_handle<>* h) -> task<std::string> {
        try {
            co_await h->join();
        } catch (const std::exception& e) {
            co_return e.what();
        }
        co_return "";
    };
    EXPECT_EQ(run(this->loop, joins(&handle)), "galley: the awaited task was cancelled");
}

task<int> simmers(bool* ended) {
    co_await sleep_for(1s);
    *ended = true;
    co_return 7;
}

// TASK-8: a handle owns its task.
TYPED_TEST(join_suite, a_handle_that_goes_cancels_its_task) {
    bool first = false;
    bool second = false;
    bool third = false;
    bool fourth = false;
    const auto body = [](bool* dropped, bool* replaced, bool* detached, bool* kept) -> task<join_handle<int>> {
        {
            const join_handle<int> goes = co_await spawn_here(simmers(dropped));
            co_await yield();
        }
        join_handle<int> handle = co_await spawn_here(simmers(replaced));
        handle = co_await spawn_here(simmers(detached));
        handle.detach();
        EXPECT_FALSE(handle);
        handle = co_await spawn_here(simmers(kept));
        join_handle<int> moved = std::move(handle);
        co_return moved;
    };
    join_handle<int> left = run(this->loop, body(&first, &second, &third, &fourth));
    EXPECT_EQ(left.take(), 7);
    EXPECT_FALSE(first);
    EXPECT_FALSE(second);
    EXPECT_TRUE(third);
    EXPECT_TRUE(fourth);
    EXPECT_EQ(this->loop.now(), instant{1s});
    EXPECT_TRUE(this->unobserved.empty());
}

// As any cancellation: what it meets ends in its own time, and is not silent (TASK-3).
TYPED_TEST(join_suite, a_task_that_fails_as_its_handle_goes_is_reported) {
    const auto fails = []() -> task<> {
        settlement<void> ended = co_await settled(sleep_for(1h));
        EXPECT_EQ(ended.how(), outcome::cancelled);
        throw std::runtime_error("while it was stopped");
    };
    const auto body = [](auto start) -> task<> {
        const join_handle<> goes = co_await spawn_here(start());
        co_await yield();
    };
    run(this->loop, body(fails));
    EXPECT_EQ(this->unobserved, std::vector<std::string>{"2: while it was stopped"});
}

// A loop that is destroyed destroys what was started last first (LIFE-5): here the one that holds the handle, while the
// task that it is of still waits. That is not cancelled any more: its join would be withdrawn, and then go once more.
TYPED_TEST(join_suite, handles_that_go_with_their_loop_cancel_nothing) {
    event never;
    join_handle<> outlives;
    {
        TypeParam loop{this->driver};
        const auto joins = [](join_handle<> of) -> task<> { co_await of.join(); };
        const auto holds = [](join_handle<> held, event* e) -> task<> {
            co_await e->wait();
            held.detach();
        };
        join_handle<> waits = spawn(loop, never.wait());
        join_handle<> joining = spawn(loop, joins(std::move(waits)));
        outlives = spawn(loop, holds(std::move(joining), &never));
        EXPECT_EQ(loop.run(), verdict::deadlocked);
    }
    EXPECT_TRUE(outlives.ended());
}

/// Keeps the handle of its own task in the frame of a caller: when that goes with the loop, the await is gone already,
/// though the task has not ended.
TYPED_TEST(join_suite, a_handle_that_goes_with_its_own_task_interrupts_nobody) {
    struct holder {
        join_handle<> own;
    };
    event never;
    const auto waits = [](event* e) -> task<> { co_await e->wait(); };
    const auto outer = [](std::shared_ptr<holder> held, auto inner, event* e) -> task<> {
        const std::shared_ptr<holder> last = std::move(held);
        co_await inner(e);
    };
    std::weak_ptr<holder> watched;
    {
        TypeParam loop{this->driver};
        auto held = std::make_shared<holder>();
        watched = held;
        join_handle<> own = spawn(loop, outer(held, waits, &never));
        std::exchange(held, nullptr)->own = std::move(own);
        EXPECT_EQ(loop.run(), verdict::deadlocked);
        EXPECT_FALSE(watched.expired());
    }
    EXPECT_TRUE(watched.expired());
}

TYPED_TEST(join_suite, a_main_that_was_interrupted_goes_on_in_the_next_run) {
    bool ended = false;
    const auto main = [](loop* l, bool* e) -> task<> {
        l->stop();
        co_await yield();
        *e = true;
    };
    EXPECT_THROW(run(this->loop, main(&this->loop, &ended)), run_interrupted);
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace galley::test
