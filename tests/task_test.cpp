// SPDX-License-Identifier: BSL-1.0
// Tasks as a program sees them: calls, spawns, joins, outcomes, failures (TASK-1 to TASK-4, READY-6).
#include "loop_fixture.hpp"

#include <memory>
#include <stdexcept>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class task_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(task_suite, both_loops, loop_names);

task<int> give(int value) { co_return value; }
task<std::unique_ptr<int>> give_move_only(int value) { co_return std::make_unique<int>(value); }
task<int&> give_reference(int& value) { co_return value; }
task<int> fail_with(const char* what) {
    co_await yield();
    throw std::runtime_error(what);
}

task<int> calls() {
    const int sum = co_await give(40);
    const std::unique_ptr<int> owned = co_await give_move_only(1);
    int variable = 0;
    int& alias = co_await give_reference(variable);
    alias = 1;
    co_return sum + *owned + variable;
}

TYPED_TEST(task_suite, a_call_gives_values_move_only_values_and_references) { EXPECT_EQ(run(this->loop, calls()), 42); }

/// Aligned more strictly than a pointer, and as strictly as a variable of a coroutine may be.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) wide {
    explicit wide(std::string t) : text{std::move(t)} {}
    wide(wide&&) noexcept = default;
    std::string text;
};
task<wide> give_wide(std::string text) {
    co_await yield();
    co_return wide{std::move(text)};
}
task<std::string> takes_wide_values() {
    const wide called = co_await give_wide("a call's value, ");
    join_handle<wide> handle = co_await spawn_here(give_wide("a task's, "));
    const wide joined = co_await handle.join();
    std::vector<task<wide>> bodies;
    bodies.push_back(give_wide("one of many's"));
    const std::vector<wide> gathered = co_await when_all(std::move(bodies));
    co_return called.text + joined.text + gathered.front().text;
}

TYPED_TEST(task_suite, values_may_be_aligned_more_strictly_than_pointers) {
    EXPECT_EQ(run(this->loop, takes_wide_values()), "a call's value, a task's, one of many's");
}

task<std::string> joins_a_failure() {
    join_handle<int> handle = co_await spawn_here(fail_with("soup burnt"));
    try {
        static_cast<void>(co_await handle.join());
    } catch (const std::runtime_error& e) {
        co_return e.what();
    }
    co_return "no failure";
}

TYPED_TEST(task_suite, a_join_throws_what_the_task_threw_by_its_own_type) {
    EXPECT_EQ(run(this->loop, joins_a_failure()), "soup burnt");
    EXPECT_TRUE(this->unobserved.empty());
}

task<void> joins_twice(bool* refused) {
    join_handle<int> handle = co_await spawn_here(give(1));
    static_cast<void>(co_await handle.join());
    try {
        static_cast<void>(co_await handle.join());
    } catch (const std::logic_error&) {
        *refused = true;
    }
}

TYPED_TEST(task_suite, joining_twice_is_an_error) {
    bool refused = false;
    run(this->loop, joins_twice(&refused));
    EXPECT_TRUE(refused);
}

task<void> detaches_failures() {
    join_handle<int> first = co_await spawn_here(fail_with("dropped before its end"));
    first.detach();
    join_handle<int> second = co_await spawn_here(fail_with("dropped after its end"));
    co_await sleep_for(1s);
    second.detach();
}

TYPED_TEST(task_suite, no_failure_is_silent) {  // TASK-3
    run(this->loop, detaches_failures());
    EXPECT_EQ(this->unobserved, (std::vector<std::string>{"2: dropped before its end", "3: dropped after its end"}));
}

TEST(task_close, a_failure_that_nobody_took_is_reported_at_close) {
    int reports = 0;
    testing::virtual_driver driver;
    join_handle<int> kept;
    {
        ref::loop loop{driver};
        loop.tasks().on_failure([](void* n, const context*, std::exception_ptr) noexcept { ++*static_cast<int*>(n); },
                                &reports);
        kept = spawn(loop, fail_with("kept"));
        EXPECT_EQ(loop.run(), verdict::completed);
        EXPECT_EQ(reports, 0);
    }
    EXPECT_EQ(reports, 1);
}

