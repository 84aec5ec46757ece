// SPDX-License-Identifier: BSL-1.0
// Five small programs, each with a race that a plain test does not show, and each mended.
#pragma once

#include <galley/testing/world.hpp>

#include <array>

namespace galley::races {

/// With its race, or without.
enum class form : bool { planted, mended };

testing::body_function lost_update(form);
testing::body_function check_then_act(form);
testing::body_function shutdown(form);
testing::body_function cancelled_between(form);
testing::body_function equal_deadlines(form);

struct race {
    const char* name;
    testing::body_function (*body)(form);
    const char* what;
};
inline constexpr std::array<race, 5> all{{
    {"lost_update", &lost_update, "a balance is read, and written after an await"},
    {"check_then_act", &check_then_act, "a queue is looked at, and an item taken after an await"},
    {"shutdown", &shutdown, "an event is reset after it was the signal to stop"},
    {"cancelled_between", &cancelled_between, "a permit is given back by a line that a cancellation skips"},
    {"equal_deadlines", &equal_deadlines, "two timers are due together, and one task needs the other to be first"},
}};

}  // namespace galley::races
