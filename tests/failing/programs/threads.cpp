// SPDX-License-Identifier: BSL-1.0
// Completions, calls on a pool's threads, tasks that are sent to a loop: whoever is to bring an outcome brings it,
// however little memory there is.
#include "tests/failing/faults.hpp"
#include "tests/failing/programs.hpp"

#include <array>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace galley_test {
namespace {

struct completers {
    galley::completer<token> completes;
    galley::completer<> fails;
    galley::completer<> goes_unused;
};

// THREAD-2: once a completion is there, nothing about it needs memory.
void use_all(stage& s, completers with) {
    const under_test me_too;
    wait_until_blocked();
    s.check(with.completes.complete(token{s}), "THREAD-1");
    try {
        s.burn();
    } catch (const burnt&) {
        s.check(with.fails.fail(std::current_exception()), "THREAD-1");
    }
}

void completions_of_another_thread(stage& s) {
    std::optional<std::jthread> other;
    s.run([&]() -> task<> {
        const body here{s};
        galley::completion<token> value{s.loop()};
        galley::completion<> failure{s.loop()};
        galley::completion<> nothing{s.loop()};
        {
            completers all{value.get_completer(), failure.get_completer(), nothing.get_completer()};
            const spared its_stack;
            other.emplace([&s, all = std::move(all)]() mutable { use_all(s, std::move(all)); });
        }
        token came = co_await value.wait();
        came.spend(1);
        try {
            co_await failure.wait();
        } catch (const burnt&) {
            s.saw_burnt();
            s.did(1);
        }
        try {
            co_await nothing.wait();
        } catch (const galley::broken_completion&) {
            s.did(1);
        }
    });
}

void calls_on_a_pool(stage& s) {
    s.run([&]() -> task<> {
        const body here{s};
        galley::thread_pool pool{2};
        auto gives = [held = token{s}, &s] { return token{s}; };
        token came = co_await galley::to_thread(pool, std::move(gives));
        came.spend(1);
        auto burns = [&s] { s.burn(); };
        try {
            co_await galley::to_thread(pool, burns);
        } catch (const burnt&) {
            s.saw_burnt();
            s.did(1);
        }
    });
}

task<token> gives(stage& s) {
    const body here{s};
    co_await galley::yield();
    co_return token{s};
}
task<> burns(stage& s) {
    const body here{s};
    co_await galley::yield();
    s.burn();
}
task<> sleeps(stage& s) {
    const body here{s};
    co_await galley::sleep_for(1h);
}

void tasks_for_a_loop(stage& s) {
    s.run([&]() -> task<> {
        const body here{s};
        const galley::remote to = s.loop().get_remote();
        token came = co_await galley::run_on(to, gives(s));
        came.spend(1);
        try {
            co_await galley::run_on(to, burns(s));
        } catch (const burnt&) {
            s.saw_burnt();
            s.did(1);
        }
        const bool finished = co_await galley::try_timeout(1s, galley::run_on(to, sleeps(s)));
        s.did(finished ? 0 : 1);
    });
}

constexpr std::array programs{
    program{"completions_of_another_thread", &completions_of_another_thread},
    program{"calls_on_a_pool", &calls_on_a_pool},
    program{"tasks_for_a_loop", &tasks_for_a_loop},
};

}  // namespace

std::span<const program> thread_programs() noexcept { return programs; }

}  // namespace galley_test