task<void> waits(event* never) { co_await never->wait(); }
task<void> waits_behind_a_shield(event* never) { co_await shield(waits(never)); }

task<void> body_fails(event* never) {
    task_group group;
    co_await group.run([&]() -> task<void> {
        group.spawn(waits_behind_a_shield(never));
        co_await yield();
        throw std::runtime_error("the body");
    });
}

TEST(task_close, the_failure_of_a_groups_body_is_reported_if_the_group_is_destroyed) {
    std::vector<std::string> reports;
    testing::virtual_driver driver;
    event never;
    {
        fast::loop loop{driver};
        loop.tasks().on_failure(
            [](void* all, const context* task, std::exception_ptr) noexcept {
                static_cast<std::vector<std::string>*>(all)->push_back(std::to_string(task->id()));
            },
            &reports);
        const join_handle<> kept = spawn(loop, body_fails(&never));
        EXPECT_EQ(loop.run(), verdict::deadlocked);
        EXPECT_TRUE(reports.empty());
    }
    EXPECT_EQ(reports, std::vector<std::string>{"1"});
}

/// Writes down when it is destroyed.
struct farewell {
    farewell(std::vector<std::string>& log, std::string text) : log_{&log}, text_{std::move(text)} {}
    farewell(farewell&& other) noexcept : log_{std::exchange(other.log_, nullptr)}, text_{std::move(other.text_)} {}
    farewell& operator=(farewell&&) = delete;
    ~farewell() {
        if (log_ != nullptr) {
            log_->push_back(text_);
        }
    }
    std::vector<std::string>* log_;
    std::string text_;
};

task<void> with_parameter(farewell, std::vector<std::string>* log) {
    const farewell local{*log, "local"};
    co_await yield();
}
task<void> joins_with_log(std::vector<std::string>* log) {
    join_handle<> handle = co_await spawn_here(with_parameter(farewell{*log, "parameter"}, log));
    co_await handle.join();
    log->push_back("joined");
}

TYPED_TEST(task_suite, locals_and_parameters_are_gone_before_the_joiner_goes_on) {  // READY-6
    std::vector<std::string> log;
    run(this->loop, joins_with_log(&log));
    EXPECT_EQ(log, (std::vector<std::string>{"local", "parameter", "joined"}));
}

task<void> calls_with_log(std::vector<std::string>* log) {
    co_await with_parameter(farewell{*log, "parameter"}, log);
    log->push_back("returned");
}

TYPED_TEST(task_suite, a_call_destroys_its_parameters_as_a_function_would) {
    std::vector<std::string> log;
    run(this->loop, calls_with_log(&log));
    EXPECT_EQ(log, (std::vector<std::string>{"local", "parameter", "returned"}));
}

task<void> holds(std::vector<std::string>* log, std::string name, event* never) {
    const farewell outer{*log, name + " outer"};
    const auto inner = [](std::vector<std::string>* l, std::string n, event* e) -> task<void> {
        const farewell here{*l, n + " inner"};
        co_await e->wait();
    };
    co_await inner(log, name, never);
}

TYPED_TEST(task_suite, a_loop_destroys_tasks_in_reverse_start_order_innermost_frame_first) {  // LIFE-5
    std::vector<std::string> log;
    event never;
    {
        TypeParam loop{this->driver};
        spawn(loop, holds(&log, "first", &never)).detach();
        spawn(loop, holds(&log, "second", &never)).detach();
        EXPECT_EQ(loop.run(), verdict::deadlocked);
    }
    EXPECT_EQ(log, (std::vector<std::string>{"second inner", "second outer", "first inner", "first outer"}));
}

task<int> gathers() {
    auto [a, b, nothing] = co_await when_all(give(1), give_move_only(2), [](int) -> task<void> { co_return; }(0));
    static_cast<void>(nothing);
    std::vector<task<int>> more;
    for (int i = 0; i < 10; ++i) {
        more.push_back(give(i));
    }
    int sum = a + *b;
    const std::vector<int> values = co_await when_all(std::move(more));
    for (const int v : values) {
        sum += v;
    }
    co_return sum;
}

