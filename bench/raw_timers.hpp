// SPDX-License-Identifier: BSL-1.0
// Raw timers: 64-bit keys, equal keys in start order, and nothing else. Two structures, as no one
// is best at everything.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace galley_bench::raw {

struct timer {
    using fire_function = void(timer&) noexcept;
    explicit timer(fire_function* f) noexcept : fire{f} {}
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    timer* previous{};
    timer* next{};
    std::uint64_t key{};
    fire_function* fire;
};

/// Best at starting and cancelling: an intrusive wheel of 64 slots per level; the level is the highest digit in which a
/// key differs from the position. Nothing is rounded, and nobody is asked whether a timer is started.
class wheel {
public:
    wheel() noexcept {
        for (timer& list : lists_) {
            list.previous = list.next = &list;
        }
    }
    void start(timer& t, std::uint64_t key) noexcept {
        t.key = key;
        const std::uint64_t tick = key >> resolution_bits;
        const auto level = (static_cast<unsigned>(std::bit_width((tick ^ position_) | 1)) - 1) / digit_bits;
        const unsigned digit = static_cast<unsigned>(tick >> (level * digit_bits)) & (slots - 1);
        timer& list = lists_[level * slots + digit];
        t.previous = list.previous;
        t.next = &list;
        list.previous->next = &t;
        list.previous = &t;
        occupied_[level] |= std::uint64_t{1} << digit;
    }
    void cancel(timer& t) noexcept {
        t.previous->next = t.next;
        t.next->previous = t.previous;
        if (t.previous == t.next) {
            const auto slot = static_cast<unsigned>(static_cast<head*>(t.next) - lists_.data());
            occupied_[slot / slots] &= ~(std::uint64_t{1} << (slot % slots));
        }
    }
    [[nodiscard]] bool empty() const noexcept {
        return std::all_of(occupied_.begin(), occupied_.end(), [](std::uint64_t level) { return level == 0; });
    }

    /// All that are there, whatever their keys.
    void fire_all() noexcept {
        for (timer& list : lists_) {
            while (list.next != &list) {
                timer& t = *list.next;
                cancel(t);
                t.fire(t);
            }
        }
    }

private:
    static constexpr unsigned resolution_bits = 10;
    static constexpr unsigned digit_bits = 6;
    static constexpr unsigned slots = 1U << digit_bits;
    static constexpr unsigned levels = (64 - resolution_bits + digit_bits - 1) / digit_bits;
    struct head : timer {
        head() noexcept : timer{nullptr} {}
    };

    std::uint64_t position_{};
    std::array<std::uint64_t, levels> occupied_{};
    std::array<head, levels * slots> lists_;
};

/// Best at expiring: an array in start order, which a stable radix sort turns into a run when the time
/// has come. Cannot cancel.
class sorted_run {
public:
    void start(timer& t, std::uint64_t key) {
        t.key = key;
        entries_.push_back({key, &t});
    }
    void expire_all() {
        sort();
        const std::size_t count = entries_.size();
        for (std::size_t i = 0; i < count; ++i) {
            __builtin_prefetch(entries_[std::min(i + ahead, count - 1)].who);
            timer& t = *entries_[i].who;
            t.fire(t);
        }
        entries_.clear();
    }

private:
    static constexpr unsigned digit_bits = 11;
    static constexpr std::uint64_t digits = std::uint64_t{1} << digit_bits;
    static constexpr std::size_t ahead = 16;
    struct entry {
        std::uint64_t key;
        timer* who;
    };

    void sort() {
        std::uint64_t all_bits = 0;
        for (const entry& e : entries_) {
            all_bits |= e.key;
        }
        other_.resize(entries_.size());
        for (unsigned shift = 0; shift < 64 && (all_bits >> shift) != 0; shift += digit_bits) {
            std::array<std::size_t, digits> next{};
            for (const entry& e : entries_) {
                ++next[(e.key >> shift) & (digits - 1)];
            }
            std::size_t begin = 0;
            for (std::size_t& place : next) {
                begin += std::exchange(place, begin);
            }
            for (const entry& e : entries_) {
                other_[next[(e.key >> shift) & (digits - 1)]++] = e;
            }
            entries_.swap(other_);
        }
    }

    std::vector<entry> entries_;
    std::vector<entry> other_;
};

}  // namespace galley_bench::raw
