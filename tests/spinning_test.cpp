// SPDX-License-Identifier: BSL-1.0
// An idle fast::loop that looks around before it sleeps: whatever would end its sleep ends that, too; it sleeps after
// all when it has been long enough; and how long that is adapts to what comes.
#include "blocking_driver.hpp"

#include <galley/event.hpp>
#include <galley/fast/loop.hpp>
#include <galley/fast/spinning.hpp>
#include <galley/io.hpp>
#include <galley/run.hpp>
#include <galley/sleep.hpp>
#include <galley/spawn.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <sched.h>

namespace {

using namespace std::chrono_literals;
using galley::task;
using galley::verdict;

constexpr galley::loop_options patient{.spin = 1h};
/// So often is a driver asked before something happens: once by the run that begins, then by a loop that looks around.
constexpr int asks_before = 5;
constexpr int asks_for_all = 10'000;
constexpr int any_descriptor = 7;

task<> wait_for(galley::event& e) { co_await e.wait(); }

/// Does what another thread might do while the loop looks around: that asks its driver from time to time.
class eventful_driver final : public galley_test::blocking_driver {
public:
    [[nodiscard]] galley::instant now() noexcept override {
        return late ? galley::end_of_time : blocking_driver::now();
    }
    [[nodiscard]] bool start(galley::operation& op) noexcept override {
        in_flight_ = &op;
        return false;
    }
    void ask(galley::operation_list& done) noexcept override {
        blocking_driver::ask(done);
        if (happens && asks == asks_before) {
            std::exchange(happens, nullptr)();
        }
        if (asks == asks_for_all) {
            ADD_FAILURE() << "it looks around, and does not see what has happened";
            loop->stop();
        }
        if (completes && in_flight_ != nullptr) {
            done.push_back(*std::exchange(in_flight_, nullptr));
        }
    }
    void wait(std::optional<galley::instant> until, galley::operation_list& done) noexcept override {
        if (in_wait) {
            std::exchange(in_wait, nullptr)();
        }
        blocking_driver::wait(until, done);
    }

    galley::loop* loop{};  ///< which it drives
    std::function<void()> happens;
    std::function<void()> in_wait;
    bool late{};
    bool completes{};

private:
    galley::operation* in_flight_{};
};

class Spinning : public ::testing::Test {
protected:
    void SetUp() override {
        if (!galley::fast::others_can_run()) {
            GTEST_SKIP() << "there is only one processor, so no loop spins";
        }
    }
    galley::fast::loop& looping(const galley::loop_options& options) {
        driver_.loop = &loop_.emplace(driver_, options);
        return *loop_;
    }

