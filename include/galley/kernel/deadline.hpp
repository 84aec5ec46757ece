// SPDX-License-Identifier: BSL-1.0
// When something is due: so much from now, or at an instant.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/contract/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace galley {

/// A deadline: `5s` from when it is asked for, or an `instant` of the loop's clock. A value; any thread.
class deadline {
public:
    template <class Rep, class Period>
    constexpr deadline(std::chrono::duration<Rep, Period> from_now) noexcept
        : time_{~std::max(saturating_ns(from_now), duration::zero()).count()} {}
    constexpr deadline(instant at) noexcept : time_{std::max(nanoseconds(at), std::int64_t{0})} {}

    /// The instant. A relative deadline counts from the clock, which is read now (TIME-9); an absolute one takes no
    /// clock read.
    [[nodiscard]] instant on(loop& l) const noexcept {
        if (time_ >= 0) {
            return instant{duration{time_}};
        }
        const instant from = l.now();  // read even if it is not counted from: a sample is not before it
        const duration ahead{~time_};
        return ahead == duration::zero() ? epoch : instant_after(from, ahead);
    }

private:
    std::int64_t time_;  ///< nanoseconds; a relative one inverted. What is past is due at once, however long it is past
};

}  // namespace galley
