// SPDX-License-Identifier: BSL-1.0
// Time as loops see it: integer nanoseconds since the driver's epoch, saturating (TIME-1, TIME-7).
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace galley {

using duration = std::chrono::nanoseconds;

/// The clock of a loop's driver. Instants of two loops are not comparable unless their drivers share an epoch.
struct loop_clock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = galley::duration;
    using time_point = std::chrono::time_point<loop_clock, duration>;
    static constexpr bool is_steady = true;
};

/// A point in time: non-negative nanoseconds since the driver's epoch.
using instant = loop_clock::time_point;

inline constexpr instant epoch{};
inline constexpr instant end_of_time{duration{std::numeric_limits<std::int64_t>::max()}};

[[nodiscard]] constexpr std::int64_t nanoseconds(instant t) noexcept { return t.time_since_epoch().count(); }

/// `from` + `d`, which is not negative; saturating (TIME-7: no sum overflows).
[[nodiscard]] constexpr instant instant_after(instant from, duration d) noexcept {
    return d > end_of_time - from ? end_of_time : from + d;
}
/// The same for any `d`, saturating at both ends.
[[nodiscard]] constexpr instant saturating_add(instant from, duration d) noexcept {
    if (d.count() >= 0) {
        return instant_after(from, d);
    }
    return d < epoch - from ? epoch : from + d;
}

/// Any std::chrono duration as nanoseconds: rounded up, so that no sleep is early (TIME-2), and saturating.
template <class Rep, class Period>
[[nodiscard]] constexpr duration saturating_ns(std::chrono::duration<Rep, Period> d) noexcept {
    using float_ns = std::chrono::duration<long double, std::nano>;
    if (float_ns{d} >= float_ns{duration::max()}) {
        return duration::max();
    }
    if (float_ns{d} <= float_ns{duration::min()}) {
        return duration::min();
    }
    return std::chrono::ceil<duration>(d);
}
constexpr duration saturating_ns(duration d) noexcept { return d; }

/// The resolution R of TIME-2: a power of two nanoseconds, so that rounding costs no division.
class resolution {
public:
    /// 2^bits nanoseconds; bits must be below 41.
    constexpr explicit resolution(unsigned bits) noexcept : mask_{(std::int64_t{1} << bits) - 1} {}

    [[nodiscard]] constexpr duration period() const noexcept { return duration{mask_ + 1}; }
    [[nodiscard]] constexpr instant round_down(instant t) const noexcept {
        return instant{duration{nanoseconds(t) & ~mask_}};
    }
    /// Rounded up; beyond the last multiple of R that an instant can hold: that multiple, "for ever" (TIME-7).
    [[nodiscard]] constexpr instant round_up(instant t) const noexcept {
        return round_down(duration{mask_} > end_of_time - t ? end_of_time : t + duration{mask_});
    }

private:
    std::int64_t mask_;
};

}  // namespace galley
