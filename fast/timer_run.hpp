// SPDX-License-Identifier: BSL-1.0
// Purpose: the timers that come next, in exact order, (tick, start order), and how more of them are put among these.
//
// Thread safety: none; the loop's thread only.
// Invariants:
//  1. Ticks do not descend from front to back.
//  2. Of equal ticks, whoever came in earlier is in front. So it is up to the wheel that they come in start order.
// Complexity: front, take_front: O(1). add: O(what comes in + those of the run that lie between).
// Rules: TIME-4.
#pragma once

#include <galley/fast/timer_list.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace galley::fast {

/// Ticks of 2^bits nanoseconds.
class tick_scale {
public:
    explicit tick_scale(unsigned bits) noexcept : bits_{bits} {}
    [[nodiscard]] std::uint64_t tick_of(instant t) const noexcept {
        return static_cast<std::uint64_t>(nanoseconds(t)) >> bits_;
    }
    [[nodiscard]] std::uint64_t tick_of(const timer& t) const noexcept { return tick_of(t.key()); }
    [[nodiscard]] instant instant_of(std::uint64_t tick) const noexcept {
        return instant{duration{static_cast<std::int64_t>(tick << bits_)}};
    }

private:
    unsigned bits_;
};

/// A timer and its tick, so that sorting touches no timers.
struct timed {
    std::uint64_t tick;
    timer* who;
};

class timer_run {
public:
    explicit timer_run(tick_scale scale) noexcept : scale_{scale} { list_.reset(); }

    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    /// Not if it is empty.
    [[nodiscard]] timer& front() const noexcept { return static_cast<timer&>(*timer_list::next(list_)); }

    /// By tick, and in start order where ticks are equal.
    void add(std::span<const timed> sorted) noexcept {
        timer_words* at = timer_list::next(list_);
        for (const timed& each : sorted) {
            at = first_after(each.tick, at);
            timer_list::insert(*each.who, *at);
        }
    }
    /// A whole list of timers of one tick.
    void add(timer_list& equals, std::uint64_t tick) noexcept {
        equals.move_all(*first_after(tick, timer_list::next(list_)));
    }
    /// A whole list of timers that come before all others.
    void add_first(timer_list& equals) noexcept { equals.move_all(*timer_list::next(list_)); }

private:
    [[nodiscard]] timer_words* first_after(std::uint64_t tick, timer_words* at) const noexcept {
        while (at != &list_ && scale_.tick_of(static_cast<const timer&>(*at)) <= tick) {
            at = timer_list::next(*at);
        }
        return at;
    }

    tick_scale scale_;
    timer_list list_;
};

/// The first `count` of them by the lowest `digits` digits of their ticks, above which they are all the same. Stable,
/// and without memory of its own: `other` is room. Few are inserted one by one, more are sorted by digit.
template <unsigned DigitBits, std::size_t Room>
[[nodiscard]] std::span<const timed> sort_by_tick(std::array<timed, Room>& entries, std::size_t count, unsigned digits,
                                                  std::array<timed, Room>& other) noexcept {
    constexpr std::size_t few = 16;
    constexpr std::uint64_t mask = (std::uint64_t{1} << DigitBits) - 1;
    timed* from = entries.data();
    timed* to = other.data();
    if (count <= few) {
        for (timed* last = from; last != from + count; ++last) {
            timed* const place = std::upper_bound(from, last, last->tick, [](auto t, auto& e) { return t < e.tick; });
            std::rotate(place, last, last + 1);
        }
        return {from, count};
    }
    for (unsigned shift = 0; shift != digits * DigitBits; shift += DigitBits) {
        std::array<std::uint32_t, mask + 1> place{};
        for (std::size_t i = 0; i != count; ++i) {
            ++place[(from[i].tick >> shift) & mask];
        }
        std::uint32_t begin = 0;
        for (std::uint32_t& p : place) {
            begin += std::exchange(p, begin);
        }
        for (std::size_t i = 0; i != count; ++i) {
            to[place[(from[i].tick >> shift) & mask]++] = from[i];
        }
        std::swap(from, to);
    }
    return {from, count};
}

}  // namespace galley::fast
