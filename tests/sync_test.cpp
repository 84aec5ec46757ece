// SPDX-License-Identifier: BSL-1.0
// Synchronisation as a program sees it (SYNC-1 to SYNC-3).
#include "loop_fixture.hpp"

#include <memory>
#include <optional>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class sync_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(sync_suite, both_loops, loop_names);

using item = std::unique_ptr<int>;

task<void> produces(queue<item>* q, int count) {
    for (int i = 0; i < count; ++i) {
        const bool accepted = co_await q->put(std::make_unique<int>(i));
        EXPECT_TRUE(accepted);
    }
    q->close();
}
task<int> consumes(queue<item>* q) {
    int expected = 0;
    for (;;) {
        const std::optional<item> got = co_await q->get();
        if (!got) {
            co_return expected;
        }
        EXPECT_EQ(**got, expected);
        ++expected;
    }
}

TYPED_TEST(sync_suite, a_queue_keeps_order_and_move_only_items_through_every_capacity) {
    for (const std::size_t capacity : {1U, 2U, 7U, 1000U}) {
        queue<item> q{capacity};
        spawn(this->loop, produces(&q, 100)).detach();
        EXPECT_EQ(run(this->loop, consumes(&q)), 100);
    }
}

task<bool> puts_into(queue<item>* q, item* mine) {
    const bool accepted = co_await q->put(std::move(*mine));
    co_return accepted;
}

TYPED_TEST(sync_suite, an_item_that_was_not_accepted_is_still_the_putters) {  // SYNC-3
    queue<item> q{1};
    item first = std::make_unique<int>(1);
    item second = std::make_unique<int>(2);
    EXPECT_TRUE(run(this->loop, puts_into(&q, &first)));
    join_handle<bool> waits = spawn(this->loop, puts_into(&q, &second));
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    q.close();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_FALSE(waits.take());
    EXPECT_EQ(first, nullptr);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(*second, 2);
}

TYPED_TEST(sync_suite, a_cancelled_putter_keeps_its_item) {  // SYNC-2
    queue<item> q{1};
    item first = std::make_unique<int>(1);
    item second = std::make_unique<int>(2);
    EXPECT_TRUE(run(this->loop, puts_into(&q, &first)));
    join_handle<bool> waits = spawn(this->loop, puts_into(&q, &second));
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    waits.cancel();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(q.size(), 1U);
}

TYPED_TEST(sync_suite, a_queue_without_room_is_refused) { EXPECT_THROW(queue<int>{0}, std::invalid_argument); }

task<void> takes_turns(mutex* m, std::vector<int>* log, int id) {
    for (int i = 0; i < 3; ++i) {
        const mutex::guard guard = co_await m->lock();
        log->push_back(id);
        co_await sleep_for(1s);
        log->push_back(id);
    }
}

TYPED_TEST(sync_suite, a_mutex_keeps_others_out_and_is_fair) {
    mutex m;
    std::vector<int> log;
    spawn(this->loop, takes_turns(&m, &log, 1)).detach();
    spawn(this->loop, takes_turns(&m, &log, 2)).detach();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(log, (std::vector<int>{1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2}));
    EXPECT_FALSE(m.locked());
}

TYPED_TEST(sync_suite, a_task_that_is_destroyed_with_a_mutex_handed_to_it_gives_it_back) {
    mutex m;
    bool entered = false;
    {
        TypeParam loop{this->driver};
        spawn(loop,
              [](mutex* of, galley::loop* l) -> task<void> {
                  {
                      const mutex::guard held = co_await of->lock();
                      co_await yield();  // the other comes to wait
                  }
                  l->stop();  // the other is ready, but has no turn any more
              }(&m, &loop))
            .detach();
        spawn(loop,
              [](mutex* of, bool* in) -> task<void> {
                  const mutex::guard held = co_await of->lock();
                  *in = true;
              }(&m, &entered))
            .detach();
        EXPECT_EQ(loop.run(), verdict::stopped);
        EXPECT_TRUE(m.locked());
    }
    EXPECT_FALSE(entered);
    EXPECT_FALSE(m.locked());
}

