// SPDX-License-Identifier: BSL-1.0
// A scenario: a program as data, and what the world does when. README.md in this folder is its normative description.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace galley::spec {

/// What a statement does; the order is that of the table in README.md, and is part of the byte form.
enum class verb : std::uint8_t {
    yield,
    sleep,
    sleep_until,
    burn,
    now,
    spawn,
    join,
    try_join,
    cancel,
    drop,
    lose,
    call,
    try_,
    all,
    any,
    group,
    go,
    cancel_group,
    scope,
    cancel_scope,
    shield,
    timeout,
    timeout_at,
    set,
    reset,
    wait,
    acquire,
    release,
    lock,
    unlock,
    put,
    get,
    close_queue,
    read,
    write,
    accept,
    connect,
    readable,
    writable,
    close,
    fail,
    return_,
    stop,
    post,
    hold_remote,
    drop_remote,
    keep_alive,
    drop_keep_alive,
};
inline constexpr std::size_t verb_count = static_cast<std::size_t>(verb::drop_keep_alive) + 1;

/// One statement. `operands` are in the table's order (unused ones are 0); `all` and `any` use `routines` instead.
struct statement {
    verb what{};
    std::array<std::int64_t, 2> operands{};
    std::vector<std::uint8_t> routines{};
    bool operator==(const statement&) const = default;
};

/// What the world does; the order is part of the byte form.
enum class world_verb : std::uint8_t { stop, post, wake, jump, data, end, break_, room, peer };
inline constexpr std::size_t world_verb_count = static_cast<std::size_t>(world_verb::peer) + 1;

struct world_entry {
    std::int64_t at{};
    world_verb what{};
    std::array<std::int64_t, 2> operands{};
    bool operator==(const world_entry&) const = default;
};

struct routine {
    std::string name{};
    std::vector<statement> body{};
    bool operator==(const routine&) const = default;
};

enum class closing : std::uint8_t { destroy, orderly };

struct scenario {
    std::string name{};
    std::int64_t resolution{1};
    std::int64_t ask_every{1};
    std::int64_t budget{16};
    int runs{1};
    closing close{closing::destroy};
    int events{0};
    std::vector<std::int64_t> semaphores{};
    int mutexes{0};
    std::vector<std::int64_t> queues{};
    std::vector<std::int64_t> channels{};
    std::vector<routine> routines{};
    std::vector<world_entry> world{};
    bool operator==(const scenario&) const = default;
};

}  // namespace galley::spec
