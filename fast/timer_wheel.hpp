// SPDX-License-Identifier: BSL-1.0
// Purpose: the timers of fast::loop in exact order, (key, start order), with O(1) start and cancel.
//
// A tick is a key in units of the resolution. The wheel stands at `position_`. A timer whose tick differs from the
// position in digit L (base 2^LevelBits) and in none above it lies in level L, in the slot that its own digit L names:
//
//     level 0  the ticks of the position's own block of 2^LevelBits, one slot for each
//     level 1  the later blocks of the position's block of blocks, one slot for each block
//     level L  one slot for 2^(L * LevelBits) ticks, so the first occupied slot of the lowest occupied level holds the
//              first timer
//
// When the first slot's range has begun (its first tick is not after the sample), the position moves to its beginning.
// In level 0 the slot's front timer is due; above, the slot is *cascaded*: its timers are put again, and
// land in lower levels.
//
// Thread safety: none; the loop's thread only.
// Invariants:
//  1. No timer's tick lies before the position.
//  2. Where a timer lies is a function of its tick and the position alone (wheel_arithmetic.hpp; proved for all values
//     in spec/proofs). Moving the position keeps it so. A move to a tick before the first occupied slot (in level L)
//     changes digits up to L only, and leaves digit L below those of all timers in L. A move to that slot's beginning
//     makes digit L equal for that slot's timers and no others; so these, and they alone, are put again.
//  3. In every slot, timers of equal ticks lie in start order. By 2 they are always in one and the same slot; starting
//     appends, and a cascade moves them from front to back into a slot that holds none of that tick (also by 2: had it
//     one, so would the slot above). A wheel that chose levels by distance would put a later start in a lower slot than
//     an earlier one of the same key, and invert the two.
//  4. A slot's bit in `occupied_` is set exactly if it holds a timer, a level's bit in `levels_` exactly if one of its
//     slots does.
// Complexity: start, cancel: O(1). Firing: O(1) plus at most one move per level over a timer's life. first_key: see
//     there.
// Rules: TIME-3 (one at a time), TIME-4 (order), TIME-5, TIME-6 (a timer that is started due fires in the next
//     collect), TIME-7 (nothing is ever added to a tick or taken from it; it is compared, shifted and masked), TIME-8
//     (a fire may start and cancel whatever it likes).
#pragma once

#include <galley/contract/time.hpp>
#include <galley/contract/timer.hpp>
#include <galley/fast/wheel_arithmetic.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <optional>

namespace galley::fast {

/// A hierarchical wheel of 2^LevelBits slots per level for ticks of KeyBits bits. Tiny parameters exist so that tests
/// can exhaust it.
template <unsigned LevelBits = 6, unsigned KeyBits = 63>
class timer_wheel {
    static_assert(LevelBits >= 1 && LevelBits <= 6, "a level's occupancy is one 64-bit word");
    static_assert(KeyBits >= 1 && KeyBits <= 63, "keys are non-negative 64-bit integers");

    using tick = std::uint64_t;
    using arithmetic = wheel_arithmetic<tick, LevelBits>;
    static constexpr unsigned level_count = (KeyBits + LevelBits - 1) / LevelBits;
    static constexpr unsigned slots_per_level = 1U << LevelBits;
    static constexpr tick slot_mask = slots_per_level - 1;
    /// One list more than the levels have: it holds timers that were started due during a collect, until the next.
    static constexpr unsigned late_slot = level_count * slots_per_level;
    static constexpr int scan_limit = 32;

public:
    /// Ticks are units of 2^resolution_bits nanoseconds.
    explicit timer_wheel(unsigned resolution_bits) noexcept : resolution_bits_{resolution_bits} {
        for (sentinel& list : lists_) {
            reset(list);
        }
    }
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;
    ~timer_wheel() = default;

    [[nodiscard]] static bool is_started(const timer& t) noexcept { return t.words[0] != nullptr; }
    [[nodiscard]] bool empty() const noexcept { return levels_ == 0; }

    /// Takes in a timer by its key, a multiple of the resolution that is not before the latest sample rounded down.
    /// Again, if it is started.
    void start(timer& t) noexcept {
        (void)cancel(t);
        const tick due = tick_of(t.key());
        assert(due >= position_ && "TIME-1: keys do not lie before the sample");
        assert(due >> (KeyBits - 1) <= 1 && "the key has more bits than the wheel");
        append(t, due < late_before_ ? late_slot : slot_of(due));
    }

    /// False if it is not started.
    bool cancel(timer& t) noexcept {
        if (!is_started(t)) {
            return false;
        }
        unlink(t);
        return true;
    }

    /// Takes the first timer out that is due at `sample`; null: there is none, and the collect that the first call
    /// began is over. To be called until it says so, with one and the same sample, never less than any before. In
    /// between timers may be started and cancelled at will; those that are started due wait for the next collect
    /// (TIME-6), as otherwise one that restarts itself would hold the loop for ever.
    [[nodiscard]] timer* pop_due(instant sample) noexcept {
        const tick now = tick_of(sample);
        late_before_ = now + 1;
        while (const std::optional<place> first = first_place()) {
            if (first->begin > now) {
                break;
            }
            assert(first->begin >= position_);
            position_ = first->begin;
            if (first->level == 0) {
                timer& due = *next(lists_[first->slot]);
                unlink(due);
                return &due;
            }
            cascade(first->slot);
        }
        position_ = now;
        late_before_ = 0;
        if (occupied_[level_count] != 0) {
            cascade(late_slot);
        }
        return nullptr;
    }

