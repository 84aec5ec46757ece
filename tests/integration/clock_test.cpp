// SPDX-License-Identifier: BSL-1.0
// Time as it really is: interrupted a thousand times a second, jumping by hours, or gone by while a step blocked.
// Nothing is early, nothing is lost, and what is due comes in order.
#include "tests/integration/fixture.hpp"
#include "tests/signal_storm.hpp"

#include <galley/io.hpp>
#include <galley/tcp.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <poll.h>

namespace galley_test {
namespace {

class clock_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, clock_test, every_loop_on_every_driver, combination_name);

/// Sends a text there, in pieces, while another task sends it back.
task<> echo_load(world& w, std::uint64_t stream, std::size_t bytes) {
    const galley::tcp_listener listener{w.loop(), galley::endpoint{"127.0.0.1", 0}};
    const auto ends = co_await galley::when_all(
        galley::tcp_connect(galley::endpoint{"127.0.0.1", listener.local_port()}), listener.accept());
    const auto& [near, far] = ends;
    EXPECT_FALSE(near.error || far.error) << near.error.message() << far.error.message();
    const int here = near.stream.native_handle();
    const int there = far.stream.native_handle();
    auto echo = co_await galley::spawn_here(galley::invoke([&]() -> task<> {
        const auto came = co_await expect_text(there, stream, 0, bytes);
        EXPECT_EQ(came.count, bytes) << came.error.message();
        const auto back = co_await send_text(there, stream, 0, bytes);
        EXPECT_EQ(back.count, bytes) << back.error.message();
    }));
    for (std::size_t sent = 0; sent < bytes;) {
        const auto part = co_await send_text(here, stream, sent, std::min<std::size_t>(bytes - sent, 777));
        EXPECT_FALSE(part.error) << part.error.message();
        sent += part.count;
        co_await galley::yield();
    }
    const auto back = co_await expect_text(here, stream, 0, bytes);
    EXPECT_EQ(back.count, bytes) << back.error.message();
    co_await echo.join();
}

/// Sleeps again and again, never too short by the loop's own reading.
task<> sleep_load(std::uint32_t seed, int times, std::chrono::nanoseconds longest) {
    std::mt19937_64 random{seed};
    for (int i = 0; i < times; ++i) {
        const std::chrono::nanoseconds d{random() % static_cast<std::uint64_t>(longest.count())};
        const instant start = co_await galley::now{};
        co_await galley::sleep_for(d);
        const instant end = co_await galley::now{};
        EXPECT_GE(end - start, d) << "early";
    }
}

TEST_P(clock_test, a_thousand_signals_a_second_change_nothing) {
    world w{GetParam()};
    const signal_storm storm{1ms};
    int rounds = 0;
    while (signal_storm::count < 100) {  // that is what takes its time, and no claim
        w.run([&]() -> task<> {
            galley::task_group group;
            co_await group.run([&]() -> task<> {
                for (std::uint32_t i = 0; i < 8; ++i) {
                    group.spawn(echo_load(w, i, 20'000));
                    group.spawn(sleep_load(i, 10, 3ms));
                }
                co_return;
            });
            // With nothing else to do: would not end during the storm if each retry waited for the whole time again.
            pair p = make_pipe();
            const galley::descriptor from = w.adopt(p.a);
            auto reader = co_await galley::spawn_here(expect_text(from.get(), 9, 0, 1));
            co_await galley::sleep_for(20ms);
            const auto sent = co_await send_text(p.b.get(), 9, 0, 1);
            EXPECT_EQ(sent.count, 1U) << sent.error.message();
            const galley::transferred got = co_await reader.join();
            EXPECT_EQ(got.count, 1U) << got.error.message();
        });
        ++rounds;
    }
    EXPECT_GT(rounds, 0);
    EXPECT_LT(signal_storm::count, signal_storm::limit) << "a wait ended only when the storm did";
}

/// A clock that jumps by hours, forwards and backwards, as far as anybody looks at it. On the whole it gets on.
class jumping_driver final : public galley::driver {
public:
    explicit jumping_driver(std::unique_ptr<galley::driver> kernel) noexcept : kernel_{std::move(kernel)} {}
    [[nodiscard]] instant now() noexcept override {
        if (++readings_ % 4 == 0) {
            jump();
        }
        return shown_;
    }
    [[nodiscard]] bool start(galley::operation& op) noexcept override { return kernel_->start(op); }
    void cancel(galley::operation& op) noexcept override { kernel_->cancel(op); }
    [[nodiscard]] int close(int descriptor) noexcept override { return kernel_->close(descriptor); }
    void shut() noexcept override { kernel_->shut(); }
    void ask(galley::operation_list& done) noexcept override { kernel_->ask(done); }
    /// Returns early, as a driver may (WAIT-5), so that hours pass in no time.
    void wait(std::optional<instant> until, galley::operation_list& done) noexcept override {
        if (until) {
            jump();
        }
        kernel_->wait(until ? std::optional{kernel_->now() + 10us} : std::nullopt, done);
    }
    [[nodiscard]] std::shared_ptr<galley::waker> get_waker() noexcept override { return kernel_->get_waker(); }

    int backwards{};  ///< jumps

private:
    void jump() noexcept {
        const std::chrono::minutes by{static_cast<int>(random_() % 240) - 100};  // from -100 to 139
        backwards += by < 0min ? 1 : 0;
        shown_ = std::max(galley::epoch, shown_ + by);
    }

    std::unique_ptr<galley::driver> kernel_;
    std::mt19937 random_{1};
    unsigned readings_{};
    instant shown_{};
};

TEST_P(clock_test, a_clock_that_jumps_by_hours_makes_nothing_early_and_loses_nothing) {
    auto kernel = std::make_unique<jumping_driver>(make_driver(GetParam().driver));
    jumping_driver& clock = *kernel;
    world w{GetParam(), std::move(kernel)};
    w.driver.on_hang = nullptr;  // a minute is nothing to this clock
    std::size_t woken = 0;
    std::size_t cut_off = 0;
    instant latest{};
    instant began{};
    std::vector<instant> keys;  // of those that slept to the end, in the order in which they woke
    w.run([&]() -> task<> {
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            std::mt19937_64 random{2};
            for (int i = 0; i < 500; ++i) {
                const instant deadline{1024ns * static_cast<std::int64_t>(random() % 400'000'000'000U)};  // 110 hours
                group.spawn(galley::invoke([&, deadline]() -> task<> {
                    began = w.loop().sample();  // the same for all: they begin in one round
                    co_await galley::sleep_until(deadline);
                    const instant woke = co_await galley::now{};
                    EXPECT_GE(woke, deadline) << "early";
                    EXPECT_GE(woke, latest) << "the loop's clock went back";
                    latest = woke;
                    keys.push_back(deadline);
                    ++woken;
                }));
                group.spawn(galley::invoke([&]() -> task<> {
                    const instant start = co_await galley::now{};
                    const bool finished = co_await galley::try_timeout(
                        7h, galley::invoke([]() -> task<> { co_await galley::sleep_for(300h); }));
                    EXPECT_FALSE(finished);
                    const instant end = co_await galley::now{};
                    EXPECT_GE(end - start, 7h);
                    ++cut_off;
                }));
            }
            for (std::uint32_t i = 0; i < 4; ++i) {
                group.spawn(echo_load(w, i, 50'000));
                group.spawn(sleep_load(i, 50, 3h));
            }
            co_return;
        });
    });
    EXPECT_EQ(woken, 500U);
    EXPECT_EQ(cut_off, 500U);
    EXPECT_GT(clock.backwards, 50);
    // Those whose deadline was past when they began come first, as they stand; then those with the earliest deadline.
    const auto ahead = std::find_if(keys.begin(), keys.end(), [&](instant key) { return key > began; });
    EXPECT_TRUE(std::is_sorted(ahead, keys.end()));
}

// A step blocks for longer than all of these sleep. Afterwards each of them is due, and comes, in order, in one
// collect; and so is what was sent meanwhile.
TEST_P(clock_test, a_step_that_blocks_delays_everything_and_loses_nothing) {
    world w{GetParam()};
    pair p = make_socketpair();
    std::vector<int> woken;
    std::vector<instant> samples;
    bool heard = false;
    w.run([&]() -> task<> {
        const galley::descriptor from = w.adopt(p.a);
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            const instant start = co_await galley::now{};
            group.spawn(galley::invoke([&]() -> task<> {
                const auto got = co_await expect_text(from.get(), 1, 0, 5);
                EXPECT_EQ(got.count, 5U) << got.error.message();
                heard = true;
            }));
            for (int i = 0; i < 40; ++i) {
                const int after = i * 17 % 40 + 1;  // in milliseconds, in no order
                group.spawn(galley::invoke([&, after]() -> task<> {
                    co_await galley::sleep_until(start + after * 1ms);
                    const instant now = co_await galley::now{};
                    EXPECT_GE(now, start + after * 1ms) << "early";
                    samples.push_back(w.loop().sample());
                    woken.push_back(after);
                }));
            }
            co_await galley::yield();  // by now they sleep
            std::byte text[5];
            write_text(1, 0, text);
            send_all(p.b, {reinterpret_cast<const char*>(text), sizeof text});
            auto later = co_await galley::spawn_here(
                galley::invoke([&]() -> task<> { co_await galley::sleep_until(start + 1h); }));
            const std::size_t before = woken.size();
            ::poll(nullptr, 0, 50);  // the step that blocks: what is tested, not a way to wait for anything
            EXPECT_EQ(woken.size(), before) << "a step ran inside another";
            const instant after = co_await galley::now{};
            EXPECT_GE(after, start + 40ms);
            const std::size_t looks = w.driver.looks;
            co_await galley::yield();
            co_await galley::yield();
            while (w.driver.looks == looks) {  // the fast loop does not look at the clock after every round
                co_await galley::yield();
            }
            co_await galley::yield();
            EXPECT_TRUE(heard) << "sent before the driver was asked, and not collected then";
            EXPECT_EQ(woken.size(), 40U) << "due at one sample, and not collected with it";
            later.cancel();
        });
    });
    EXPECT_TRUE(std::is_sorted(woken.begin(), woken.end()));
}

}  // namespace
}  // namespace galley_test
