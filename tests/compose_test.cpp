// SPDX-License-Identifier: BSL-1.0
// Whatever can be awaited can be given to whatever runs tasks: each to each, ended, timed out and cancelled.
#include "loop_fixture.hpp"

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class compose_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(compose_suite, both_loops, loop_names);

task<int> give(int value) { co_return value; }

/// To everything that takes something to await; each time `make()` makes a new one.
template <class Make>
task<int> give_to_everything(Make make) {
    int given = 0;
    static_cast<void>(co_await try_timeout(1h, make()));
    ++given;
    static_cast<void>(co_await timeout(1h, make()));
    ++given;
    static_cast<void>(co_await settled(make()));
    ++given;
    static_cast<void>(co_await shield(make()));
    ++given;
    cancel_scope scope;
    static_cast<void>(co_await scope.run(make()));
    ++given;
    static_cast<void>(co_await when_all(make(), make()));
    ++given;
    static_cast<void>(co_await when_any(make(), make()));
    ++given;
    std::vector<decltype(make())> several;
    several.push_back(make());
    if constexpr (std::is_void_v<value_from<decltype(make())>>) {
        co_await when_all(std::move(several));
    } else {
        static_cast<void>(co_await when_all(std::move(several)));
    }
    ++given;
    loop& here = co_await this_loop();
    const auto handle = spawn(here, make());
    static_cast<void>(co_await handle.join());
    ++given;
    task_group group;
    static_cast<void>(co_await group.run([&]() -> task<void> {
        group.spawn(make());
        co_return;
    }));
    co_return ++given;
}

TYPED_TEST(compose_suite, everything_can_be_given_to_everything) {
    event set;
    set.set();
    semaphore permits{100};
    queue<int> full{100};
    while (full.size() < 50) {
        run(this->loop, as_task(full.put(1)));
    }
    const auto all = [this](auto make) { EXPECT_EQ(run(this->loop, give_to_everything(make)), 10); };
    all([] { return give(1); });
    all([] { return sleep_for(1s); });
    all([] { return sleep_until(instant{1s}); });
    all([] { return yield(); });
    all([] { return now{}; });
    all([] { return this_loop{}; });
    all([&] { return set.wait(); });
    all([&] { return permits.acquire(); });
    all([&] { return full.get(); });
    all([] { return when_all(give(1), sleep_for(1s)); });
    all([] { return when_any(give(1), sleep_for(1s)); });
    all([] { return try_timeout(1s, give(1)); });
    all([] { return timeout(1s, give(1)); });
    all([] { return settled(give(1)); });
    all([] { return shield(sleep_for(1s)); });
    all([] { return try_timeout(1h, when_all(sleep_for(1s), when_any(sleep_for(1s), sleep_for(1h)))); });
    int calls = 0;
    all([&] {
        return [&]() -> task<void> {
            co_await yield();
            ++calls;
        };
    });
    all([&] { return [&] { return set.wait(); }; });
    EXPECT_EQ(calls, 12);
}

// Its guard is a value like any: of the two, only one wins; given to `when_all`, one would wait for the other's.
TYPED_TEST(compose_suite, of_two_that_race_for_a_mutex_one_has_it) {
    mutex m;
    const auto body = [](mutex* m) -> task<void> {
        {
            const std::variant<mutex::guard, mutex::guard> won = co_await when_any(m->lock(), m->lock());
            EXPECT_EQ(won.index(), 0U);
            EXPECT_TRUE(m->locked());
            const std::optional<mutex::guard> late = co_await try_timeout(1s, m->lock());
            EXPECT_FALSE(late);
        }
        EXPECT_FALSE(m->locked());
        const std::optional<mutex::guard> in_time = co_await try_timeout(1s, m->lock());
        EXPECT_TRUE(in_time);
    };
    run(this->loop, body(&m));
    EXPECT_FALSE(m.locked());
}

/// Gives what never ends to what can end it: a timeout, a race, the task's end, the group's.
template <class Make>
task<void> cut_off_everywhere(Make make) {
    const auto start = co_await now{};
    const auto nothing = co_await try_timeout(1s, make());
    EXPECT_FALSE(nothing);
    const auto first = co_await when_any(make(), sleep_for(1s));
    EXPECT_EQ(first.index(), 1U);
    const auto none = co_await try_timeout(1s, when_all(make(), make()));
    EXPECT_FALSE(none);
    loop& here = co_await this_loop();
    const auto handle = spawn(here, make());
    const auto again = spawn(here, make());
    co_await yield();
    EXPECT_TRUE(handle.cancel());
    bool was_cancelled = false;
    try {
        static_cast<void>(co_await handle.join());
    } catch (const task_cancelled&) {
        was_cancelled = true;
    }
    EXPECT_TRUE(was_cancelled);
    const auto late = co_await try_timeout(1s, again.join());
    EXPECT_FALSE(late);
    EXPECT_TRUE(again.cancel());
    task_group group;
    const bool finished = co_await group.run([&]() -> task<void> {
        group.spawn(make());
        co_await yield();
        group.cancel();
    });
    EXPECT_FALSE(finished);
    const auto end = co_await now{};
    EXPECT_EQ(end - start, 4s);
}