    eventful_driver driver_;
    galley::event set_;

private:
    std::optional<galley::fast::loop> loop_;
};

TEST_F(Spinning, APostEndsIt) {
    auto& l = looping(patient);
    const auto waiter = galley::spawn(l, wait_for(set_));
    const auto r = l.get_remote();
    driver_.happens = [&] { EXPECT_TRUE(r.post([&] { set_.set(); })); };
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_EQ(driver_.waits, 0);
}

TEST_F(Spinning, AStopEndsIt) {
    auto& l = looping(patient);
    const auto waiter = galley::spawn(l, wait_for(set_));
    const auto r = l.get_remote();
    driver_.happens = [&] { r.stop(); };
    EXPECT_EQ(l.run(), verdict::stopped);
    EXPECT_EQ(driver_.waits, 0);
}

// It leaves no trace in the inbox of a loop that is awake.
TEST_F(Spinning, TheLastRemotesGoingEndsIt) {
    auto& l = looping(patient);
    const auto waiter = galley::spawn(l, wait_for(set_));
    std::optional<galley::remote> last{l.get_remote()};
    driver_.happens = [&] { last.reset(); };
    EXPECT_EQ(l.run(), verdict::deadlocked);
    EXPECT_EQ(driver_.waits, 0);
}

TEST_F(Spinning, ADueTimerEndsIt) {
    auto& l = looping(patient);
    driver_.happens = [&] { driver_.late = true; };
    galley::run(l, [](galley::loop&) -> task<> { co_await galley::sleep_for(24h); }(l));
    EXPECT_EQ(driver_.waits, 0);
}

TEST_F(Spinning, ItEndsAfterItsTime) {
    auto& l = looping({.spin = 1ns});
    const auto waiter = galley::spawn(l, wait_for(set_));
    const auto r = l.get_remote();
    driver_.in_wait = [&] { EXPECT_TRUE(r.post([&] { set_.set(); })); };
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_EQ(driver_.waits, 1);
}

TEST_F(Spinning, ByDefaultALoopSleepsAtOnce) {
    auto& l = looping({});
    const auto waiter = galley::spawn(l, wait_for(set_));
    const auto r = l.get_remote();
    driver_.in_wait = [&] { EXPECT_TRUE(r.post([&] { set_.set(); })); };
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_EQ(driver_.waits, 1);
    EXPECT_EQ(driver_.asks, 1);
}

// WAIT-3: whoever watches is told of each wait, as by ref.
TEST_F(Spinning, ALoopThatIsObservedSleepsAtOnce) {
    galley::observer nothing_of_note;
    auto& l = looping(patient);
    l.observe(&nothing_of_note);
    const auto waiter = galley::spawn(l, wait_for(set_));
    const auto r = l.get_remote();
    driver_.in_wait = [&] { EXPECT_TRUE(r.post([&] { set_.set(); })); };
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_EQ(driver_.waits, 1);
}

TEST_F(Spinning, ACompletionEndsIt) {
    auto& l = looping(patient);
    driver_.happens = [&] { driver_.completes = true; };
    galley::run(l, [](galley::loop&) -> task<> { EXPECT_FALSE(co_await galley::readable(any_descriptor)); }(l));
    EXPECT_EQ(driver_.waits, 0);
}

/// The calling thread may use one processor while this exists.
class one_processor {
public:
    one_processor() {
        EXPECT_EQ(::sched_getaffinity(0, sizeof before_, &before_), 0);
        cpu_set_t one;
        CPU_ZERO(&one);
        for (std::size_t i = 0; CPU_COUNT(&one) == 0; ++i) {
            if (CPU_ISSET(i, &before_)) {
                CPU_SET(i, &one);
            }
        }
        EXPECT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    }
    one_processor(const one_processor&) = delete;
    one_processor& operator=(const one_processor&) = delete;
    ~one_processor() { EXPECT_EQ(::sched_setaffinity(0, sizeof before_, &before_), 0); }

private:
    cpu_set_t before_{};
};

TEST_F(Spinning, OnOneProcessorALoopSleepsAtOnce) {
    auto& l = looping(patient);
    const auto waiter = galley::spawn(l, wait_for(set_));
    const auto r = l.get_remote();
    driver_.in_wait = [&] { EXPECT_TRUE(r.post([&] { set_.set(); })); };
    const one_processor pinned;
    EXPECT_EQ(l.run(), verdict::completed);
    EXPECT_EQ(driver_.waits, 1);
    EXPECT_EQ(driver_.asks, 1);
}

TEST(SpinningOptions, ANegativeTimeIsRefused) {
    EXPECT_THROW((galley::fast::loop{{.spin = -1ns}}), std::invalid_argument);
}

// ---- how long -------------------------------------------------------------------------------------------------------

/// Moves by a microsecond each time it is read.
struct scripted_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<scripted_clock>;
    static time_point now() noexcept { return time += 1us; }
    static inline time_point time{};
};
using scripted_spinning = galley::fast::basic_spinning<scripted_clock>;

/// An idle time in which nothing is found before the loop sleeps.
void idle_for(scripted_spinning& s, std::chrono::nanoseconds time) {
    const auto end = scripted_clock::time + time;
    EXPECT_FALSE(s.find([](bool) { return false; }));
    scripted_clock::time = std::max(end, scripted_clock::time);
    s.slept();
}

TEST(SpinningTime, IsHalvedDownToNothingByLongIdleTimes) {
    scripted_spinning s{100us};
    std::vector<std::chrono::nanoseconds> times;
    for (int i = 0; i < 6; ++i) {
        idle_for(s, 1ms);
        times.push_back(s.time());
    }
    EXPECT_THAT(times, ::testing::ElementsAre(50us, 25us, 12500ns, 6250ns, 3125ns, 0ns));
    EXPECT_FALSE(s.find([](bool) -> bool { throw std::logic_error("it looks around nevertheless"); }));
}

TEST(SpinningTime, IsDoubledUpToTheLongestByShortOnes) {
    scripted_spinning s{100us};
    while (s.time() != 0ns) {
        idle_for(s, 1ms);
    }
    std::vector<std::chrono::nanoseconds> times;
    for (int i = 0; i < 6; ++i) {
        idle_for(s, 60us);
        times.push_back(s.time());
    }
    EXPECT_THAT(times, ::testing::ElementsAre(5us, 10us, 20us, 40us, 80us, 100us));
}

TEST(SpinningTime, StaysIfSomethingIsFound) {
    scripted_spinning s{100us};
    idle_for(s, 1ms);
    EXPECT_TRUE(s.find([](bool) { return true; }));
    EXPECT_EQ(s.time(), 50us);
}

TEST(SpinningTime, IsKept) {
    scripted_spinning s{100us};
    const auto begin = scripted_clock::time;
    EXPECT_FALSE(s.find([](bool) { return false; }));
    EXPECT_GE(scripted_clock::time - begin, 100us);
    EXPECT_LE(scripted_clock::time - begin, 110us);
}

TEST(SpinningTime, DoesNotOverflow) {
    scripted_spinning s{std::chrono::nanoseconds::max()};
    EXPECT_TRUE(s.find([](bool) { return true; }));
    s.slept();
    EXPECT_EQ(s.time(), std::chrono::nanoseconds::max());
}

}  // namespace
