// SPDX-License-Identifier: BSL-1.0
// Explores the five programs: what is found in them as they are, that nothing is when they are mended, and how many
// schedules of a larger one are run in a second. With an argument: the full report of the race of that name.
#include "races/races.hpp"

#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>

namespace {

using galley::races::form;
using galley::testing::exploration;

void show(const galley::races::race& race) {
    const exploration planted = galley::testing::explore({}, race.body(form::planted));
    std::printf("%s: %s\n%s\n", race.name, race.what, planted.report().c_str());
}

void summarise() {
    std::printf("%-18s %-22s %-14s %s\n", "race", "found by schedule", "replay", "mended: no failure in");
    for (const auto& race : galley::races::all) {
        const exploration planted = galley::testing::explore({}, race.body(form::planted));
        const exploration mended = galley::testing::explore({}, race.body(form::mended));
        std::printf("%-18s %-22zu %-14s %zu%s\n", race.name, planted.schedules,
                    planted.failed() ? planted.replay.c_str() : "-", mended.schedules,
                    mended.failed()   ? " FAILED"
                    : mended.complete ? ", all that there are"
                                      : "");
    }
}

/// Eight tasks with three awaits each, and a mutex that they share.
galley::task<> crowd() {
    galley::mutex shared;
    galley::task_group all;
    const auto use = [](galley::mutex& m) -> galley::task<> {
        co_await galley::sleep_for(std::chrono::milliseconds{1});
        const auto alone = co_await m.lock();
        co_await galley::yield();
    };
    const auto start = [&]() -> galley::task<> {
        for (int i = 0; i < 8; ++i) all.spawn(use(shared));
        co_return;
    };
    co_await all.run(start);
}

void measure(std::size_t schedules) {
    const auto begun = std::chrono::steady_clock::now();
    const exploration found = galley::testing::explore({.schedules = schedules}, crowd);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::printf("a crowd of eight tasks: %zu schedules, %.0f in a second\n", found.schedules,
                static_cast<double>(found.schedules) / took.count());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        summarise();
        measure(20'000);
        return 0;
    }
    for (const auto& race : galley::races::all) {
        if (std::string_view{race.name} == argv[1]) {
            show(race);
            return 0;
        }
    }
    std::fprintf(stderr, "no such race: %s\n", argv[1]);
    return 2;
}
