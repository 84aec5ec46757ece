// SPDX-License-Identifier: BSL-1.0
// A trace told task by task: what the timeline and the picture draw.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

/// What a task does for a while. Later ones are drawn over earlier ones.
enum class activity : std::uint8_t { queued, waiting, io, sleeping, running };

struct span {
    activity what{};
    std::int64_t from{};
    std::int64_t to{};
};

enum class ending : std::uint8_t { none, value, failed, cancelled, destroyed };

struct task_history {
    std::uint64_t by{};
    int routine{-1};
    std::vector<span> spans{};
    ending end{ending::none};
    std::int64_t ended_at{};
};

struct history {
    std::vector<task_history> tasks{};
    std::int64_t end{};    // of the axis
    std::int64_t waits{};  // the sum of the spans of sleeping and I/O, saturating
};

inline constexpr std::int64_t round_length = 1'000;

enum class axis : std::uint8_t { time, rounds, events };

/// On the axis of rounds, round n is what lies between n - 1 and n times round_length; without level L each step is
/// taken as a round. On the axis of events a place is an index into trace::events, and what was made ready is queued
/// from then on (in the other two that would rarely be wide enough to be seen).
[[nodiscard]] history history_of(const trace& t, axis along);

}  // namespace galley::spec
