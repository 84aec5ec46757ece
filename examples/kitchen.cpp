// SPDX-License-Identifier: BSL-1.0
// The kitchen: one cook, three dishes. Dish 1 simmers for 5 minutes, dish 2 only needs chopping, dish 3 boils for 3
// minutes. The cook is never idle while something can be done, and dinner takes 5 minutes, not 8. Here a minute lasts
// 10 ms.
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>

#include <chrono>
#include <cstdio>

using minutes = std::chrono::duration<double, std::ratio<1, 100>>;

minutes clock_shows(galley::instant started, galley::instant now) { return now - started; }

galley::task<> dish(const char* name, const char* work, minutes on_the_stove, galley::instant started) {
    const galley::instant begin = co_await galley::now();
    std::printf("%3.0f min  %s: %s\n", clock_shows(started, begin).count(), name, work);
    if (on_the_stove > minutes::zero()) {
        co_await galley::sleep_for(on_the_stove);  // the cook turns to the other dishes
    }
    const galley::instant end = co_await galley::now();
    std::printf("%3.0f min  %s: done\n", clock_shows(started, end).count(), name);
}

galley::task<> dinner() {
    const galley::instant started = co_await galley::now();
    co_await galley::when_all(dish("stew", "simmers for 5 minutes", minutes{5}, started),
                              dish("salad", "is chopped", minutes{0}, started),
                              dish("rice", "boils for 3 minutes", minutes{3}, started));
    const galley::instant served = co_await galley::now();
    std::printf("%3.0f min  dinner is served\n", clock_shows(started, served).count());
}

int main() {
    galley::fast::loop loop;
    galley::run(loop, dinner());
}