TYPED_TEST(compose_suite, what_does_not_end_is_cut_off_wherever_it_was_given_to) {
    event never;
    semaphore permits{0};
    mutex m;
    queue<int> empty{1};
    std::optional<mutex::guard> held{run(this->loop, as_task(m.lock()))};
    const auto all = [this](auto make) { run(this->loop, cut_off_everywhere(make)); };
    all([] { return sleep_for(24h); });
    all([] { return sleep_until(end_of_time); });
    all([&] { return never.wait(); });
    all([&] { return permits.acquire(); });
    all([&] { return m.lock(); });
    all([&] { return empty.get(); });
    all([&] { return as_task(never.wait()); });
    all([&] { return try_timeout(24h, never.wait()); });
    all([&] { return when_all(never.wait(), sleep_for(1s)); });
    all([&] { return when_any(never.wait(), sleep_for(24h)); });
    all([&] { return [&] { return never.wait(); }; });
    held.reset();
    EXPECT_FALSE(m.locked()) << "SYNC-2";
    EXPECT_TRUE(this->unobserved.empty());
}

TYPED_TEST(compose_suite, a_race_of_a_sleep_and_a_queue) {
    queue<int> q{1};
    const auto body = [](queue<int>* items) -> task<std::size_t> {
        const std::variant<std::monostate, std::optional<int>> first = co_await when_any(sleep_for(1s), items->get());
        co_return first.index();
    };
    EXPECT_EQ(run(this->loop, body(&q)), 0U);
    EXPECT_EQ(this->loop.now(), instant{1s});
    EXPECT_TRUE(run(this->loop, as_task(q.put(7))));
    EXPECT_EQ(run(this->loop, body(&q)), 1U);
    EXPECT_EQ(this->loop.now(), instant{1s});
    EXPECT_EQ(q.size(), 0U) << "SYNC-2: the getter that was cancelled took nothing, the other one did";
}

TYPED_TEST(compose_suite, a_put_that_is_cut_off_leaves_its_item_to_the_caller) {  // SYNC-2
    queue<std::unique_ptr<int>> q{1};
    const auto body = [](queue<std::unique_ptr<int>>* items) -> task<bool> {
        static_cast<void>(co_await items->put(std::make_unique<int>(1)));
        auto mine = std::make_unique<int>(2);
        const std::optional<bool> accepted = co_await try_timeout(1s, items->put(std::move(mine)));
        EXPECT_FALSE(accepted);
        co_return mine != nullptr;  // NOLINT(bugprone-use-after-move)
    };
    EXPECT_TRUE(run(this->loop, body(&q)));
}

// A task as it is, without a frame more.
TYPED_TEST(compose_suite, a_task_is_passed_through) {
    task<int> one = give(1);
    promise<int>* const frame = one.release();
    static_cast<void>(frame);
    std::coroutine_handle<promise<int>>::from_promise(*frame).destroy();
    static_assert(std::is_same_v<task_from<task<int>>, task<int>>);
    static_assert(std::is_same_v<task_from<decltype(sleep_for(1s))>, task<void>>);
    static_assert(std::is_same_v<value_from<decltype(std::declval<queue<int>&>().get())>, std::optional<int>>);
    static_assert(std::is_same_v<value_from<this_loop>, loop&>);
}

// A request is nothing yet: it may be kept as long as one likes, and dropped.
TYPED_TEST(compose_suite, what_is_not_awaited_is_not_begun) {
    semaphore permits{1};
    const auto body = [](semaphore* s) -> task<void> {
        static_cast<void>(s->acquire());
        auto kept = s->acquire();
        auto later = sleep_for(1s);
        co_await yield();
        EXPECT_EQ(s->permits(), 1U);
        co_await std::move(kept);
        EXPECT_EQ(s->permits(), 0U);
        const instant before = co_await now{};
        co_await std::move(later);
        const instant after = co_await now{};
        EXPECT_EQ(after - before, 1s) << "TIME-9: counted from the await";
    };
    run(this->loop, body(&permits));
}

// Nothing starts in a scope that is cancelled (CANCEL-3), also not what was put into a frame of its own.
TYPED_TEST(compose_suite, a_request_given_away_in_a_cancelled_scope_is_not_begun) {
    semaphore permits{1};
    const auto body = [](semaphore* s, cancel_scope* scope) -> task<void> {
        scope->cancel();
        static_cast<void>(co_await when_all(s->acquire(), s->acquire()));
        ADD_FAILURE();
    };
    cancel_scope scope;
    EXPECT_FALSE(run(this->loop, as_task(scope.run(body(&permits, &scope)))));
    EXPECT_EQ(permits.permits(), 1U);
}

}  // namespace
}  // namespace galley::test
