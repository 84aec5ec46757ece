// SPDX-License-Identifier: BSL-1.0
// Purpose: the timers of fast::loop in exact order, (key, start order), with O(1) start and cancel, and no collect that
// holds the loop for long because many timers are far away.
//
// A tick is a key in units of the resolution. The wheel stands at `position_`. A timer whose tick differs from the
// position in digit L (base 2^LevelBits) and in none above it is started in level L, in the slot that its own digit L
// names:
//
//     level 0  the ticks of the position's own block of 2^LevelBits, one slot for each
//     level 1  the later blocks of the position's block of blocks, one slot for each block
//     level L  one slot for 2^(L * LevelBits) ticks, so the first slot of the lowest level that holds any comes first
//
// When the first slot's range has begun (its first tick is not after the sample), the position moves to its beginning,
// and the slot is *opened*: its timers, sorted by tick, go into the *run*, from whose front timers fire. A slot of many
// is *cascaded* instead: its timers go one level down, and the first of the slots that they land in is next.
//
// That would be a long collect if the slot had a million. So a level has two blocks of slots, the position's and the
// next one. As soon as a *crowded* slot follows the position's own in its level, a time of one slot before it begins,
// its timers are moved ahead, into the next block of the level below, a handful in each collect. Nobody waits meanwhile
// (wake_by). What is left when the slot begins is cascaded, behind what was moved ahead.
//
// Thread safety: none; the loop's thread only.
// Invariants:
//  1. No timer's tick lies before the position.
//  2. A timer in level L lies in the slot that its tick's digit L names, in the position's block of that level or the
//     next one (wheel_arithmetic.hpp; proved for all values in spec/proofs). Above level 0 it does not lie in the
//     position's own slot: the position enters no slot that is not emptied in the same collect.
//  3. Of timers of equal ticks, those in the run were started before those in a slot, those in a lower level before
//     those in a higher one, and those in one slot lie in start order (timer_slots.hpp). For no such timer lies above
//     a start's place, nor will one until the place is emptied; a slot is emptied from front to back to the end of the
//     level below, those of higher levels first; and it is opened only when lower levels have nothing of its range.
//  4. A crowded slot that follows the position's own is marked in `ahead_` until it is moved.
// Complexity: start, cancel: O(1). Firing: O(1) plus at most one move per level over a timer's life. A collect that
//     fires nothing moves a handful ahead, and no more than a handful from each slot that it enters, unless the clock
//     has passed the beginning of a crowded slot within one turn. first_key: see there.
// Rules: TIME-3 (one at a time), TIME-4 (order), TIME-5, TIME-6 (a timer that is started due fires in the next
//     collect), TIME-7 (ticks have 63 bits, and no more than 1 is ever added to one, or to the number of a slot),
//     TIME-8 (a fire may start and cancel whatever it likes).
#pragma once

#include <galley/contract/time.hpp>
#include <galley/contract/timer.hpp>
#include <galley/fast/timer_run.hpp>
#include <galley/fast/timer_slots.hpp>
#include <galley/fast/wheel_arithmetic.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace galley::fast {

/// A hierarchical wheel of two blocks of 2^LevelBits slots per level, for ticks of KeyBits bits; a slot that has taken
/// in more than a handful is crowded. Tiny parameters exist so that tests can exhaust it.
template <unsigned LevelBits = 6, unsigned KeyBits = 63, unsigned Handful = 512>
class timer_wheel {
    static_assert(KeyBits >= 1 && KeyBits <= 63, "keys are non-negative 64-bit integers");

