// SPDX-License-Identifier: BSL-1.0
// Mistakes that are told at run time, each with its words. Those that the compiler tells are in mistakes/.
#include "loop_fixture.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace galley::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

template <class Loop>
class mistakes_suite : public on_loop<Loop> {
protected:
    /// What `body` is told, in a task of its own, by a std::exception.
    std::string told(std::function<task<>()> body) {
        try {
            run(this->loop, as_task(std::move(body)));
        } catch (const std::exception& e) {
            return e.what();
        }
        return "nothing";
    }
};
TYPED_TEST_SUITE(mistakes_suite, both_loops, loop_names);

task<int> give(int value) { co_return value; }

TYPED_TEST(mistakes_suite, a_task_awaited_twice) {
    EXPECT_EQ(this->told([]() -> task<> {
        task<int> once = give(1);
        static_cast<void>(co_await std::move(once));
        static_cast<void>(co_await std::move(once));  // NOLINT(bugprone-use-after-move)
    }),
              "galley::task: this task was moved from, awaited or spawned before");
}

TYPED_TEST(mistakes_suite, a_task_among_several_awaited_before) {
    EXPECT_EQ(this->told([]() -> task<> {
        std::vector<task<int>> bodies;
        bodies.push_back(give(1));
        bodies.push_back(give(2));
        static_cast<void>(co_await std::move(bodies.back()));
        static_cast<void>(co_await when_all(std::move(bodies)));
    }),
              "galley::task: this task was moved from, awaited or spawned before");
}

TYPED_TEST(mistakes_suite, a_task_joined_twice) {
    EXPECT_EQ(this->told([]() -> task<> {
        const join_handle<int> handle = co_await spawn_here(give(1));
        static_cast<void>(co_await handle.join());
        static_cast<void>(co_await handle.join());
    }),
              "galley: a task is joined once, and this one is being joined, or was, by somebody else");
}

TYPED_TEST(mistakes_suite, a_value_taken_before_it_is_there) {
    EXPECT_EQ(this->told([]() -> task<> {
        join_handle<int> handle = co_await spawn_here(give(1));
        static_cast<void>(handle.take());
    }),
              "galley: take() is for a task that has ended and was not joined");
}

TYPED_TEST(mistakes_suite, a_loop_run_from_inside_a_step) {
    EXPECT_THAT(this->told([this]() -> task<> {
        this->loop.run();
        co_return;
    }),
                HasSubstr("from inside a step"));
}

TYPED_TEST(mistakes_suite, a_scope_run_twice) {
    EXPECT_EQ(this->told([]() -> task<> {
        cancel_scope scope;
        static_cast<void>(co_await scope.run(give(1)));
        static_cast<void>(co_await scope.run(give(1)));
    }),
              "galley::cancel_scope: a scope is run once, and this one was run before");
}

TYPED_TEST(mistakes_suite, a_task_for_a_group_that_is_not_running) {
    EXPECT_EQ(this->told([]() -> task<> {
        task_group group;
        group.spawn(give(1));
        co_return;
    }),
              "galley::task_group: tasks can be started only while the group is running");
}

TYPED_TEST(mistakes_suite, a_race_of_nobody) {
    EXPECT_EQ(this->told([]() -> task<> { static_cast<void>(co_await when_any(std::vector<task<int>>{})); }),
              "galley::when_any: of no tasks none can be the first");
}

TYPED_TEST(mistakes_suite, something_destroyed_that_a_task_waits_for) {
    std::optional<event> e{std::in_place};
    EXPECT_EQ(this->told([&]() -> task<> {
        auto destroys = [&]() -> task<> {
            e.reset();
            co_return;
        };
        static_cast<void>(co_await when_all(e->wait(), destroys));
    }),
              "galley: what this task waited for was destroyed");
}

TYPED_TEST(mistakes_suite, a_wait_that_nobody_can_end) {
    event never;
    EXPECT_THAT(this->told([&]() -> task<> { co_await never.wait(); }),
                HasSubstr("deadlocked: nothing can wake the tasks that are left\n  task 1 'main': awaits wait"));
}

TYPED_TEST(mistakes_suite, an_await_that_the_loop_does_not_know) {
    TypeParam doomed{this->driver};
    try {
        run(doomed, []() -> task<> { co_await foreign_await{}; }());
        FAIL() << "nothing was said";
    } catch (const run_interrupted& e) {
        EXPECT_THAT(e.what(), HasSubstr("awaits something foreign"));
    }
}

TYPED_TEST(mistakes_suite, a_failure_that_nobody_takes) {
    TypeParam loop{this->driver};
    ::testing::internal::CaptureStderr();
    spawn(loop, []() -> task<> {
        co_await yield();
        throw std::runtime_error("burnt");
    }).detach();
    EXPECT_EQ(loop.run(), verdict::completed);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "galley: task 1 '' failed, and nobody took its outcome: burnt\n");
}

// The safe form of what no compiler tells: the lambda itself is given, not its call.
TYPED_TEST(mistakes_suite, a_lambda_that_is_given_lives_as_long_as_its_task) {
    std::string log;
    {
        const std::string text = "a text that is longer than what a string holds in place";
        spawn(this->loop, [text, &log]() -> task<> {
            co_await sleep_for(1s);
            log = text;
        }).detach();
    }
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(log, "a text that is longer than what a string holds in place");
}

#ifndef NDEBUG  // told by checked builds alone

// A death is a child's, and a child has loops of its own (LIFE-8): each is made there.
template <class Loop>
class mistakes_death_suite : public mistakes_suite<Loop> {
protected:
    template <class Main>
    static void run_anew(Main main) {
        Loop loop{};
        galley::run(loop, main(&loop));
    }
};
TYPED_TEST_SUITE(mistakes_death_suite, both_loops, loop_names);

TYPED_TEST(mistakes_death_suite, a_task_woken_from_another_thread) {
    const auto main = [](loop*) -> task<> {
        event e;
        const join_handle<> waits = co_await spawn_here(e.wait());
        co_await yield();
        std::thread{[&e] { e.set(); }}.join();
    };
    EXPECT_DEATH(this->run_anew(main), "a task was woken from another thread: post to its loop instead");
}

TYPED_TEST(mistakes_death_suite, a_task_spawned_from_another_thread) {
    const auto main = [](loop* l) -> task<> {
        std::thread{[l] { spawn(*l, give(1)).detach(); }}.join();
        co_return;
    };
    EXPECT_DEATH(this->run_anew(main), "a task was spawned from another thread: post to its loop instead");
}

TYPED_TEST(mistakes_death_suite, a_descriptor_that_blocks) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const auto main = [ends](loop*) -> task<> {
        std::byte some[1];
        static_cast<void>(co_await read(ends[0], some));
    };
    EXPECT_DEATH(this->run_anew(main), "an operation on a descriptor that blocks: set O_NONBLOCK");
    const auto looks = [ends](loop*) -> task<> { static_cast<void>(co_await writable(ends[1])); };
    this->run_anew(looks);  // who only asks for readiness does not block
    ::close(ends[0]);
    ::close(ends[1]);
}

// Between runs a loop is whoever's it is handed to.
TYPED_TEST(mistakes_death_suite, a_loop_that_does_not_run_may_be_used_from_the_thread_that_has_it) {
    event e;
    EXPECT_EQ(run(this->loop, give(1)), 1);
    std::thread{[&] {
        spawn(this->loop, e.wait()).detach();
        EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    }}.join();
    e.set();
    EXPECT_EQ(this->loop.run(), verdict::completed);
}

#endif

}  // namespace
}  // namespace galley::test
