// SPDX-License-Identifier: BSL-1.0
// Cancellation as a program sees it (CANCEL-1 to CANCEL-7, TASK-6).
#include "loop_fixture.hpp"

#include <memory>
#include <optional>
#include <stdexcept>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class cancel_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(cancel_suite, both_loops, loop_names);

task<int> simmers(std::chrono::nanoseconds d) {
    co_await sleep_for(d);
    co_return 7;
}

task<std::string> times_out() {
    const std::optional<int> late = co_await try_timeout(1s, simmers(5s));
    const std::optional<int> in_time = co_await try_timeout(5s, simmers(1s));
    co_return std::string{late ? "value " : "timeout "} + (in_time ? "value" : "timeout");
}

TYPED_TEST(cancel_suite, a_timeout_gives_nothing_or_the_value) {
    EXPECT_EQ(run(this->loop, times_out()), "timeout value");
    EXPECT_EQ(this->loop.now(), instant{2s});
}

task<void> catches_everything(std::vector<std::string>* log) {
    for (int i = 0; i < 3; ++i) {
        try {
            co_await sleep_for(1s);
            log->push_back("slept");
        } catch (const std::exception&) {
            log->push_back("a std::exception");  // `cancelled` is none, so code that handles errors does not swallow it
        } catch (...) {
            log->push_back("cancelled");
        }
    }
}
task<bool> level_triggered(std::vector<std::string>* log) {
    const bool finished = co_await try_timeout(500ms, catches_everything(log));
    co_return finished;
}

TYPED_TEST(cancel_suite,
           a_cancelled_scope_stays_cancelled_and_a_body_that_finishes_yields_its_value) {  // CANCEL-3, CANCEL-5
    std::vector<std::string> log;
    EXPECT_TRUE(run(this->loop, level_triggered(&log)));
    EXPECT_EQ(log, (std::vector<std::string>{"cancelled", "cancelled", "cancelled"}));
    EXPECT_EQ(this->loop.now(), instant{500ms});
}

task<void> cleans_up(std::vector<std::string>* log) {
    co_await sleep_for(1s);
    log->push_back("cleaned up");
}
task<void> shielded_clean_up(std::vector<std::string>* log) {
    bool cut_off = false;
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        cut_off = true;  // co_await is not allowed in a handler
    }
    if (cut_off) {
        co_await shield(cleans_up(log));
        throw cancelled{};
    }
}

TYPED_TEST(cancel_suite, a_shield_lets_clean_up_await) {
    std::vector<std::string> log;
    join_handle<> handle = spawn(this->loop, shielded_clean_up(&log));
    spawn(this->loop,
          [](join_handle<>* h) -> task<void> {
              co_await sleep_for(1s);
              h->cancel();
          }(&handle))
        .detach();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(log, std::vector<std::string>{"cleaned up"});
    EXPECT_THROW(handle.take(), task_cancelled);
}

task<void> burns(const char* what) {
    co_await sleep_for(1s);
    throw std::runtime_error(what);
}
task<std::string> group_with_failures() {
    task_group group;
    try {
        static_cast<void>(co_await group.run([&]() -> task<void> {
            group.spawn(burns("first"));
            group.spawn(burns("second"));
            group.spawn(simmers(1h));
            co_return;
        }));
    } catch (const std::runtime_error& e) {
        co_return e.what();
    }
    co_return "no failure";
}

TYPED_TEST(cancel_suite, a_shield_gives_what_its_body_gives) {
    const auto body = []() -> task<int> {
        const int value = co_await shield(simmers(1s));
        co_return value;
    };
    EXPECT_EQ(run(this->loop, body()), 7);
}

TYPED_TEST(cancel_suite, a_groups_first_failure_is_thrown_the_rest_cancelled_none_lost) {  // TASK-6
    EXPECT_EQ(run(this->loop, group_with_failures()), "first");
    EXPECT_EQ(this->unobserved, std::vector<std::string>{"3: second"});
    EXPECT_EQ(this->loop.now(), instant{1s});
}

task<bool> cancels_its_own_group() {
    task_group group;
    const bool finished = co_await group.run([&]() -> task<void> {
        group.spawn([](task_group* g) -> task<void> {
            co_await yield();
            g->cancel();
            co_await sleep_for(1h);
        }(&group));
        co_await sleep_for(1h);
    });
    co_return finished;
}

TYPED_TEST(cancel_suite, a_child_may_cancel_its_own_group) {  // fault C4
    EXPECT_FALSE(run(this->loop, cancels_its_own_group()));
    EXPECT_EQ(this->loop.now(), epoch);
}

task<int> ends_cancelled() {
    co_await yield();
    throw cancelled{};
}