    using tick = std::uint64_t;
    using arithmetic = wheel_arithmetic<tick, LevelBits>;
    static constexpr unsigned level_count = (KeyBits + LevelBits - 1) / LevelBits;
    using slots = timer_slots<LevelBits, level_count>;
    using slot = typename slots::slot;
    static constexpr unsigned few = 32;

public:
    /// Ticks are units of 2^resolution_bits nanoseconds. It stands at the sample that there is, as a clock need not
    /// begin at zero: from there all that is started before the first collect would look equally far away, and have to
    /// be moved down together.
    explicit timer_wheel(unsigned resolution_bits, instant sample = epoch) noexcept
        : position_{tick_scale{resolution_bits}.tick_of(sample)},
          late_before_{position_ + 1},
          scale_{resolution_bits},
          run_{scale_},
          looked_at_{position_} {
        late_.reset();
    }
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;
    ~timer_wheel() = default;

    /// O(1), but that slots are vacated whose timers have all been cancelled: each once.
    [[nodiscard]] bool empty() noexcept { return late_.empty() && run_.empty() && !first_place(); }

    /// Takes in a timer by its key, a multiple of the resolution that is not before the latest sample rounded down.
    /// Again, if it is started. True: it is due at that sample, and waits for the next collect.
    bool start(timer& t) noexcept {
        (void)cancel(t);
        const tick due = scale_.tick_of(t);
        assert(due >= position_ && "TIME-1: keys do not lie before the sample");
        assert(due >> (KeyBits - 1) <= 1 && "the key has more bits than the wheel");
        if (due < late_before_) {
            late_.push_back(t);
            return true;
        }
        put_new(t, due);
        return false;
    }

    /// False if it is not started.
    bool cancel(timer& t) noexcept {
        if (!t.is_started()) {
            return false;
        }
        timer_list::erase(t);
        return true;
    }

    /// Takes the first timer out that is due at `sample`; null: there is none, and the collect that the first call
    /// began is over. To be called until it says so, with one and the same sample, never less than any before. In
    /// between timers may be started and cancelled at will; those that are started due wait for the next collect
    /// (TIME-6), as otherwise one that restarts itself would hold the loop for ever.
    [[nodiscard]] timer* pop_due(instant sample) noexcept {
        const tick now = scale_.tick_of(sample);
        if (fires_before_ == 0) {  // a collect begins
            run_.add_first(late_);
            late_before_ = now + 1;
            if (slots_.levels() == 0) {
                fires_before_ = now + 1;
            }
        }
        if (is_front_next()) {
            return &take_front();
        }
        if (slots_.levels() != 0 || fires_before_ <= now) {
            return pop_from_slots(now);
        }
        end_collect(now);
        ahead_ = 0;
        looked_at_ = now;
        return nullptr;
    }

    /// The first timer's key. Not during a collect. O(1) if it is in the run, else O(timers in the first slot).
    [[nodiscard]] std::optional<instant> first_key() noexcept { return first_key_of(first_place()); }

    /// The same, but O(1): if the first slot has taken in many timers, its beginning, which is no later, and if it is
    /// crowded, a time of one slot before that; and at once while timers are to be moved ahead. Whoever waits until
    /// then collects nothing, but moves timers, which has to be done anyway, and is wiser: a bounded number of times
    /// per timer. (A cached minimum was rejected: it is lost whenever the first timer is cancelled, which is all that
    /// the timeouts of a busy server do.)
    [[nodiscard]] std::optional<instant> wake_by() noexcept {
        if (are_due()) {
            return scale_.instant_of(position_);
        }
        const std::optional<place> first = first_place();
        if (!first || !has_many(*first)) {
            return first_key_of(first);
        }
        const tick until = is_crowded(*first) ? arithmetic::before(first->begin, first->where.level) : first->begin;
        return run_comes_by(until) ? run_.front().key() : scale_.instant_of(until);
    }

    /// Whether the next collect has something to do at the latest sample: there are timers that were started due, or
    /// that are to be moved ahead.
    [[nodiscard]] bool are_due() const noexcept { return ahead_ != 0 || !late_.empty(); }

    /// How many timers were moved from slot to slot or into the run, ever.
    [[nodiscard]] std::uint64_t moves() const noexcept { return moves_; }

private:
    struct place {
        slot where;
        tick begin;       ///< the first tick of what is to be emptied first
        bool is_covered;  ///< slots of higher levels have timers of its range, too, and are to be emptied before it
    };

