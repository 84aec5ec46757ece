// SPDX-License-Identifier: BSL-1.0
// Loops below their tasks: bare entries of the ready queue, a stop at the last moment before a sleep, and what the
// reference saves.
#include "loop_fixture.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class loop_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(loop_suite, both_loops, loop_names);

task<void> does_nothing() { co_return; }

/// Entries that are no task's: each writes its number down. More than a loop has room for by itself.
class numbered_entries {
    struct one {
        int number;
        std::vector<int>* written;
        static void write(void* self) noexcept {
            const auto& it = *static_cast<one*>(self);
            it.written->push_back(it.number);
        }
    };

public:
    numbered_entries() {
        std::iota(all_numbers.begin(), all_numbers.end(), 0);
        for (const int number : all_numbers) {
            ones_.push_back({number, &written});
        }
        for (one& o : ones_) {
            entries.push_back({&one::write, &o});
        }
    }

    std::vector<int> all_numbers = std::vector<int>(1000);
    std::vector<int> written{};
    std::vector<ready_entry> entries{};

private:
    std::vector<one> ones_{};
};

// LIFE-3, READY-1
TYPED_TEST(loop_suite, completed_leaves_what_is_queued_to_the_next_run) {
    for (const std::uint32_t ask_every : {1U, 256U}) {
        TypeParam l{this->driver, loop_options{.ask_every = ask_every}};
        numbered_entries numbered;
        run(l, [](loop* own, const std::vector<ready_entry>* entries) -> task<void> {
            own->schedule(*entries);
            co_return;
        }(&l, &numbered.entries));
        EXPECT_TRUE(numbered.written.empty());
        run(l, does_nothing());
        EXPECT_EQ(numbered.written, numbered.all_numbers);
    }
}

// LIFE-5
TYPED_TEST(loop_suite, what_destructors_schedule_never_runs) {
    struct schedules_at_end {
        ~schedules_at_end() { own->schedule(*entries); }
        loop* own;
        const std::vector<ready_entry>* entries;
    };
    numbered_entries numbered;
    event never;
    {
        TypeParam l{this->driver};
        spawn(l,
              [](loop* own, const std::vector<ready_entry>* entries, event* e) -> task<void> {
                  const schedules_at_end at_end{own, entries};
                  co_await e->wait();
              }(&l, &numbered.entries, &never))
            .detach();
        EXPECT_EQ(l.run(), verdict::deadlocked);
    }
    EXPECT_TRUE(numbered.written.empty());
}

/// Never blocks; calls back when it is asked whether anything can come (the loop has found nothing to do, and does not
/// sleep yet); and takes its time to end operations: every other wait returns for no reason, the rest report one each.
class leisurely_driver final : public driver {
    struct no_waker : waker {
        void wake() noexcept override {}
    };

public:
    [[nodiscard]] instant now() noexcept override { return epoch; }
    [[nodiscard]] bool start(operation& op) noexcept override {
        in_flight_.push_back(op);
        return false;
    }
    void cancel(operation&) noexcept override {}
    [[nodiscard]] int close(int) noexcept override { return 0; }
    void shut() noexcept override { shut_ = true; }
    void ask(operation_list&) noexcept override {}
    void wait(std::optional<instant>, operation_list& done) noexcept override {
        operation* const op = ++waits % 2 == 0 && shut_ ? in_flight_.pop_front() : nullptr;
        if (op != nullptr) {
            op->result = {io_result::status::cancelled, 0, 0};
            done.push_back(*op);
        }
    }
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override { return std::make_shared<no_waker>(); }
    [[nodiscard]] bool exhausted() const noexcept override {
        if (last_moment) {
            std::exchange(last_moment, nullptr)();
        }
        return false;
    }
    [[nodiscard]] bool has_reported_all() const noexcept { return in_flight_.empty(); }

    mutable std::function<void()> last_moment;
    int waits{};

private:
    operation_list in_flight_;
    bool shut_{};
};