TYPED_TEST(task_suite, when_all_gives_values_of_different_types) { EXPECT_EQ(run(this->loop, gathers()), 48); }

task<int> sleeps(std::chrono::nanoseconds d, int value) {
    co_await sleep_for(d);
    co_return value;
}
task<int> fails_after(std::chrono::nanoseconds d, const char* what) {
    co_await sleep_for(d);
    throw std::runtime_error{what};
}
task<std::string> gathers_failures() {
    try {
        static_cast<void>(co_await when_all(sleeps(5s, 5), fails_after(3s, "later"), fails_after(1s, "first")));
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "nothing";
}

TYPED_TEST(task_suite, when_all_of_different_types_throws_what_failed_first) {  // TASK-6
    EXPECT_EQ(run(this->loop, gathers_failures()), "first");
    EXPECT_EQ(this->loop.now(), instant{1s});
}

task<void> gathers_in(cancel_scope* scope) {
    scope->cancel();
    static_cast<void>(co_await when_all(sleeps(1s, 1), give(2)));
    ADD_FAILURE() << "nothing starts in a scope that is cancelled";
}
task<bool> gathers_too_late() {
    cancel_scope scope;
    const bool finished = co_await scope.run(gathers_in(&scope));
    co_return finished;
}

TYPED_TEST(task_suite, when_all_of_different_types_starts_nothing_in_a_cancelled_scope) {  // CANCEL-3
    EXPECT_FALSE(run(this->loop, gathers_too_late()));
    EXPECT_EQ(this->loop.now(), epoch);
}

task<int> races() {
    const auto first = co_await when_any(sleeps(5s, 5), sleeps(3s, 3));
    co_return first.index() == 1 ? std::get<1>(first) : -1;
}

TYPED_TEST(task_suite, when_any_gives_the_first_and_does_not_wait_for_the_rest) {
    EXPECT_EQ(run(this->loop, races()), 3);
    EXPECT_EQ(this->loop.now(), instant{3s});
}

task<void> invokes(int* result) {
    auto owned = std::make_unique<int>(42);
    auto work = [kept = std::move(owned), result]() -> task<void> {  // a variable of its own: see tests/hazards.py
        co_await sleep_for(1s);
        *result = *kept;  // the capture must be alive though the lambda expression is long over
    };
    join_handle<> handle = co_await spawn_here(invoke(std::move(work)));
    co_await handle.join();
}

TYPED_TEST(task_suite, of_no_tasks_none_can_be_the_first) {
    const auto body = []() -> task<void> { static_cast<void>(co_await when_any(std::vector<task<int>>{})); };
    EXPECT_THROW(run(this->loop, body()), std::logic_error);
}

TYPED_TEST(task_suite, invoke_keeps_the_callable) {
    int result = 0;
    run(this->loop, invokes(&result));
    EXPECT_EQ(result, 42);
}

task<void> runs_the_loop(loop* l, std::string* what) {
    try {
        l->run();
    } catch (const std::logic_error& e) {
        *what = e.what();
    }
    co_return;
}

TYPED_TEST(task_suite, run_inside_a_step_is_an_error) {  // LIFE-4
    std::string what;
    run(this->loop, runs_the_loop(&this->loop, &what));
    EXPECT_NE(what.find("run"), std::string::npos);
}

task<void> waits_for_ever(event* e) { co_await e->wait(); }

TYPED_TEST(task_suite, a_deadlock_names_the_task_and_what_it_awaits) {
    event never;
    try {
        run(this->loop, waits_for_ever(&never), "dish washer");
        FAIL() << "no deadlock was reported";
    } catch (const run_interrupted& e) {
        EXPECT_EQ(e.why, verdict::deadlocked);
        EXPECT_NE(std::string{e.what()}.find("task 1 'dish washer': awaits wait\n"), std::string::npos) << e.what();
    }
}

task<void> is_short_of_budget(event* set) {
    co_await sleep_for(1s);
    co_await set->wait();
}
task<void> looks_at_task_1(const galley::loop* l) {
    co_await sleep_for(1s);
    const context& task = *l->tasks().pending_tasks().front();
    EXPECT_EQ(task.id(), 1U);
    EXPECT_EQ(task.current_state(), context::state::ready);
}

TYPED_TEST(task_suite, a_task_that_used_up_its_budget_is_ready_again) {  // READY-5
    TypeParam loop{this->driver, loop_options{.resolution_bits = 0, .budget = 1}};
    event set;
    set.set();
    spawn(loop, is_short_of_budget(&set)).detach();
    spawn(loop, looks_at_task_1(&loop)).detach();
    EXPECT_EQ(loop.run(), verdict::completed);
}

task<void> throws_a_pointer() {
    co_await yield();
    throw std::make_shared<int>(1);
}
task<std::weak_ptr<int>> takes_what_is_thrown() {
    auto handle = co_await spawn_here(throws_a_pointer());
    try {
        co_await handle.join();
    } catch (const std::shared_ptr<int>& thrown) {
        co_return thrown;
    }
    co_return std::weak_ptr<int>{};
}

TYPED_TEST(task_suite, an_exception_goes_when_it_was_taken) {
    const std::weak_ptr<int> thrown = run(this->loop, takes_what_is_thrown());
    EXPECT_TRUE(thrown.expired()) << thrown.use_count();
    EXPECT_TRUE(this->unobserved.empty());
}

TYPED_TEST(task_suite, a_task_that_is_assigned_is_the_one_that_runs) {
    task<int> one = give(1);
    one = give(2);
    EXPECT_EQ(run(this->loop, std::move(one)), 2);
}

TYPED_TEST(task_suite, a_moved_from_task_cannot_be_spawned) {
    task<int> once = give(1);
    [[maybe_unused]] const task<int> taken = std::move(once);
    EXPECT_THROW(static_cast<void>(spawn(this->loop, std::move(once))),
                 std::logic_error);  // NOLINT(bugprone-use-after-move)
}

TYPED_TEST(task_suite, an_awaited_task_that_was_moved_from_is_an_error_not_a_crash) {
    bool refused = false;
    run(this->loop, [](bool* r) -> task<void> {
        task<int> once = give(1);
        [[maybe_unused]] const task<int> taken = std::move(once);
        try {
            static_cast<void>(co_await std::move(once));  // NOLINT(bugprone-use-after-move)
        } catch (const std::logic_error&) {
            *r = true;
        }
    }(&refused));
    EXPECT_TRUE(refused);
}

task<void> awaits_something_foreign() {
    static_cast<void>(co_await give(1));  // a call that is over: its frame is gone
    co_await foreign_await{};
}

TYPED_TEST(task_suite, a_task_that_awaits_something_foreign_shows_in_the_deadlock_and_is_destroyed) {
    try {
        TypeParam loop{this->driver};
        run(loop, [](int) -> task<void> { co_await awaits_something_foreign(); }(0));
        FAIL() << "no deadlock was reported";
    } catch (const run_interrupted& e) {
        EXPECT_NE(std::string{e.what()}.find("awaits something foreign"), std::string::npos) << e.what();
    }
}

TYPED_TEST(task_suite, a_keep_alive_delays_completed) {  // LIFE-3
    {
        const keep_alive service{this->loop};
        EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    }
    EXPECT_EQ(this->loop.run(), verdict::completed);
}

TYPED_TEST(task_suite, a_callback_that_throws_is_reported) {
    spawn(this->loop, sleeps(1s, 0)).detach();
    EXPECT_TRUE(this->loop.get_remote().post([] { throw std::runtime_error("from a post"); }));
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(this->unobserved, std::vector<std::string>{"callback: from a post"});
}

TYPED_TEST(task_suite, options_out_of_range_are_refused) {
    EXPECT_THROW((TypeParam{this->driver, loop_options{.resolution_bits = 41}}), std::invalid_argument);
    EXPECT_THROW((TypeParam{this->driver, loop_options{.ask_every = 0}}), std::invalid_argument);
    EXPECT_THROW((TypeParam{this->driver, loop_options{.budget = 0}}), std::invalid_argument);
}

}  // namespace
}  // namespace galley::test