    [[nodiscard]] static slot slot_of(tick due, unsigned level) noexcept {
        return slots::at(level, arithmetic::index(due, level));
    }
    [[nodiscard]] slot following(unsigned level) const noexcept {
        return slots::at(level, arithmetic::next_index(position_, level));
    }
    /// Whether this tick lies outside of the position's own slot of that level.
    [[nodiscard]] bool is_elsewhere(tick due, unsigned level) const noexcept {
        return arithmetic::index(due, level) != arithmetic::index(position_, level);
    }

    /// Not in line, so that one that is due costs little.
    [[gnu::noinline]] void put_new(timer& t, tick due) noexcept {
        put(t, due, static_cast<unsigned>(arithmetic::level(due, position_)));
    }
    void put(timer& t, tick due, unsigned level) noexcept {
        const slot s = slot_of(due, level);
        if (slots_.template count<Handful>(s)) [[unlikely]] {
            return put_after_look(t, due, s);
        }
        slots_.push(t, s, due);
    }
    /// Not in line, so that a start saves no registers for it.
    [[gnu::noinline]] void put_after_look(timer& t, tick due, slot s) noexcept {
        if (!slots_.is_occupied(s)) {
            slots_.occupy(s);
        } else if (s.level != 0 && s.number == following(s.level).number) {
            ahead_ |= std::uint64_t{1} << s.level;
        }
        slots_.push(t, s, due);
    }

    /// What is to be emptied first; none: no slot has a timer.
    [[nodiscard]] std::optional<place> first_place() noexcept {
        return slots_.levels() == 0 ? std::nullopt : find_first_place();
    }
    [[nodiscard]] [[gnu::noinline]] std::optional<place> find_first_place() noexcept {
        while (slots_.levels() != 0) {
            const auto level = static_cast<unsigned>(std::countr_zero(slots_.levels()));
            const slot s = slots_.first_in(level, static_cast<unsigned>(arithmetic::block(position_, level) & 1));
            if (!slots_.has_timers(s)) {
                slots_.vacate(s);
                continue;
            }
            const tick begin = arithmetic::begin(position_, level, s.number % slots::slots_per_level);
            return is_covered(begin, level) ? place{s, arithmetic::block_begin(begin, level), true}
                                            : place{s, begin, false};
        }
        return std::nullopt;
    }
    /// Only in the next block of a level, to whose beginning the position has not come yet.
    [[nodiscard]] bool is_covered(tick begin, unsigned level) noexcept {
        while (++level != level_count && is_elsewhere(begin, level)) {
            if (slots_.has_timers(slot_of(begin, level))) {
                return true;
            }
        }
        return false;
    }

    /// Whether the run's first timer is the next one that is due.
    [[nodiscard]] bool is_front_next() const noexcept {
        return !run_.empty() && scale_.tick_of(run_.front()) < fires_before_;
    }
    [[nodiscard]] timer& take_front() noexcept {
        timer& first = run_.front();
        timer_list::erase(first);
        return first;
    }
    [[nodiscard]] [[gnu::noinline]] timer* pop_from_slots(tick now) noexcept {
        while (go_on(now)) {
            if (is_front_next()) {
                return &take_front();
            }
        }
        end_collect(now);
        move_ahead();
        return nullptr;
    }
    void end_collect(tick now) noexcept {
        position_ = now;
        fires_before_ = 0;
    }

    /// Finds out more of what is due. False: nothing is.
    bool go_on(tick now) noexcept {
        const std::optional<place> first = first_place();
        const tick begin = first ? std::min(first->begin, now + 1) : now + 1;
        const tick next = run_.empty() ? now + 1 : scale_.tick_of(run_.front());
        if (begin <= now && begin < next) {
            first->is_covered ? uncover(*first) : open(*first);
            return true;
        }
        fires_before_ = std::min(begin, now) + 1;  // of equal ticks those in the run were started earlier
        return next <= now;
    }

