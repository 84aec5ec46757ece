// SPDX-License-Identifier: BSL-1.0
// Callbacks from remotes: of the loop's own thread, and of another.
#include "tests/failing/faults.hpp"
#include "tests/failing/programs.hpp"

#include <array>
#include <new>
#include <optional>
#include <thread>

namespace galley_test {
namespace {

/// A callback of more words than are stored in place, which owns something.
struct large_callback {
    explicit large_callback(stage& s) noexcept : owned{s} {}
    void operator()() { owned.spend(10); }
    token owned;
    std::array<void*, 4> ballast{};
};

void posts_on_the_loops_thread(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        const galley::remote poster = s.loop().get_remote();
        s.check(poster.post([&s] { s.did(1); }), "POST-4");
        s.check(poster.post(large_callback{s}), "POST-4");
        s.check(poster.post([&s] { s.burn(); }), "POST-4");
        std::array<galley::callback, 2> both{[&s] { s.did(100); }, large_callback{s}};
        s.check(poster.post_all(both), "POST-5");
        s.check(poster.wake(), "POST-4");
        s.check(poster.post([&s] { s.bell.set(); }), "POST-4");
        co_await s.bell.wait();
    });
}

/// Posts what it can to a loop that sleeps, and stops it, which cannot fail.
void post_and_stop(stage& s, const galley::remote& poster) {
    const under_test me_too;
    wait_until_blocked();
    for (int i = 0; i < 5; ++i) {
        try {
            s.check(i % 2 == 0 ? poster.post([&s] { s.did(1); }) : poster.post(large_callback{s}), "POST-4");
        } catch (const std::bad_alloc&) {
            s.saw_shortage();
        }
    }
    poster.stop();
}

// WAIT-3: it is woken, whatever fails.
void posts_of_another_thread(stage& s) {
    galley::loop& l = s.loop();
    std::optional<std::jthread> poster;
    std::optional<galley::keep_alive> service{l};
    {
        galley::remote remote = l.get_remote();
        const spared its_stack;
        poster.emplace([&s, remote = std::move(remote)] { post_and_stop(s, remote); });
    }
    s.check(l.run() == galley::verdict::stopped, "LIFE-2");
    poster->join();
    service.reset();
    s.run([]() -> task<> { co_await galley::yield(); });  // what had arrived with the stop
}

task<> waits_for_the_bell(stage& s) {
    const body here{s};
    co_await s.bell.wait();
    s.did(1);
}

// With so many tasks, the main one among them, all the room that fast has reserved is theirs; or all but one place, so
// that callbacks have to queue for it.
template <int Tasks>
void a_crowd_and_callbacks(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        galley::task_group crowd;
        co_await crowd.run([&]() -> task<> {
            const body in_group{s};
            const galley::remote poster = s.loop().get_remote();
            for (int left = Tasks - 1; left > 0; --left) {
                std::optional<spared> scenery;
                if (left > 5) {
                    scenery.emplace();
                }
                crowd.spawn(waits_for_the_bell(s));
            }
            co_await galley::yield();
            for (int i = 0; i < 3; ++i) {
                s.check(poster.post([&s] { s.did(100); }), "POST-4");
            }
            s.check(poster.post([&s] { s.bell.set(); }), "POST-4");
            co_await s.bell.wait();
        });
    });
}

constexpr std::array programs{
    program{"posts_on_the_loops_thread", &posts_on_the_loops_thread},
    program{"posts_of_another_thread", &posts_of_another_thread},
    program{"a_crowd_of_64_and_callbacks", &a_crowd_and_callbacks<64>},
    program{"a_crowd_of_127_and_callbacks", &a_crowd_and_callbacks<127>},
};

}  // namespace

std::span<const program> post_programs() noexcept { return programs; }

}  // namespace galley_test
