// SPDX-License-Identifier: BSL-1.0
// Purpose: timers in a circle with a head of two words, first in, first out.
//
// A timer is taken out by a look at its neighbours alone and without a branch: nobody asks in which list it is, or
// whether it was the last one there.
//
// Thread safety: none; the loop's thread only.
// Complexity: all O(1).
#pragma once

#include <galley/contract/timer.hpp>

namespace galley::fast {

/// Not a list until it is `reset`: whoever has thousands of them need not touch them all.
class timer_list : public timer_words {
public:
    timer_list() noexcept {}  // NOLINT(modernize-use-equals-default): by that one `{}` would clear the words
    timer_list(const timer_list&) = delete;
    timer_list& operator=(const timer_list&) = delete;
    ~timer_list() = default;

    void reset() noexcept { link(*this, *this); }
    [[nodiscard]] bool empty() const noexcept { return words[1] == this; }

    /// For a walk: from the list itself until it comes again. All that comes between is timers.
    [[nodiscard]] static timer_words* next(const timer_words& w) noexcept {
        return static_cast<timer_words*>(w.words[1]);
    }

    void push_back(timer& t) noexcept { insert(t, *this); }
    /// In front of `after`: a timer, or a list itself for its end.
    static void insert(timer& t, timer_words& after) noexcept {
        link(*previous(after), t);
        link(t, after);
    }
    static void erase(timer& t) noexcept {
        link(*previous(t), *next(t));
        t.words[0] = nullptr;
    }
    /// All of them, in order, in front of `after`, which is elsewhere; the list is empty then.
    void move_all(timer_words& after) noexcept {
        if (!empty()) {
            link(*previous(after), *next(*this));
            link(*previous(*this), after);
            reset();
        }
    }
    /// Forgets those in front of `first`, who are elsewhere by now.
    void begin_at(timer_words& first) noexcept { link(*this, first); }

private:
    [[nodiscard]] static timer_words* previous(const timer_words& w) noexcept {
        return static_cast<timer_words*>(w.words[0]);
    }
    static void link(timer_words& before, timer_words& after) noexcept {
        before.words[1] = &after;
        after.words[0] = &before;
    }
};

}  // namespace galley::fast
