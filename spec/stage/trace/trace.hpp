// SPDX-License-Identifier: BSL-1.0
// A trace: what a loop did with a scenario, event by event. README.md in this folder gives the format.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "spec/stage/trace/text.hpp"

namespace galley::spec {

enum class event_kind : std::uint8_t {
    // level P
    run,
    exit,
    spawn,
    step,
    await,
    did,
    scope,
    end,
    callback,
    unobserved,
    destroyed,
    refused,
    // level L
    box,
    wait,
    sample,
    world,
    fire,
    complete,
    ready,
    round,
};
inline constexpr std::size_t event_kind_count = static_cast<std::size_t>(event_kind::round) + 1;

[[nodiscard]] constexpr bool is_level_p(event_kind k) noexcept { return k <= event_kind::refused; }

struct pending_task {
    std::uint64_t task{};
    text await{};
    bool operator==(const pending_task&) const = default;
};

/// One event. `numbers` and `texts` hold its fields in the order of the README: ids and counts are numbers; times,
/// keys, values, names and results are texts. E.g. step: numbers {task}, texts {now, with}; scope: numbers {task, id},
/// texts {"open"}, {"shield"} or {"close", outcome}; fire: numbers {timer}, texts {key}; did: numbers {task}, texts
/// {verb, arg, result}.
struct event {
    event_kind kind{};
    std::array<std::uint64_t, 3> numbers{};
    std::array<text, 3> texts{};
    std::vector<pending_task> pending{};  ///< of `exit` only
    bool operator==(const event&) const = default;
};

/// Whether an event of a scope opens it.
[[nodiscard]] inline bool opens(const event& scope) noexcept { return scope.texts[0] != "close"; }

struct trace {
    std::int64_t resolution{1};
    std::int64_t ask_every{1};
    std::int64_t budget{16};
    bool has_level_l{true};
    std::vector<event> events{};
    bool operator==(const trace&) const = default;
};

/// A trace that cannot be read: says in which line and field, and what was expected.
struct trace_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One event as a JSON line without newline; the header line; the whole trace, each line ended by a newline.
[[nodiscard]] std::string to_json(const event& e);
[[nodiscard]] std::string header_json(const trace& t);
[[nodiscard]] std::string to_json(const trace& t);

/// The inverse. Throws trace_error.
[[nodiscard]] trace parse_trace(std::string_view text, std::string_view file = "");

/// The trace without level L.
[[nodiscard]] trace level_p(const trace& t);

}  // namespace galley::spec