    void open(const place& p) noexcept {
        position_ = p.begin;
        const slot s = p.where;
        if (s.level == 0) {
            run_.add(slots_.only_list(s), p.begin);
            slots_.vacate(s);
        } else if (slots_.puts(s) > Handful) {
            cascade(s);
        } else {
            std::array<timed, Handful> entries;
            std::array<timed, Handful> other;
            unsigned count = 0;
            moves_ += slots_.drain(s, Handful, [&](timer& t) { entries[count++] = {scale_.tick_of(t), &t}; });
            run_.add(sort_by_tick<LevelBits>(entries, count, s.level, other));
        }
    }
    void uncover(const place& p) noexcept {
        for (unsigned level = level_count - 1; level != p.where.level; --level) {
            const slot s = slot_of(p.begin, level);
            if (is_elsewhere(p.begin, level) && slots_.has_timers(s)) {
                cascade(s);
            }
        }
        position_ = p.begin;
    }
    unsigned cascade(slot s, unsigned most = std::numeric_limits<unsigned>::max()) noexcept {
        const unsigned count = slots_.drain(s, most, [&](timer& t) { put(t, scale_.tick_of(t), s.level - 1); });
        moves_ += count;
        return count;
    }

    /// Moves a handful of those ahead that are in crowded slots which come next.
    void move_ahead() noexcept {
        // Each level in which the position has come to another slot has another next one.
        const tick looked_at = std::exchange(looked_at_, position_);
        const auto highest = static_cast<unsigned>(arithmetic::level(position_, looked_at));
        ahead_ |= (std::uint64_t{2} << highest) - 2;
        ahead_ &= slots_.levels();
        for (unsigned left = Handful; ahead_ != 0 && left != 0;) {
            const slot s = following(static_cast<unsigned>(std::countr_zero(ahead_)));
            if (slots_.puts(s) > Handful) {
                left -= cascade(s, left);  // may mark lower levels
            } else {
                ahead_ &= ~(std::uint64_t{1} << s.level);
            }
        }
    }

    [[nodiscard]] bool run_comes_by(tick t) const noexcept {
        return !run_.empty() && scale_.tick_of(run_.front()) <= t;
    }
    [[nodiscard]] bool has_many(const place& p) const noexcept {
        return p.is_covered || (p.where.level != 0 && slots_.puts(p.where) > few);
    }
    [[nodiscard]] bool is_crowded(const place& p) const noexcept {
        return !p.is_covered && slots_.puts(p.where) > Handful;
    }

    [[nodiscard]] std::optional<instant> first_key_of(std::optional<place> first) noexcept {
        assert(fires_before_ == 0);
        if (!late_.empty()) {
            return scale_.instant_of(position_);
        }
        if (!first) {
            return run_.empty() ? std::nullopt : std::optional{run_.front().key()};
        }
        if (run_comes_by(first->begin)) {
            return run_.front().key();
        }
        if (first->where.level == 0 && !first->is_covered) {
            return scale_.instant_of(first->begin);
        }
        instant least = run_.empty() ? end_of_time : run_.front().key();
        const auto look = [&](const timer& t) { least = std::min(least, t.key()); };
        slots_.for_each(first->where, look);
        for (unsigned level = first->where.level + 1; level != level_count && is_elsewhere(first->begin, level);
             ++level) {
            slots_.for_each(slot_of(first->begin, level), look);
        }
        return least;
    }

    tick position_;
    tick late_before_;     ///< the latest sample's tick + 1. What is started before it is due, and waits in `late_`.
    tick fires_before_{};  ///< during a collect: what is in the run and before it comes before all in the slots, else 0
    tick_scale scale_;
    timer_run run_;
    timer_list late_;        ///< started due, until the next collect: nothing comes before them
    std::uint64_t ahead_{};  ///< bit L: the slot that follows in level L is to be looked at
    tick looked_at_;         ///< the position when that was done last
    std::uint64_t moves_{};
    slots slots_;
};

}  // namespace galley::fast
