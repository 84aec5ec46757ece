// SPDX-License-Identifier: BSL-1.0
// The words of a scenario: one table from which JSON, bytes, print, validation and enumeration are driven.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/stage/form/scenario.hpp"

namespace galley::spec {

/// What an operand stands for. The kinds from `handle` on are indices: slots, which every scenario has, and objects,
/// which a scenario declares.
enum class operand_kind : std::uint8_t {
    ns,
    at,
    value,
    bytes,
    code,  // numbers
    routine,
    routines,  // a routine; a list of routines, whose range is that of its length
    handle,
    group,
    scope,  // slots
    event,
    semaphore,
    mutex,
    queue,
    channel,
};
inline constexpr std::size_t operand_kind_count = static_cast<std::size_t>(operand_kind::channel) + 1;

[[nodiscard]] constexpr bool is_slot(operand_kind k) noexcept {
    return k >= operand_kind::handle && k <= operand_kind::scope;
}
[[nodiscard]] constexpr bool is_object(operand_kind k) noexcept { return k >= operand_kind::event; }
[[nodiscard]] constexpr bool is_number(operand_kind k) noexcept { return k <= operand_kind::code; }

/// One operand: its JSON key, what it is, and its inclusive range (for `routines` that of the length; an object must be
/// declared besides).
struct operand_info {
    std::string_view key{};
    operand_kind kind{};
    std::int64_t low{};
    std::int64_t high{};
};

/// One verb of a statement or of the world: its JSON name and its operands in the order of the trace's `arg`.
struct verb_info {
    std::string_view name{};
    std::array<operand_info, 2> slots{};
    std::size_t count{};

