// SPDX-License-Identifier: BSL-1.0
// Purpose: where a tick lies in a hierarchical wheel, as pure arithmetic.
//
// A template over the integer type, so that the same source runs on 64-bit words here and is proved, on bit vectors,
// for all their values (spec/proofs). A `Word` has the operators of an unsigned integer and a bit_width.
#pragma once

#include <bit>

namespace galley::fast {

/// The functions of a wheel with two blocks of 2^LevelBits slots per level.
template <class Word, unsigned LevelBits>
struct wheel_arithmetic {
    static constexpr unsigned digit_mask = (1U << LevelBits) - 1;
    static constexpr unsigned index_mask = (2U << LevelBits) - 1;

    /// The highest digit, counted from 0, in which the tick differs from the wheel's position; 0 if none.
    [[nodiscard]] static constexpr Word level(Word tick, Word position) noexcept {
        using std::bit_width;
        return Word(bit_width((tick ^ position) | Word{1}) - 1) / Word{LevelBits};
    }
    /// The tick's slot in that level: its digit, and above it the lowest bit of the block's number.
    [[nodiscard]] static constexpr Word index(Word tick, Word level) noexcept {
        return (tick >> (level * Word{LevelBits})) & Word{index_mask};
    }
    /// The tick's block of slots in that level, and the first tick of it.
    [[nodiscard]] static constexpr Word block(Word tick, Word level) noexcept {
        return (tick >> (level * Word{LevelBits})) >> Word{LevelBits};
    }
    [[nodiscard]] static constexpr Word block_begin(Word tick, Word level) noexcept {
        return (block(tick, level) << Word{LevelBits}) << (level * Word{LevelBits});
    }
    /// The first tick of a slot's range. The slot lies in the position's block or, if that differs in the lowest bit of
    /// its number, in the next one.
    [[nodiscard]] static constexpr Word begin(Word position, Word level, Word index) noexcept {
        const Word own = block(position, level);
        const Word is_next = (own ^ (index >> Word{LevelBits})) & Word{1};
        return (((own + is_next) << Word{LevelBits}) | (index & Word{digit_mask})) << (level * Word{LevelBits});
    }
    /// The first tick of the slot's range before the one that begins so. There must be one.
    [[nodiscard]] static constexpr Word before(Word begin, Word level) noexcept {
        return begin - (Word{1} << (level * Word{LevelBits}));
    }
    /// The slot in that level which follows the position's own.
    [[nodiscard]] static constexpr Word next_index(Word position, Word level) noexcept {
        return ((position >> (level * Word{LevelBits})) + Word{1}) & Word{index_mask};
    }
};

}  // namespace galley::fast
