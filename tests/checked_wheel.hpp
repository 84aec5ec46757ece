// SPDX-License-Identifier: BSL-1.0
// A timer wheel beside an ordered map that must behave the same. Used by the wheel's suite and by its fuzz target.
#pragma once

#include <galley/fast/timer_wheel.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace galley::test {

using tick = std::uint64_t;

/// A wheel and its model, which does the same with a map ordered by (tick, start order). Any difference throws.
template <unsigned LevelBits, unsigned KeyBits, unsigned Handful = 512>
class checked_wheel {
public:
    static constexpr tick last_tick = (tick{1} << KeyBits) - 1;

    explicit checked_wheel(std::size_t timers, unsigned resolution_bits = 0)
        : resolution_bits_{resolution_bits}, wheel_{resolution_bits}, where_(timers) {
        for (std::size_t i = 0; i != timers; ++i) {
            timers_.emplace_back(nullptr);
        }
    }

    [[nodiscard]] tick now() const { return now_; }
    [[nodiscard]] tick last() const { return last_tick >> resolution_bits_; }

    void start(std::size_t i, tick due) {
        timers_[i].set_key(at(due));
        wheel_.start(timers_[i]);
        forget(i);
        const place p{due, ++order_};
        (collecting_ && due <= now_ ? late_ : model_).emplace(p, i);
        where_[i] = p;
        require(timers_[i].is_started(), "a started timer is started");
    }

    void cancel(std::size_t i) {
        const bool expected = where_[i].has_value();
        forget(i);
        require(wheel_.cancel(timers_[i]) == expected, "TIME-5: cancel says whether the timer was started");
        require(!timers_[i].is_started(), "a cancelled timer is not started");
    }

    /// One collect at `now`; `fired` may start and cancel. Returns how many fired.
    template <class Fired>
    int collect(tick now, Fired fired) {
        now_ = now;
        collecting_ = true;
        int count = 0;
        const instant sample = sample_within(now);
        for (;;) {
            timer* const got = wheel_.pop_due(sample);
            const bool due = !model_.empty() && model_.begin()->first.first <= now;
            require((got != nullptr) == due, due ? "late: a due timer was not collected" : "early, or twice");
            if (got == nullptr) {
                break;
            }
            const std::size_t expected = model_.begin()->second;
            require(got == &timers_[expected], "TIME-4: out of order");
            require(!got->is_started(), "a fired timer is not started");
            forget(expected);
            ++count;
            fired(expected);
        }
        collecting_ = false;
        model_.merge(late_);
        inspect();
        return count;
    }
    int collect(tick now) {
        return collect(now, [](std::size_t) {});
    }

private:
    using place = std::pair<tick, std::uint64_t>;

    static void require(bool holds, const char* what) {
        if (!holds) {
            throw std::logic_error(what);
        }
    }
    [[nodiscard]] instant at(tick t) const {
        return instant{duration{static_cast<std::int64_t>(t << resolution_bits_)}};
    }
    /// The last instant that still belongs to a tick: nothing may depend on the bits below the resolution.
    [[nodiscard]] instant sample_within(tick t) const {
        return at(t) + duration{(std::int64_t{1} << resolution_bits_) - 1};
    }
    void forget(std::size_t i) {
        if (where_[i]) {
            if (model_.erase(*where_[i]) == 0) {
                late_.erase(*where_[i]);
            }
            where_[i].reset();
        }
    }
    void inspect() {
        require(wheel_.empty() == model_.empty(), "empty");
        const std::optional<instant> first = wheel_.first_key();
        const std::optional<instant> wake = wheel_.wake_by();
        require(first.has_value() == !model_.empty(), "WAIT-2: there is a first key exactly if there is a timer");
        require(wake.has_value() == first.has_value(), "WAIT-2: wake_by is there exactly if first_key is");
        if (first) {
            require(*first == at(model_.begin()->first.first), "WAIT-2: first_key is the first timer's");
            require(*wake <= *first && *wake > at(now_) - duration{1},
                    "WAIT-2: wake_by lies between now and the first key");
            require(order_ > std::min(32U, Handful) || *wake == *first, "wake_by is exact for few timers");
        }
    }

    unsigned resolution_bits_;
    fast::timer_wheel<LevelBits, KeyBits, Handful> wheel_;
    std::deque<timer> timers_;
    std::vector<std::optional<place>> where_;
    std::map<place, std::size_t> model_;
    std::map<place, std::size_t> late_;  ///< started due during a collect: for the next
    std::uint64_t order_{};
    tick now_{};
    bool collecting_{};
};

}  // namespace galley::test