    constexpr explicit verb_info(std::string_view n) : name{n} {}
    constexpr verb_info(std::string_view n, operand_info a) : name{n}, slots{a}, count{1} {}
    constexpr verb_info(std::string_view n, operand_info a, operand_info b) : name{n}, slots{a, b}, count{2} {}
    [[nodiscard]] constexpr std::span<const operand_info> operands() const noexcept { return {slots.data(), count}; }
};

inline constexpr std::int64_t last_time = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t most_bytes = 1'000'000'000;
inline constexpr std::size_t most_routines = 32;
inline constexpr std::size_t most_statements = 64;  // in one body
inline constexpr std::size_t most_entries = 256;    // in the world
inline constexpr std::size_t most_objects = 8;      // of one kind
inline constexpr std::size_t longest_name = 200;    // bytes
inline constexpr std::int64_t most_cost = 100'000;

namespace operands {
inline constexpr operand_info ns{"ns", operand_kind::ns, 0, last_time};
inline constexpr operand_info at{"at", operand_kind::at, 0, last_time};
inline constexpr operand_info jump{"ns", operand_kind::ns, -(std::int64_t{1} << 62), std::int64_t{1} << 62};
inline constexpr operand_info value{"value", operand_kind::value, 0, last_time};
inline constexpr operand_info failure{"value", operand_kind::value, 1, 1'000'000};
inline constexpr operand_info bytes{"bytes", operand_kind::bytes, 1, most_bytes};
inline constexpr operand_info code{"code", operand_kind::code, 1, 4095};
inline constexpr operand_info routine{"routine", operand_kind::routine, 1, most_routines - 1};
inline constexpr operand_info children{"routines", operand_kind::routines, 0, 8};
inline constexpr operand_info contestants{"routines", operand_kind::routines, 1, 8};
inline constexpr operand_info handle{"handle", operand_kind::handle, 0, 15};
inline constexpr operand_info group{"group", operand_kind::group, 0, 7};
inline constexpr operand_info scope{"scope", operand_kind::scope, 0, 7};
inline constexpr operand_info event{"event", operand_kind::event, 0, most_objects - 1};
inline constexpr operand_info semaphore{"semaphore", operand_kind::semaphore, 0, most_objects - 1};
inline constexpr operand_info mutex{"mutex", operand_kind::mutex, 0, most_objects - 1};
inline constexpr operand_info queue{"queue", operand_kind::queue, 0, most_objects - 1};
inline constexpr operand_info channel{"channel", operand_kind::channel, 0, most_objects - 1};
}  // namespace operands

/// Indexed by `verb`.
inline constexpr std::array<verb_info, verb_count> verbs{
    verb_info{"yield"},
    verb_info{"sleep", operands::ns},
    verb_info{"sleep_until", operands::at},
    verb_info{"burn", operands::ns},
    verb_info{"now"},
    verb_info{"spawn", operands::routine, operands::handle},
    verb_info{"join", operands::handle},
    verb_info{"try_join", operands::handle},
    verb_info{"cancel", operands::handle},
    verb_info{"drop", operands::handle},
    verb_info{"lose", operands::handle},
    verb_info{"call", operands::routine},
    verb_info{"try", operands::routine},
    verb_info{"all", operands::children},
    verb_info{"any", operands::contestants},
    verb_info{"group", operands::group, operands::routine},
    verb_info{"go", operands::group, operands::routine},
    verb_info{"cancel_group", operands::group},
    verb_info{"scope", operands::scope, operands::routine},
    verb_info{"cancel_scope", operands::scope},
    verb_info{"shield", operands::routine},
    verb_info{"timeout", operands::ns, operands::routine},
    verb_info{"timeout_at", operands::at, operands::routine},
    verb_info{"set", operands::event},
    verb_info{"reset", operands::event},
    verb_info{"wait", operands::event},
    verb_info{"acquire", operands::semaphore},
    verb_info{"release", operands::semaphore},
    verb_info{"lock", operands::mutex},
    verb_info{"unlock", operands::mutex},
    verb_info{"put", operands::queue, operands::value},
    verb_info{"get", operands::queue},
    verb_info{"close_queue", operands::queue},
    verb_info{"read", operands::channel, operands::bytes},
    verb_info{"write", operands::channel, operands::bytes},
    verb_info{"accept", operands::channel},
    verb_info{"connect", operands::channel},
    verb_info{"readable", operands::channel},
    verb_info{"writable", operands::channel},
    verb_info{"close", operands::channel},
    verb_info{"fail", operands::failure},
    verb_info{"return", operands::value},
    verb_info{"stop"},
    verb_info{"post", operands::event},
    verb_info{"hold_remote"},
    verb_info{"drop_remote"},
    verb_info{"keep_alive"},
    verb_info{"drop_keep_alive"},
};

/// Indexed by `world_verb`; each entry has an `at` (operands::at) besides.
inline constexpr std::array<verb_info, world_verb_count> world_verbs{
    verb_info{"stop"},
    verb_info{"post", operands::event},
    verb_info{"wake"},
    verb_info{"jump", operands::jump},
    verb_info{"data", operands::channel, operands::bytes},
    verb_info{"end", operands::channel},
    verb_info{"break", operands::channel, operands::code},
    verb_info{"room", operands::channel, operands::bytes},
    verb_info{"peer", operands::channel},
};

[[nodiscard]] constexpr const verb_info& info(verb v) noexcept { return verbs[static_cast<std::size_t>(v)]; }
[[nodiscard]] constexpr const verb_info& info(world_verb v) noexcept {
    return world_verbs[static_cast<std::size_t>(v)];
}

// The table's rows stand where the enumerations say.
static_assert(info(verb::spawn).name == "spawn" && info(verb::any).name == "any" && info(verb::wait).name == "wait" &&
              info(verb::close).name == "close" && info(verb::drop_keep_alive).name == "drop_keep_alive");
static_assert(info(world_verb::data).name == "data" && info(world_verb::peer).name == "peer");

/// A whole-number setting of a scenario. `resolution` must be a power of two besides.
struct setting_info {
    std::string_view key{};
    std::int64_t low{};
    std::int64_t high{};
    std::int64_t usual{};
    std::int64_t (*get)(const scenario&){};
    void (*set)(scenario&, std::int64_t){};
};

inline constexpr std::array<setting_info, 4> settings{
    setting_info{"resolution", 1, std::int64_t{1} << 40, 1, [](const scenario& s) { return s.resolution; },
                 [](scenario& s, std::int64_t v) { s.resolution = v; }},
    setting_info{"ask_every", 1, 1'000'000, 1, [](const scenario& s) { return s.ask_every; },
                 [](scenario& s, std::int64_t v) { s.ask_every = v; }},
    setting_info{"budget", 1, 1'000'000, 16, [](const scenario& s) { return s.budget; },
                 [](scenario& s, std::int64_t v) { s.budget = v; }},
    setting_info{"runs", 1, 4, 1, [](const scenario& s) { return std::int64_t{s.runs}; },
                 [](scenario& s, std::int64_t v) { s.runs = static_cast<int>(v); }},
};

/// A kind of object that a scenario declares: by a count, or by a list of initial values (permits, capacity, room).
struct object_info {
    operand_kind kind{};
    std::string_view key{};
    int scenario::* count{};
    std::vector<std::int64_t> scenario::* initial{};  // null if the objects have no initial value
    std::int64_t low{};
    std::int64_t high{};
};

inline constexpr std::array<object_info, 5> objects{
    object_info{operand_kind::event, "events", &scenario::events, nullptr, 0, 0},
    object_info{operand_kind::semaphore, "semaphores", nullptr, &scenario::semaphores, 0, 1'000},
    object_info{operand_kind::mutex, "mutexes", &scenario::mutexes, nullptr, 0, 0},
    object_info{operand_kind::queue, "queues", nullptr, &scenario::queues, 1, 1'000},
    object_info{operand_kind::channel, "channels", nullptr, &scenario::channels, 0, most_bytes},
};

/// The table's row for a kind for which `is_object` holds.
[[nodiscard]] constexpr const object_info& object(operand_kind kind) noexcept {
    return objects[static_cast<std::size_t>(kind) - static_cast<std::size_t>(operand_kind::event)];
}
static_assert(object(operand_kind::event).key == "events" && object(operand_kind::channel).key == "channels");

/// How many objects of a kind the scenario declares.
[[nodiscard]] std::int64_t declared(const scenario& s, const object_info& kind) noexcept;
/// Declares `count` objects of a kind; new ones start with the least initial value.
void declare(scenario& s, const object_info& kind, std::int64_t count);

/// The verb of that JSON name, if there is one.
[[nodiscard]] std::optional<verb> find_verb(std::string_view name) noexcept;
[[nodiscard]] std::optional<world_verb> find_world_verb(std::string_view name) noexcept;

/// True if the statement's routines are in `statement::routines`.
[[nodiscard]] constexpr bool has_list(verb v) noexcept {
    return info(v).count == 1 && info(v).slots[0].kind == operand_kind::routines;
}
/// The routines that a statement names, in order (with repetitions).
[[nodiscard]] std::vector<std::uint8_t> named_routines(const statement& s);

/// The `arg` of the trace: the operands in the table's order as decimals joined by `,`.
[[nodiscard]] std::string operands_text(const statement& s);

/// How many statements the scenario has over all routines.
[[nodiscard]] std::size_t operation_count(const scenario& s) noexcept;

}  // namespace galley::spec
