// SPDX-License-Identifier: BSL-1.0
// A timer: intrusive, so that waiting allocates nothing; it lives in the frame that awaits it.
#pragma once

#include <galley/contract/time.hpp>

namespace galley {

/// Opaque words for the loop's use, so that no loop's layout leaks into another. A base of the timer, so that a loop
/// may have such words that are no timer's: the heads of its lists.
struct timer_words {
    void* words[2];  ///< the first is null in a timer that is not started
};

/// A one-shot timer, started and cancelled through a loop. 32 bytes; must not move, nor be destroyed, while it is
/// started. `key` and `words` belong to the loop from `loop::start` until the timer fires or is cancelled.
class timer : public timer_words {
public:
    using fire_function = void(timer&) noexcept;

    /// `on_fire` is called from the loop's collect, at most once per start; it may start and cancel timers (TIME-8).
    explicit timer(fire_function* on_fire) noexcept : on_fire_{on_fire} { words[0] = nullptr; }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    ~timer() = default;

    void fire() noexcept { on_fire_(*this); }
    [[nodiscard]] bool is_started() const noexcept { return words[0] != nullptr; }

    /// When it is due, at the loop's resolution (TIME-2). Meaningful while started and when it fires.
    [[nodiscard]] instant key() const noexcept { return key_; }
    void set_key(instant key) noexcept { key_ = key; }

private:
    instant key_{};
    fire_function* on_fire_;
};
static_assert(sizeof(void*) != 8 || sizeof(timer) == 32);

}  // namespace galley
