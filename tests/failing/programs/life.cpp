// SPDX-License-Identifier: BSL-1.0
// Loops that are made, stopped, run again, closed and destroyed.
#include "tests/failing/faults.hpp"
#include "tests/failing/programs.hpp"
#include "tests/integration/fixture.hpp"

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

namespace galley_test {
namespace {

task<> does_something(stage& s) {
    const body here{s};
    co_await galley::sleep_for(1ms);
    s.did(1);
}

void construction(stage& s) {
    {
        const std::unique_ptr<galley::loop> own = s.on().loop == loop_kind::ref
                                                      ? std::unique_ptr<galley::loop>{new galley::ref::loop}
                                                      : std::unique_ptr<galley::loop>{new galley::fast::loop};
        galley::run(*own, does_something(s));
    }
    try {
        galley::loop_options options;
        options.resolution_bits = 50;
        const galley::fast::loop bad{options};
    } catch (const std::invalid_argument&) {
        s.did(10);
    }
    s.run([&s]() -> task<> { co_await does_something(s); });
}

task<> stops_itself(stage& s) {
    const body here{s};
    s.did(1);
    s.loop().stop();
    co_await galley::yield();
    s.did(10);
    co_await galley::sleep_for(1ms);
    s.did(100);
}

void a_stop_and_a_second_run(stage& s) {
    galley::loop& l = s.loop();
    galley::join_handle<> handle = galley::spawn(l, stops_itself(s));
    s.check(l.run() == galley::verdict::stopped && !handle.ended(), "LIFE-2");
    s.check(l.run() == galley::verdict::completed, "LIFE-3");
    handle.take();
}

task<> waits_for_the_bell(stage& s) {
    const body here{s};
    co_await s.bell.wait();
    s.did(10);
}

// LIFE-1, LIFE-3: the report names the task, and takes memory; with or without it, the task is there.
void a_deadlock_that_is_reported(stage& s) {
    galley::loop& l = s.loop();
    struct rung {
        ~rung() {
            s.bell.set();
            s.check(s.loop().run() == galley::verdict::completed, "LIFE-3");
        }
        stage& s;
    } const at_end{s};
    try {
        galley::run(l, waits_for_the_bell(s));
    } catch (const galley::run_interrupted& e) {
        s.check(e.why == galley::verdict::deadlocked, "LIFE-1");
        s.did(1);
    }
}

task<> clears_up(stage& s) {
    const body here{s};
    try {
        co_await s.bell.wait();
    } catch (const galley::cancelled&) {
        s.did(1);
    }
    co_await galley::shield(does_something(s));
}

void an_orderly_close(stage& s) {
    galley::loop& l = s.loop();
    struct gone {
        ~gone() { s.destroy_loop(); }  // a loop that was closed starts nothing any more
        stage& s;
    } const at_end{s};
    for (int i = 0; i < 3; ++i) {
        galley::spawn(l, clears_up(s)).detach();
    }
    s.check(l.run() == galley::verdict::deadlocked, "LIFE-1");
    s.check(galley::close(l) == galley::verdict::completed, "LIFE-6");
}

/// All that a task can be in the middle of when its loop goes.
struct scenery {
    scenery() : goods{2} {}
    galley::queue<token> goods;
    galley::semaphore permits{1};
    galley::mutex lock;
    std::optional<pair> ends;
};

task<> holds_and_waits(stage& s, scenery& at) {
    const body here{s};
    co_await at.permits.acquire();
    struct back {
        ~back() { to.release(); }
        galley::semaphore& to;
    } const mine{at.permits};
    const galley::mutex::guard owner = co_await at.lock.lock();
    co_await galley::sleep_for(1h);
}
task<> puts_too_much(stage& s, scenery& at) {
    const body here{s};
    for (;;) {
        token item{s};
        const bool accepted = co_await at.goods.put(std::move(item));
        s.check(accepted, "SYNC-3: the queue is open");
    }
}
task<> reads_for_ever(stage& s, scenery& at) {
    const body here{s};
    const galley::descriptor mine{s.loop(), at.ends->a.release()};
    std::array<std::byte, 8> some;
    const auto [error, n] = co_await galley::read(mine.get(), some);
    s.must(error);
    s.check(n == 0, "nobody has written");
}
task<> has_a_deadline(stage& s, scenery& at) {
    const body here{s};
    const bool ended = co_await galley::try_timeout(1h, holds_and_waits(s, at));
    s.check(!ended, "it has waited for ever");
}

// LIFE-5
void destroyed_with_everything_in_flight(stage& s) {
    scenery at;
    {
        const spared not_galleys;
        at.ends = make_socketpair();
    }
    struct gone {
        ~gone() { s.destroy_loop(); }  // before the scenery
        stage& s;
    } const first{s};
    galley::loop& l = s.loop();
    const galley::remote poster = l.get_remote();
    galley::spawn(l, holds_and_waits(s, at)).detach();
    galley::spawn(l, holds_and_waits(s, at)).detach();
    galley::spawn(l, has_a_deadline(s, at)).detach();
    galley::spawn(l, puts_too_much(s, at)).detach();
    galley::spawn(l, reads_for_ever(s, at)).detach();
    galley::spawn(l, galley::invoke([&]() -> task<> {
                      const body here{s};
                      co_await galley::when_all(holds_and_waits(s, at), puts_too_much(s, at));
                  }))
        .detach();
    s.check(poster.post([&s] { s.loop().stop(); }), "POST-4");
    s.check(l.run() == galley::verdict::stopped, "LIFE-2");
    s.check(poster.post([owned = std::make_unique<token>(s)] { owned->spend(1000); }), "POST-4");
    s.did(at.goods.size());
    s.destroy_loop();
    s.check(at.permits.permits() == 1 && !at.lock.locked(), "LIFE-5: what was owned is given back");
    s.check(!poster.wake(), "POST-4: a loop that is gone refuses");
}

constexpr std::array programs{
    program{"construction", &construction},
    program{"a_stop_and_a_second_run", &a_stop_and_a_second_run},
    program{"a_deadlock_that_is_reported", &a_deadlock_that_is_reported},
    program{"an_orderly_close", &an_orderly_close},
    program{"destroyed_with_everything_in_flight", &destroyed_with_everything_in_flight},
};

}  // namespace

std::span<const program> life_programs() noexcept { return programs; }

}  // namespace galley_test
