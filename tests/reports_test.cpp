// SPDX-License-Identifier: BSL-1.0
// What people get to read when something went wrong: of a run that was interrupted, and of failures that reach nobody.
// And who looks on without being interested sees nothing.
#include "loop_fixture.hpp"

#include <stdexcept>
#include <string>

namespace galley::test {
namespace {

using namespace std::chrono_literals;

template <class Loop>
class reports_suite : public on_loop<Loop> {};
TYPED_TEST_SUITE(reports_suite, both_loops, loop_names);

task<void> does_nothing() { co_return; }

TYPED_TEST(reports_suite, a_run_that_was_stopped_names_what_is_left_and_where_it_stands) {
    const auto body = [](loop* l) -> task<void> {
        const join_handle<> helper = co_await spawn_here(does_nothing());
        l->stop();
        co_await yield();
    };
    try {
        run(this->loop, body(&this->loop), "cook");
        FAIL() << "nobody was told";
    } catch (const run_interrupted& e) {
        EXPECT_EQ(e.why, verdict::stopped);
        EXPECT_STREQ(e.what(), "galley::run: the loop stopped\n  task 1 'cook': ready\n  task 2: start\n");
    }
}

task<void> burns() {
    co_await yield();
    throw std::runtime_error("burnt");
}
task<void> breaks() {
    co_await yield();
    throw 42;
}

// TASK-3: loud by default.
TYPED_TEST(reports_suite, a_failure_that_reaches_nobody_is_printed) {
    TypeParam loop{this->driver};
    spawn(loop, burns(), "stew").detach();
    spawn(loop, breaks()).detach();
    ASSERT_TRUE(loop.get_remote().post([] { throw std::runtime_error("overboard"); }));
    ::testing::internal::CaptureStderr();
    const verdict v = loop.run();
    const std::string printed = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(v, verdict::completed);
    const std::string of_stew = "galley: task 1 'stew' failed, and nobody took its outcome: burnt\n";
    const std::string of_other = "galley: task 2 '' failed, and nobody took its outcome: not a std::exception\n";
    EXPECT_EQ(printed, "galley: a posted callback threw: overboard\n" + of_stew + of_other);
}

TYPED_TEST(reports_suite, an_observer_need_not_look_at_everything) {
    observer looks_at_nothing;
    this->loop.observe(&looks_at_nothing);
    const auto body = []() -> task<void> {
        const std::optional<int> cut_off = co_await try_timeout(1s, []() -> task<int> {
            co_await sleep_for(2s);
            co_return 1;
        }());
        EXPECT_FALSE(cut_off);
        const join_handle<> fails = co_await spawn_here(burns());
        co_await yield();
        co_await yield();
    };
    run(this->loop, body());
    EXPECT_EQ(this->unobserved, std::vector<std::string>{"2: burnt"});

    event never;
    TypeParam doomed{this->driver};
    doomed.observe(&looks_at_nothing);
    spawn(doomed, [](event* e) -> task<void> { co_await e->wait(); }(&never)).detach();
    EXPECT_EQ(doomed.run(), verdict::deadlocked);
}

}  // namespace
}  // namespace galley::test
