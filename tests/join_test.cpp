// SPDX-License-Identifier: BSL-1.0
// Joins and handles beside their usual way: what cannot be taken, what is dropped or kept, what was cancelled (TASK-2).
#include "loop_fixture.hpp"

#include <exception>
#include <string>

namespace galley::test {
namespace {

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
                  const join_handle<int> one = co_await spawn(give(1));
                  const join_handle<int> two = co_await spawn(give(2));
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

}  // namespace
}  // namespace galley::test