// WAIT-1, WAIT-3, LIFE-2
TYPED_TEST(loop_suite, a_stop_at_the_last_moment_is_not_slept_through) {
    leisurely_driver d;
    TypeParam l{d};
    event never;
    join_handle<> stuck = spawn(l, [](leisurely_driver* driver, loop* own, event* e) -> task<void> {
        driver->last_moment = [own] { own->stop(); };
        co_await e->wait();
    }(&d, &l, &never));
    const remote somebody = l.get_remote();
    EXPECT_EQ(l.run(), verdict::stopped);
    EXPECT_FALSE(d.last_moment) << "nobody asked";
    EXPECT_EQ(d.waits, 0);
    EXPECT_FALSE(stuck.ended());
}

// LIFE-5, IO-2: no frame goes before its operation.
TYPED_TEST(loop_suite, destruction_waits_for_a_driver_that_takes_its_time_to_end_operations) {
    struct checks_at_end {
        ~checks_at_end() { *good += d->has_reported_all() ? 1 : 0; }
        const leisurely_driver* d;
        int* good;
    };
    leisurely_driver d;
    int good = 0;
    {
        TypeParam l{d};
        for (int i = 0; i < 3; ++i) {
            spawn(l,
                  [](leisurely_driver* driver, int* count, loop* own) -> task<void> {
                      const checks_at_end check{driver, count};
                      own->stop();
                      static_cast<void>(co_await readable(0));
                  }(&d, &good, &l))
                .detach();
        }
        EXPECT_EQ(l.run(), verdict::stopped);
        EXPECT_EQ(d.waits, 0);
    }
    EXPECT_EQ(good, 3);
    EXPECT_GE(d.waits, 6);
}

// TIME-1
TYPED_TEST(loop_suite, the_first_sample_is_the_clock_when_the_loop_is_made) {
    testing::virtual_driver d;
    d.pass(1h);
    TypeParam l{d, loop_options{.resolution_bits = 0}};
    EXPECT_EQ(l.sample(), epoch + 1h);
    d.pass(1ms);
    EXPECT_EQ(l.sample(), epoch + 1h);
    run(l, [](instant deadline) -> task<void> { co_await sleep_until(deadline); }(l.sample() + 1s));
    EXPECT_EQ(d.now(), epoch + 1h + 1s);
}

// TIME-6
TYPED_TEST(loop_suite, a_deadline_that_is_past_before_the_first_run_is_the_first_sample) {
    testing::virtual_driver d;
    d.pass(1h);
    TypeParam l{d, loop_options{.resolution_bits = 0}};
    timer past{[](timer&) noexcept {}};
    l.start(past, epoch + 1s);
    EXPECT_EQ(past.key(), epoch + 1h);
    EXPECT_TRUE(l.cancel(past));
}

using ref_loop = on_loop<ref::loop>;

TEST_F(ref_loop, saves_what_each_task_awaits_and_since_when) {
    event never;
    const auto body = [](duration d, event* e) -> task<void> {
        co_await sleep_for(d);
        co_await e->wait();
    };
    spawn(loop, body(3ms, &never), "early").detach();
    spawn(loop, body(5ms, &never)).detach();
    loop.get_remote().stop();
    EXPECT_EQ(loop.run(), verdict::stopped);
    EXPECT_TRUE(loop.saved().empty()) << "none has run yet";

    EXPECT_EQ(loop.run(), verdict::deadlocked);
    ASSERT_EQ(loop.saved().size(), 2U);
    EXPECT_STREQ(loop.saved().at(1).name, "early");
    EXPECT_EQ(loop.saved().at(2).name, nullptr);
    for (const auto& [id, state] : loop.saved()) {
        EXPECT_STREQ(state.awaits, "wait");
        EXPECT_EQ(state.since, epoch + (id == 1 ? 3ms : 5ms));
    }
    never.set();
    EXPECT_EQ(loop.run(), verdict::completed);
    EXPECT_TRUE(loop.saved().empty());
}

}  // namespace
}  // namespace galley::test
