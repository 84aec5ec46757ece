// SPDX-License-Identifier: BSL-1.0
// Eight threads post while the loop is busy with sockets and timers, stops, runs again, and is destroyed. The account
// must be exact: each post was called once, or was dropped with the loop, or was refused and its poster told.
#include "tests/integration/fixture.hpp"

#include <galley/io.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace galley_test {
namespace {

class poster_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, poster_test, every_loop_on_every_driver, combination_name);

constexpr std::size_t threads = 8;
constexpr int most_waiting =
    2'000;  // posts that wait, or posters would fill the memory faster than the loop empties it

/// The posts of one thread. `called`, `next` and `in_order` belong to the loop's thread.
struct account {
    std::atomic<int> waiting{0};  ///< made and not gone, however they went
    int called{};
    int next{};
    bool in_order{true};
    // The poster's own, read when it has been joined.
    int accepted{};
    int refused{};
    bool accepted_after_a_refusal{};
};

/// A callback that counts its call, and notices a second one.
class ticket {
public:
    ticket(account& a, int number) noexcept : account_{&a}, number_{number} { ++account_->waiting; }
    ticket(ticket&& other) noexcept
        : account_{std::exchange(other.account_, nullptr)}, number_{other.number_}, calls_{other.calls_} {}
    ticket& operator=(ticket&&) = delete;
    ~ticket() {
        if (account_ != nullptr) {
            --account_->waiting;
        }
    }
    void operator()() {
        EXPECT_EQ(++calls_, 1);
        account_->in_order = account_->in_order && number_ == account_->next;
        account_->next = number_ + 1;
        ++account_->called;
    }

private:
    account* account_;
    int number_;
    int calls_{};
};

/// Waits until not too many posts of this thread wait. False if that never happens.
bool wait_for_room(const account& a) {
    const auto limit = std::chrono::steady_clock::now() + hang_limit;
    while (a.waiting.load() > most_waiting / static_cast<int>(threads)) {
        if (std::chrono::steady_clock::now() > limit) {
            ADD_FAILURE() << a.waiting.load() << " callbacks have neither been called nor dropped";
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// Posts until it is refused, as it must be when the loop has gone, and tries again then. Stops the loop now and then.
void post_until_refused(const galley::remote& to, account& a, std::size_t thread, const std::atomic<bool>& loop_gone) {
    for (int number = 0; a.refused < 3; ++number) {
        const bool must_refuse = loop_gone;
        if (to.post(ticket{a, number})) {
            ++a.accepted;
            a.accepted_after_a_refusal = a.accepted_after_a_refusal || a.refused > 0 || must_refuse;
        } else {
            ++a.refused;
        }
        if (static_cast<std::size_t>(number) % 4096 == thread * 512) {
            to.stop();
        }
        if (!wait_for_room(a) || a.accepted_after_a_refusal) {
            return;
        }
    }
}

task<> play(int end, bool serve) {
    std::byte ball[1]{};
    for (;; serve = true) {
        if (serve) {
            static_cast<void>(co_await galley::write(end, ball));
        }
        const auto got = co_await galley::read(end, ball);
        EXPECT_EQ(got.count, 1U) << got.error.message();
    }
}

TEST_P(poster_test, eight_threads_post_while_a_loop_stops_runs_again_and_is_destroyed) {
    const int runs = sanitized ? 10 : 50;
    std::size_t called = 0;
    std::size_t dropped = 0;
    for (int round = 0; round < runs; ++round) {
        SCOPED_TRACE(round);
        auto w = std::make_unique<world>(GetParam());
        pair p = make_socketpair();
        std::vector<std::unique_ptr<account>> accounts;
        std::atomic<bool> loop_gone{false};
        std::vector<std::thread> posters;
        for (std::size_t i = 0; i < threads; ++i) {
            accounts.push_back(std::make_unique<account>());
            posters.emplace_back([&loop_gone, i, to = w->loop().get_remote(), &a = *accounts.back()] {
                post_until_refused(to, a, i, loop_gone);
            });
        }
        galley::spawn(w->loop(), play(p.a.get(), true)).detach();
        galley::spawn(w->loop(), play(p.b.get(), false)).detach();
        // A while of each kind: stopped by the posters, or by the loop itself; between two runs, the posters go on.
        // The first round goes on until a post has been called, however late the posters are.
        const auto none_called = [&] {
            return std::ranges::all_of(accounts, [](const auto& a) { return a->called == 0; });
        };
        for (int i = 0; i < 5 || (round == 0 && none_called()); ++i) {
            galley::spawn(w->loop(),
                          [](galley::loop& l, int turns) -> task<> {
                              for (int n = 0; n < turns; ++n) {
                                  co_await galley::sleep_for(std::chrono::microseconds{n % 3});
                              }
                              l.stop();
                          }(w->loop(), round + i))
                .detach();
            EXPECT_EQ(w->loop().run(), galley::verdict::stopped);
        }
        while (round % 2 != 0 && std::ranges::all_of(accounts, [](const auto& a) { return a->waiting == 0; })) {
            std::this_thread::yield();  // the posters go on until they are refused: some loop goes with posts in it
        }
        w->destroy_loop();
        loop_gone = true;
        for (std::thread& t : posters) {
            t.join();
        }
        for (const auto& a : accounts) {
            EXPECT_EQ(a->waiting, 0) << "a callback is still somewhere";
            EXPECT_LE(a->called, a->accepted);
            EXPECT_EQ(a->refused, 3);
            EXPECT_FALSE(a->accepted_after_a_refusal);
            EXPECT_TRUE(a->in_order) << "POST-1: in the order of each thread, none left out";
            called += static_cast<std::size_t>(a->called);
            dropped += static_cast<std::size_t>(a->accepted - a->called);
        }
    }
    std::printf("%zu called, %zu dropped with their loops\n", called, dropped);
    EXPECT_GT(called, 0U);
    EXPECT_GT(dropped, 0U) << "no loop was destroyed with posts in its inbox";
}

// Without destruction nothing may be dropped: what is accepted is called, whatever the stops.
TEST_P(poster_test, stops_lose_no_post) {
    const int posts = static_cast<int>(scaled(20'000, "posts of each thread"));
    world w{GetParam()};
    std::vector<std::unique_ptr<account>> accounts;
    std::vector<std::thread> posters;
    galley::event all_gone;
    std::atomic<std::size_t> going{threads};
    for (std::size_t i = 0; i < threads; ++i) {
        accounts.push_back(std::make_unique<account>());
        posters.emplace_back([&, to = w.loop().get_remote(), &a = *accounts.back()] {
            for (int number = 0; number < posts; ++number) {
                a.accepted += to.post(ticket{a, number}) ? 1 : 0;
                if (number % 1000 == 999) {
                    to.stop();
                }
                if (!wait_for_room(a)) {
                    break;
                }
            }
            if (--going == 0) {
                EXPECT_TRUE(to.post([&] { all_gone.set(); }));
            }
        });
    }
    auto handle = galley::spawn(w.loop(), [](galley::event& e) -> task<> { co_await e.wait(); }(all_gone));
    int stops = 0;
    while (w.loop().run() == galley::verdict::stopped) {
        ++stops;
    }
    EXPECT_TRUE(handle.ended());
    EXPECT_GT(stops, 0);
    for (std::size_t i = 0; i < threads; ++i) {
        posters[i].join();
        const account& a = *accounts[i];
        EXPECT_EQ(a.accepted, posts);
        EXPECT_EQ(a.called, posts);
        EXPECT_TRUE(a.in_order);
        EXPECT_EQ(a.waiting, 0);
    }
}

}  // namespace
}  // namespace galley_test
