// SPDX-License-Identifier: BSL-1.0
// The events as a table: the names, order and types of their fields. Reading and writing go by it, so
// that they cannot disagree.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "spec/stage/trace/trace.hpp"

namespace galley::spec::trace_form {

enum class field_type : std::uint8_t {
    id,
    id_or_0,  // numbers
    time,
    time_or_never,
    number_or_nothing,
    verb_name,
    await_kind,
    pending_kind,
    operands,
    result,  // texts
    verdict,
    with,
    opening,
    scope_outcome,
    outcome,
    box_name,
    cause,    // texts of a closed set
    pending,  // the list of `exit`
};
[[nodiscard]] constexpr bool is_count(field_type t) { return t <= field_type::id_or_0; }

struct field {
    std::string_view key{};
    field_type type{};
};

struct event_form {
    std::string_view name{};
    std::array<field, 4> slots{};
    std::size_t count{};

    template <class... Fields>
    constexpr explicit event_form(std::string_view n, Fields... f) : name{n}, slots{f...}, count{sizeof...(f)} {}
    [[nodiscard]] constexpr std::span<const field> fields() const noexcept { return {slots.data(), count}; }
};

inline constexpr field task{"task", field_type::id};
inline constexpr field now{"now", field_type::time};

// Indexed by event_kind. The `outcome` of `scope` is there only when it closes.
inline constexpr std::array<event_form, event_kind_count> forms{
    event_form{"run"},
    event_form{"exit", field{"verdict", field_type::verdict}, field{"pending", field_type::pending}},
    event_form{"spawn", task, field{"by", field_type::id_or_0}, field{"scope", field_type::id_or_0}},
    event_form{"step", task, now, field{"with", field_type::with}},
    event_form{"await", task, field{"kind", field_type::await_kind}, field{"arg", field_type::operands}},
    event_form{"did", task, field{"verb", field_type::verb_name}, field{"arg", field_type::operands},
               field{"result", field_type::result}},
    event_form{"scope", task, field{"id", field_type::id}, field{"do", field_type::opening},
               field{"outcome", field_type::scope_outcome}},
    event_form{"end", task, field{"outcome", field_type::outcome}, field{"value", field_type::number_or_nothing}},
    event_form{"callback", field{"post", field_type::id}},
    event_form{"unobserved", task},
    event_form{"destroyed", task},
    event_form{"refused", field{"post", field_type::id}},
    event_form{"box", field{"name", field_type::box_name}},
    event_form{"wait", field{"until", field_type::time_or_never}},
    event_form{"sample", now},
    event_form{"world", field{"entry", field_type::id_or_0}},
    event_form{"fire", field{"timer", field_type::id}, field{"key", field_type::time}},
    event_form{"complete", field{"op", field_type::id}, field{"result", field_type::result}},
    event_form{"ready", field{"task", field_type::id_or_0}, field{"cause", field_type::cause}},
    event_form{"round", field{"n", field_type::id}, field{"count", field_type::id}},
};
static_assert(forms[static_cast<std::size_t>(event_kind::refused)].name == "refused");
static_assert(forms[static_cast<std::size_t>(event_kind::round)].name == "round");

[[nodiscard]] constexpr const event_form& form(event_kind k) { return forms[static_cast<std::size_t>(k)]; }

/// True for canonical decimals from 0 to 2^63-1: no sign, no leading zero.
[[nodiscard]] bool is_decimal(std::string_view s) noexcept;

/// What a text of that type must be, for people; empty if `s` is it.
[[nodiscard]] std::string expected_unless(field_type t, std::string_view s);

}  // namespace galley::spec::trace_form
