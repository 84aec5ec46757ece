// SPDX-License-Identifier: BSL-1.0
// Purpose: where a tick lies in a hierarchical wheel, as pure arithmetic.
//
// A template over the integer type, so that the same source runs on 64-bit words here and is proved, on bit vectors,
// for all their values (spec/proofs). A `Word` has the operators of an unsigned integer and a bit_width.
#pragma once

#include <bit>

namespace galley::fast {

/// The functions of a wheel with 2^LevelBits slots per level.
template <class Word, unsigned LevelBits>
struct wheel_arithmetic {
    static constexpr unsigned slot_mask = (1U << LevelBits) - 1;

    /// The highest digit, counted from 0, in which the tick differs from the wheel's position; 0 if none.
    [[nodiscard]] static constexpr Word level(Word tick, Word position) noexcept {
        using std::bit_width;
        return Word(bit_width((tick ^ position) | Word{1}) - 1) / Word{LevelBits};
    }
    /// The tick's digit of that level: its slot there.
    [[nodiscard]] static constexpr Word digit(Word tick, Word level) noexcept {
        return (tick >> (level * Word{LevelBits})) & Word{slot_mask};
    }
    /// The first tick of a slot's range.
    [[nodiscard]] static constexpr Word begin(Word position, Word level, Word digit) noexcept {
        const Word shift = level * Word{LevelBits};
        return (((position >> shift) & ~Word{slot_mask}) | digit) << shift;
    }
};

}  // namespace galley::fast