TYPED_TEST(sync_suite, a_guard_can_be_moved_and_frees_what_it_held) {
    mutex one;
    mutex other;
    run(this->loop, [](mutex* a, mutex* b) -> task<void> {
        mutex::guard first = co_await a->lock();
        mutex::guard second = co_await b->lock();
        first = std::move(second);
        EXPECT_FALSE(a->locked());
        EXPECT_TRUE(b->locked());
    }(&one, &other));
    EXPECT_FALSE(other.locked());
}

TYPED_TEST(sync_suite, an_event_says_whether_it_is_set) {
    event e;
    EXPECT_FALSE(e.is_set());
    e.set();
    EXPECT_TRUE(e.is_set());
    e.reset();
    EXPECT_FALSE(e.is_set());
}

TYPED_TEST(sync_suite, a_task_that_is_destroyed_while_it_holds_a_mutex_gives_it_back) {
    mutex m;
    {
        TypeParam loop{this->driver};
        std::vector<int> log;
        spawn(loop, takes_turns(&m, &log, 1)).detach();
        spawn(loop,
              [](galley::loop* l) -> task<void> {
                  co_await yield();
                  l->stop();
              }(&loop))
            .detach();
        EXPECT_EQ(loop.run(), verdict::stopped);
        EXPECT_TRUE(m.locked());
    }
    EXPECT_FALSE(m.locked());
}

task<void> hands_over_and_stops(galley::loop* l, mutex* m) {
    {
        const mutex::guard guard = co_await m->lock();
        co_await yield();
    }
    l->stop();
}

TYPED_TEST(sync_suite, a_task_that_is_destroyed_before_it_runs_with_a_mutex_handed_to_it_gives_it_back) {
    mutex m;
    {
        TypeParam loop{this->driver};
        std::vector<int> log;
        spawn(loop, hands_over_and_stops(&loop, &m)).detach();
        spawn(loop, takes_turns(&m, &log, 2)).detach();
        EXPECT_EQ(loop.run(), verdict::stopped);
        EXPECT_TRUE(m.locked());
        EXPECT_TRUE(log.empty());
    }
    EXPECT_FALSE(m.locked());
}

task<std::string> waits_for(event* e) {
    try {
        co_await e->wait();
    } catch (const broken_wait& error) {
        co_return error.what();
    }
    co_return "set";
}

TYPED_TEST(sync_suite, destruction_with_waiters_is_reported_to_them) {  // SYNC-3
    auto doomed = std::make_unique<event>();
    join_handle<std::string> handle = spawn(this->loop, waits_for(doomed.get()));
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    doomed.reset();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_NE(handle.take().find("destroyed"), std::string::npos);
}

task<void> acquires(semaphore* s, int* got) {
    co_await s->acquire();
    ++*got;
}

TYPED_TEST(sync_suite, a_task_that_is_destroyed_with_a_permit_handed_to_it_gives_it_back) {
    semaphore s{0};
    int got = 0;
    {
        TypeParam loop{this->driver};
        spawn(loop, acquires(&s, &got)).detach();
        spawn(loop, acquires(&s, &got)).detach();
        EXPECT_EQ(loop.run(), verdict::deadlocked);
        s.release();  // handed to the first, which has no turn any more
    }
    EXPECT_EQ(got, 0);
    EXPECT_EQ(s.permits(), 1U);
}

TYPED_TEST(sync_suite, a_cancelled_waiter_loses_no_permit_and_delays_nobody) {  // SYNC-2
    semaphore s{0};
    int got = 0;
    join_handle<> first = spawn(this->loop, acquires(&s, &got));
    join_handle<> second = spawn(this->loop, acquires(&s, &got));
    EXPECT_EQ(this->loop.run(), verdict::deadlocked);
    first.cancel();
    s.release();
    EXPECT_EQ(this->loop.run(), verdict::completed);
    EXPECT_EQ(got, 1);
    EXPECT_EQ(s.permits(), 0U);
}

}  // namespace
}  // namespace galley::test
