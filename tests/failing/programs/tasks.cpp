// SPDX-License-Identifier: BSL-1.0
// Tasks below tasks: combinators, groups, joins.
#include "tests/failing/programs.hpp"

#include <array>
#include <new>
#include <vector>

namespace galley_test {
namespace {

task<int> dish(stage& s, galley::duration on_the_stove, int worth) {
    const body here{s};
    co_await galley::sleep_for(on_the_stove);
    co_return worth;
}
task<token> dish_to_serve(stage& s, galley::duration on_the_stove, int& ready) {
    const body here{s};
    token plate{s};
    co_await galley::sleep_for(on_the_stove);
    ++ready;
    co_return plate;
}

task<> serves_courses(stage& s) {
    const body here{s};
    constexpr int count = 5;
    int ready = 0;
    std::vector<task<token>> courses;
    for (int i = 0; i < count; ++i) {
        courses.push_back(dish_to_serve(s, i * 1ms, ready));
    }
    try {
        std::vector<token> served = co_await galley::when_all(std::move(courses));
        for (token& plate : served) {
            plate.spend(1000);
        }
    } catch (const std::bad_alloc&) {
        s.check(ready < count, "TASK-2: values that are there are lost");
        throw;
    }
}

void kitchen(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        const auto [stew, salad, rice] =
            co_await galley::when_all(dish(s, 5ms, 1), dish(s, 0ms, 10), dish(s, 3ms, 100));
        s.did(static_cast<std::uint64_t>(stew + salad + rice));
        co_await serves_courses(s);
    });
}

void races(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        const auto first = co_await galley::when_any(dish(s, 2ms, 1), dish(s, 1h, 10));
        s.did(first.index() == 0 ? 1 : 1000);
        int ready = 0;
        std::vector<task<token>> courses;
        for (int i = 5; i > 0; --i) {
            courses.push_back(dish_to_serve(s, i * 1ms, ready));
        }
        galley::winner<token> fastest = co_await galley::when_any(std::move(courses));
        fastest.value.spend(10 * fastest.index);
    });
}

task<> burns(stage& s, galley::duration after) {
    const body here{s};
    co_await galley::sleep_for(after);
    s.burn();
}
task<> burns_as_it_is_cleared_away(stage& s) {
    const body here{s};
    try {
        co_await galley::sleep_for(1h);
    } catch (const galley::cancelled&) {
        s.burn();
    }
}

// TASK-6: the first failure comes out, the second goes to the handler.
void a_group_that_fails(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        galley::task_group group;
        try {
            co_await group.run([&s, &group]() -> task<> {
                const body in_group{s};
                group.spawn(burns(s, 2ms));
                group.spawn(burns_as_it_is_cleared_away(s));
                group.spawn(dish(s, 1h, 1));
                s.did(static_cast<std::uint64_t>(co_await dish(s, 1ms, 100)));
            });
        } catch (const burnt&) {
            s.saw_burnt();
            s.did(1);
        }
    });
}

/// Spawning is all or nothing.
template <class T>
galley::join_handle<T> start(stage& s, task<T> child) {
    const std::size_t before = s.loop().tasks().pending();
    try {
        galley::join_handle<T> handle = galley::spawn(s.loop(), std::move(child));
        s.check(s.loop().tasks().pending() == before + 1, "a task was started");
        return handle;
    } catch (const std::bad_alloc&) {
        s.check(s.loop().tasks().pending() == before, "a task that could not be started is not there");
        throw;
    }
}

void joins_cancels_and_detaches(stage& s) {
    int ready = 0;
    s.run([&s, &ready]() -> task<> {
        const body here{s};
        const galley::join_handle<int> joined = start(s, dish(s, 1ms, 1));
        const galley::join_handle<int> cancelled = start(s, dish(s, 1h, 1000));
        start(s, dish_to_serve(s, 3ms, ready)).detach();
        start(s, burns(s, 1ms)).detach();
        co_await galley::yield();
        const bool has_failed = cancelled.ended();  // its sleep may have
        s.check(cancelled.cancel() != has_failed, "CANCEL-4");
        try {
            s.did(static_cast<std::uint64_t>(co_await cancelled.join()));
        } catch (const galley::task_cancelled&) {
            s.did(10);
        }
        s.did(static_cast<std::uint64_t>(co_await joined.join()));
    });
}

/// What a failure that is an answer says.
template <class T>
void tell(stage& s, galley::settlement<T> came_to) {
    try {
        came_to.take();
    } catch (const burnt&) {
        s.saw_burnt();
        s.did(10);
    } catch (const std::bad_alloc&) {
        s.saw_shortage();
    }
}

/// TASK-9, TASK-10, CANCEL-8: awaits as branches, failures as answers, one deadline for all.
void answers(stage& s) {
    s.run([&s]() -> task<> {
        const body here{s};
        galley::loop& l = co_await galley::this_loop{};
        const galley::instant until = l.now() + 20ms;
        const auto first = co_await galley::when_any(galley::sleep_for(1ms), galley::sleep_until(until));
        s.did(first.index() == 0 ? 1 : 1000);
        tell(s, co_await galley::settled(burns(s, 1ms)));
        const galley::join_handle<> handle = galley::spawn(l, burns(s, 1ms));
        tell(s, co_await handle.try_join());
        const auto in_time =
            co_await galley::try_timeout(until, galley::when_all(galley::sleep_for(1ms), dish(s, 2ms, 1)));
        s.did(in_time ? 100 : 1000);
        try {
            co_await galley::timeout(until, galley::sleep_for(1h));
            s.did(1000);
        } catch (const galley::timed_out&) {
            s.did(l.now() >= until ? 200 : 1000);
        }
        const galley::join_handle<int> lost = galley::spawn(l, dish(s, 1h, 1000));
    });
}

constexpr std::array programs{
    program{"kitchen", &kitchen},
    program{"races", &races},
    program{"a_group_that_fails", &a_group_that_fails},
    program{"joins_cancels_and_detaches", &joins_cancels_and_detaches},
    program{"answers", &answers},
};

}  // namespace

std::span<const program> task_programs() noexcept { return programs; }

}  // namespace galley_test