// CANCEL-6: nobody cancelled the one who waits, so it learns that there is no value; a group wants none.
TYPED_TEST(cancel_suite, a_child_that_ends_cancelled_by_itself_does_not_cancel_its_owner) {
    const auto all = []() -> task<bool> {
        try {
            static_cast<void>(co_await when_all(ends_cancelled(), simmers(1s)));
        } catch (const task_cancelled&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(run(this->loop, all()));
    EXPECT_EQ(this->loop.now(), instant{1s});
    const auto any = []() -> task<bool> {
        try {
            static_cast<void>(co_await when_any(ends_cancelled(), simmers(1h)));
        } catch (const task_cancelled&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(run(this->loop, any()));
    EXPECT_EQ(this->loop.now(), instant{1s});
    const auto in_group = []() -> task<bool> {
        task_group group;
        const bool finished = co_await group.run([&]() -> task<void> {
            group.spawn(ends_cancelled());
            co_await sleep_for(1s);
        });
        co_return finished;
    };
    EXPECT_TRUE(run(this->loop, in_group()));
}

// TASK-6: whoever fails first, the body or a task, comes out of the await; the other goes to the handler.
TYPED_TEST(cancel_suite, of_a_groups_body_and_task_the_first_failure_is_thrown) {
    const auto body_fails_after = [](duration d) -> task<std::string> {
        task_group group;
        try {
            static_cast<void>(co_await group.run([&]() -> task<void> {
                group.spawn(invoke([]() -> task<void> {
                    static_cast<void>(co_await shield(simmers(2s)));
                    throw std::runtime_error("task");
                }));
                static_cast<void>(co_await shield(simmers(d)));
                throw std::runtime_error("body");
            }));
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "no failure";
    };
    EXPECT_EQ(run(this->loop, body_fails_after(1s)), "body");
    EXPECT_EQ(run(this->loop, body_fails_after(3s)), "task");
    EXPECT_EQ(this->unobserved, (std::vector<std::string>{"2: task", "3: body"}));
}

task<void> never_runs(bool* ran) {
    *ran = true;
    co_return;
}

TYPED_TEST(cancel_suite, a_task_cancelled_before_its_first_step_tells_its_owner) {  // CANCEL-2, fault C3
    bool ran = false;
    join_handle<> handle = spawn(this->loop, never_runs(&ran));
    EXPECT_TRUE(handle.cancel());
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_FALSE(ran);
    EXPECT_FALSE(handle.cancel());  // CANCEL-4
    EXPECT_THROW(handle.take(), task_cancelled);
}

TYPED_TEST(cancel_suite, a_group_that_is_not_running_takes_no_tasks) {
    task_group group;
    EXPECT_THROW(group.spawn(simmers(1s)), std::logic_error);
    EXPECT_FALSE(group.cancel());
}

TYPED_TEST(cancel_suite, a_group_whose_body_cannot_be_made_leaves_no_scope_open) {
    EXPECT_THROW(run(this->loop,
                     []() -> task<void> {
                         task_group group;
                         static_cast<void>(
                             co_await group.run([]() -> task<void> { throw std::runtime_error("no body"); }));
                     }()),
                 std::runtime_error);
}

// Only what resumes it could end such a wait.
TYPED_TEST(cancel_suite, a_task_that_awaits_something_foreign_is_not_reached) {
    TypeParam loop{this->driver};
    const join_handle<> handle = spawn(loop, []() -> task<void> { co_await foreign_await{}; }());
    EXPECT_EQ(loop.run(), verdict::deadlocked);
    EXPECT_TRUE(handle.cancel());
    EXPECT_EQ(loop.run(), verdict::deadlocked);
    EXPECT_FALSE(handle.ended());
}

TYPED_TEST(cancel_suite, a_scope_is_run_once) {
    EXPECT_THROW(run(this->loop,
                     []() -> task<void> {
                         cancel_scope scope;
                         static_cast<void>(co_await scope.run(simmers(1s)));
                         static_cast<void>(co_await scope.run(simmers(1s)));
                     }()),
                 std::logic_error);
}

task<void> keeps(std::shared_ptr<int> kept) {
    co_await sleep_for(1s);
    static_cast<void>(kept);
}

TYPED_TEST(cancel_suite, a_scope_that_is_not_awaited_frees_its_body) {
    auto kept = std::make_shared<int>(1);
    const std::weak_ptr<int> seen = kept;
    cancel_scope scope;
    {
        [[maybe_unused]] const auto call = scope.run(keeps(std::move(kept)));
        EXPECT_FALSE(seen.expired());
    }
    EXPECT_TRUE(seen.expired());
}

task<void> times_out_later(std::chrono::nanoseconds d) { static_cast<void>(co_await try_timeout(d, simmers(1h))); }

// The last to start is destroyed first. What it leaves in the loop would be met by the first;
// address sanitizer sees it.
TYPED_TEST(cancel_suite, a_loop_may_be_destroyed_with_timeouts_and_sleeps_that_end_together) {
    TypeParam loop{this->driver};
    spawn(loop, simmers(1s)).detach();
    spawn(loop, times_out_later(1s)).detach();
    spawn(loop,
          [](galley::loop* l) -> task<void> {
              co_await yield();
              l->stop();
          }(&loop))
        .detach();
    EXPECT_EQ(loop.run(), verdict::stopped);
}

TYPED_TEST(cancel_suite, a_scope_cancelled_before_it_is_run_cancels_its_body_at_once) {
    const auto body = []() -> task<bool> {
        cancel_scope scope;
        EXPECT_TRUE(scope.cancel());
        EXPECT_FALSE(scope.cancel()) << "it was cancelled before";
        const std::optional<int> value = co_await scope.run(simmers(1h));
        co_return value.has_value();
    };
    EXPECT_FALSE(run(this->loop, body()));
    EXPECT_EQ(this->loop.now(), epoch);
}

TYPED_TEST(cancel_suite, an_orderly_close_runs_every_task_to_its_end) {  // LIFE-6
    std::vector<std::string> log;
    spawn(this->loop, shielded_clean_up(&log)).detach();
    spawn(this->loop,
          [](loop* l) -> task<void> {
              l->stop();
              co_return;
          }(&this->loop))
        .detach();
    EXPECT_EQ(this->loop.run(), verdict::stopped);
    EXPECT_EQ(close(this->loop), verdict::completed);
    EXPECT_EQ(log, std::vector<std::string>{"cleaned up"});
}

}  // namespace
}  // namespace galley::test
