// SPDX-License-Identifier: BSL-1.0
// When something is due: so much from now, or at an instant.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/contract/time.hpp>

#include <chrono>

namespace galley {

/// A deadline: `5s` from when it is asked for, or an `instant` of the loop's clock. A value; any thread.
class deadline {
public:
    template <class Rep, class Period>
    constexpr deadline(std::chrono::duration<Rep, Period> from_now) noexcept
        : time_{saturating_ns(from_now)}, relative_{true} {}
    constexpr deadline(instant at) noexcept : time_{at.time_since_epoch()}, relative_{false} {}

    /// The instant. A relative deadline that is ahead counts from the clock, which is read now (TIME-9); any other
    /// reads no clock.
    [[nodiscard]] instant on(loop& l) const noexcept {
        if (!relative_) {
            return instant{time_};
        }
        return time_ <= duration::zero() ? epoch : saturating_add(l.now(), time_);
    }

private:
    duration time_;
    bool relative_;
};

}  // namespace galley