    /// The first timer's key. Not during a collect. O(1) in level 0, else O(timers in the first slot).
    [[nodiscard]] std::optional<instant> first_key() const noexcept { return first_key_within(0); }

    /// The same, but O(1): if the first slot holds many timers, its beginning, which is no later. Whoever waits until
    /// then collects nothing, but cascades the slot, which has to be done anyway, and is wiser: at most once per level.
    /// (A cached minimum was rejected: it is lost whenever the first timer is cancelled, which is all that the timeouts
    /// of a busy server do.)
    [[nodiscard]] std::optional<instant> wake_by() const noexcept { return first_key_within(scan_limit); }

private:
    /// The head of a circular list: a timer that never fires, so that links need not tell the two apart.
    struct sentinel : timer {
        sentinel() noexcept : timer{nullptr} {}
    };
    struct place {
        unsigned level;
        unsigned slot;  ///< index into `lists_`
        tick begin;     ///< the first tick of the slot's range
    };

    [[nodiscard]] static timer* previous(const timer& t) noexcept { return static_cast<timer*>(t.words[0]); }
    [[nodiscard]] static timer* next(const timer& t) noexcept { return static_cast<timer*>(t.words[1]); }
    static void link(timer& before, timer& after) noexcept {
        before.words[1] = &after;
        after.words[0] = &before;
    }
    static void reset(sentinel& list) noexcept { link(list, list); }

    [[nodiscard]] tick tick_of(instant t) const noexcept {
        return static_cast<tick>(nanoseconds(t)) >> resolution_bits_;
    }
    [[nodiscard]] instant instant_of(tick t) const noexcept {
        return instant{duration{static_cast<std::int64_t>(t << resolution_bits_)}};
    }

    [[nodiscard]] unsigned slot_of(tick due) const noexcept {
        const tick level = arithmetic::level(due, position_);
        return static_cast<unsigned>(level * slots_per_level + arithmetic::digit(due, level));
    }

    [[nodiscard]] std::optional<place> first_place() const noexcept {
        const auto level = static_cast<unsigned>(std::countr_zero(levels_));
        if (level >= level_count) {  // empty, or nothing but late ones
            return std::nullopt;
        }
        const auto digit = static_cast<unsigned>(std::countr_zero(occupied_[level]));
        return place{level, level * slots_per_level + digit, arithmetic::begin(position_, level, digit)};
    }

    /// `limit` 0: exact.
    [[nodiscard]] std::optional<instant> first_key_within(int limit) const noexcept {
        assert(late_before_ == 0);
        const std::optional<place> first = first_place();
        if (!first) {
            return std::nullopt;
        }
        const instant begin = instant_of(first->begin);
        if (first->level == 0) {
            return begin;
        }
        instant key = end_of_time;
        const sentinel& list = lists_[first->slot];
        for (const timer* t = next(list); t != &list; t = next(*t)) {
            key = std::min(key, t->key());
            if (--limit == 0) {
                return begin;
            }
        }
        return key;
    }

    void append(timer& t, unsigned slot) noexcept {
        sentinel& list = lists_[slot];
        link(*previous(list), t);
        link(t, list);
        const unsigned level = slot / slots_per_level;
        occupied_[level] |= std::uint64_t{1} << (slot & slot_mask);
        levels_ |= std::uint64_t{1} << level;
    }

    void unlink(timer& t) noexcept {
        timer& before = *previous(t);
        timer& after = *next(t);
        link(before, after);
        t.words[0] = t.words[1] = nullptr;
        if (&before ==
            &after) {  // both are the sentinel: its address tells the slot, and neither key nor position are needed
            vacate(static_cast<unsigned>(static_cast<sentinel*>(&before) - lists_.data()));
        }
    }

    void vacate(unsigned slot) noexcept {
        const unsigned level = slot / slots_per_level;
        occupied_[level] &= ~(std::uint64_t{1} << (slot & slot_mask));
        if (occupied_[level] == 0) {
            levels_ &= ~(std::uint64_t{1} << level);
        }
    }

    /// Puts a slot's timers again, from front to back (invariant 3).
    void cascade(unsigned slot) noexcept {
        sentinel& list = lists_[slot];
        timer* t = next(list);
        reset(list);
        vacate(slot);
        while (t != &list) {
            timer* const following = next(*t);
            append(*t, slot_of(tick_of(t->key())));
            t = following;
        }
    }

    tick position_{};
    tick late_before_{};      ///< during a collect: the sample's tick + 1, else 0. What is started before it is late.
    std::uint64_t levels_{};  ///< bit L: level L holds a timer; bit level_count: the late ones' list does
    std::array<std::uint64_t, level_count + 1> occupied_{};
    unsigned resolution_bits_;
    std::array<sentinel, late_slot + 1> lists_;
};

}  // namespace galley::fast
