// SPDX-License-Identifier: BSL-1.0
// Purpose: the slots of a wheel, which hold timers: two blocks of 2^LevelBits slots in each level.
//
// A slot is not one list but eight: a cascade walks all of them in step, and the next timer of each is on its way from
// memory while the others are looked at. One list would make each timer wait for the one before it. Which list a timer
// is in is said by the bits of its tick below the slot's digit, so that equal ticks are in one.
//
// Thread safety: none; the loop's thread only.
// Invariants:
//  1. A slot with timers is occupied. One that is occupied may have none: who cancels the last timer says nothing (its
//     neighbours tell him no slot), and whoever looks for the first slot finds that out, and vacates it.
//  2. The lists of a slot that is not occupied are not initialized: a new wheel touches no memory but the occupancy.
//  3. Timers of equal ticks in one slot are in the order in which they were put there.
// Complexity: all O(1) but drain.
#pragma once

#include <galley/fast/timer_list.hpp>
#include <galley/fast/timer_run.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace galley::fast {

template <unsigned LevelBits, unsigned LevelCount>
class timer_slots {
    static_assert(LevelBits >= 1 && LevelBits <= 6, "a block's occupancy is one 64-bit word");
    static_assert(LevelCount <= 64, "the levels' is another");

public:
    static constexpr unsigned slots_per_block = 1U << LevelBits;
    static constexpr unsigned slots_per_level = 2 * slots_per_block;

    /// One of them, in a block of a level.
    struct slot {
        unsigned level;
        unsigned number;  ///< level * slots_per_level + its index there
    };

    [[nodiscard]] static constexpr slot at(unsigned level, std::uint64_t index) noexcept {
        return {level, level * slots_per_level + static_cast<unsigned>(index)};
    }

    /// To be called before each `push`. True: the slot has taken in none since it was vacated, and must be occupied
    /// first; or it has taken in a multiple of `Handful`. One test for both, as it is in the path of all starts.
    template <unsigned Handful>
    [[nodiscard]] bool count(slot s) noexcept {
        return puts_[s.number]++ % Handful == 0;
    }
    /// Puts a timer at the end of the slot's list for its tick.
    void push(timer& t, slot s, std::uint64_t tick) noexcept {
        const auto list = (tick << list_bits) >> (s.level * LevelBits) & (lists_per_slot - 1);
        lists_[s.number][static_cast<std::size_t>(list)].push_back(t);
    }
    [[nodiscard]] bool is_occupied(slot s) const noexcept {
        return (occupied_[s.number / slots_per_block] & bit(s)) != 0;
    }
    void occupy(slot s) noexcept {
        for (timer_list& l : lists(s)) {
            l.reset();
        }
        occupied_[s.number / slots_per_block] |= bit(s);
        levels_ |= std::uint64_t{1} << s.level;
    }
    /// How often one was pushed since the slot was vacated, which is at least how many timers it has.
    [[nodiscard]] std::uint32_t puts(slot s) const noexcept { return puts_[s.number]; }

    [[nodiscard]] bool has_timers(slot s) noexcept {
        const std::span<timer_list, lists_per_slot> all = lists(s);
        return is_occupied(s) && !std::all_of(all.begin(), all.end(), [](const timer_list& l) { return l.empty(); });
    }
    void vacate(slot s) noexcept {
        puts_[s.number] = 0;
        occupied_[s.number / slots_per_block] &= ~bit(s);
        if (occupied_[2 * s.level] == 0 && occupied_[2 * s.level + 1] == 0) {
            levels_ &= ~(std::uint64_t{1} << s.level);
        }
    }

    /// A bit for each level with an occupied slot.
    [[nodiscard]] std::uint64_t levels() const noexcept { return levels_; }
    /// The first occupied slot of a level whose blocks come in this order; its level must have one.
    [[nodiscard]] slot first_in(unsigned level, unsigned first_block) const noexcept {
        const unsigned block = occupied_[2 * level + first_block] != 0 ? first_block : first_block ^ 1;
        const auto digit = static_cast<unsigned>(std::countr_zero(occupied_[2 * level + block]));
        return {level, (2 * level + block) * slots_per_block + digit};
    }

    /// The list of a slot of level 0: all its timers.
    [[nodiscard]] timer_list& only_list(slot s) noexcept { return lists(s).front(); }

    /// Hands out up to `most` timers of the slot, which must be occupied, each list's from front to back; if none is
    /// left, it is vacated. `take` puts each elsewhere. Returns how many.
    template <class Take>
    unsigned drain(slot s, unsigned most, Take take) noexcept {
        const std::span<timer_list, lists_per_slot> from = lists(s);
        std::array<timer_words*, lists_per_slot> at;
        for (unsigned i = 0; i != lists_per_slot; ++i) {
            at[i] = timer_list::next(from[i]);
            __builtin_prefetch(at[i]);
        }
        unsigned count = 0;
        for (bool any = true; any;) {
            any = false;
            for (unsigned i = 0; i != lists_per_slot && count != most; ++i) {
                if (at[i] != &from[i]) {
                    auto& t = static_cast<timer&>(*at[i]);
                    at[i] = timer_list::next(t);
                    __builtin_prefetch(at[i]);
                    take(t);
                    ++count;
                    any = true;
                }
            }
        }
        for (unsigned i = 0; i != lists_per_slot; ++i) {
            from[i].begin_at(*at[i]);
        }
        if (!has_timers(s)) {
            vacate(s);
        }
        return count;
    }

    /// Whatever their order.
    template <class Look>
    void for_each(slot s, Look look) noexcept {
        if (!is_occupied(s)) {
            return;
        }
        for (const timer_list& list : lists(s)) {
            for (const timer_words* at = timer_list::next(list); at != &list; at = timer_list::next(*at)) {
                look(static_cast<const timer&>(*at));
            }
        }
    }

private:
    static constexpr unsigned list_bits = 3;
    static constexpr unsigned lists_per_slot = 1U << list_bits;
    static constexpr std::size_t slot_count = std::size_t{LevelCount} * slots_per_level;

    [[nodiscard]] static std::uint64_t bit(slot s) noexcept { return std::uint64_t{1} << (s.number % slots_per_block); }
    [[nodiscard]] std::span<timer_list, lists_per_slot> lists(slot s) noexcept { return lists_[s.number]; }

    std::uint64_t levels_{};
    std::array<std::uint64_t, std::size_t{2} * LevelCount> occupied_{};  ///< a word for each block
    std::array<std::uint32_t, slot_count> puts_{};
    std::array<std::array<timer_list, lists_per_slot>, slot_count> lists_;
};

}  // namespace galley::fast
