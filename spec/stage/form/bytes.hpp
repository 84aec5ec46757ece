// SPDX-License-Identifier: BSL-1.0
// Scenarios as bytes, for fuzzers: every byte string is a valid scenario, and a small change to it is a small change.
//
// The bytes are a sequence of records, each a tag and its operands, so that to insert or delete one inserts or deletes
// a statement, a world entry, an object, a routine or a setting. Nothing is counted ahead, and order between kinds does
// not matter. Bytes that are missing at the end are 0.
//   tag           0-44 a statement of the current routine (the verb), 45 begins the next routine, 46-54 a world entry
//                 (the verb), 55-58 a setting, 59 orderly close, 60-64 an object; larger tags repeat these, weighted
//   number        one byte: 0-7 themselves, then a table of edge values, 255: eight bytes follow, least first;
//                 clamped to the operand's range. `at` counts from the entry before. `resolution` is the exponent.
//   slot, object  one byte, wrapped to what exists; an object that nothing declares is declared
//   routine       one byte: how far above the next higher routine, wrapped; a list has its length before it
// A statement that needs a higher routine where there is none becomes a yield; what exceeds a limit is left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "spec/stage/form/scenario.hpp"

namespace galley::spec {

/// A routine of a scenario that came from bytes costs at most this much: it bounds the time of a case. 128 is
/// room for 60 tasks at once: more than a slot of the timer wheel is searched for, and more satisfied awaits than any
/// usual budget.
inline constexpr std::int64_t most_cost_from_bytes = 128;

/// A valid scenario, whatever the bytes. Linear.
[[nodiscard]] scenario from_bytes(std::span<const std::uint8_t> bytes);

/// Bytes with from_bytes(to_bytes(s)) == s, for every valid scenario without names in which no routine costs more than
/// `most_cost_from_bytes`; otherwise names, and statements beyond that cost, are lost. Linear.
[[nodiscard]] std::vector<std::uint8_t> to_bytes(const scenario& s);

}  // namespace galley::spec
