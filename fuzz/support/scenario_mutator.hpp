// SPDX-License-Identifier: BSL-1.0
// Mutation that knows what a scenario is: inputs of `differential` are changed statement by statement instead of byte
// by byte. Reads and writes the byte form, so what comes out is a scenario again, whatever went in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace galley::fuzz {

using byte_string = std::vector<std::uint8_t>;

/// A few random edits: statements, routines, world entries, objects or settings come, go, move, are doubled or changed.
/// Numbers are mostly tiny, or 2^k and its neighbours, or close to one that the program has already. At most `most`
/// bytes; what is longer is cut off. Linear in the input.
[[nodiscard]] byte_string mutated(std::span<const std::uint8_t> bytes, std::size_t most, std::uint64_t seed);

/// The first program with parts of the second one: statements, routines, or what the world does. As above.
[[nodiscard]] byte_string crossed(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second,
                                  std::size_t most, std::uint64_t seed);

}  // namespace galley::fuzz
