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

    /// The instant. A relative deadline counts from the clock, which is read now (TIME-9); an absolute one takes no
    /// clock read.
    [[nodiscard]] instant on(loop& l) const noexcept {
        if (!relative_) {
            return instant{time_};
        }
        const instant from = l.now();  // read even if it is not counted from: a sample is not before it
        return time_ <= duration::zero() ? epoch : saturating_add(from, time_);
    }

private:
    duration time_;
    bool relative_;
};

}  // namespace galley
