// SPDX-License-Identifier: BSL-1.0
// fast's timer wheel against an ordered map, as any bytes drive the two: the real constants over the whole range of
// times, tiny wheels, whose every level wraps after a few ticks, and wheels to which few timers are a crowd.
#include <fuzz/support/byte_source.hpp>

#include <tests/checked_wheel.hpp>

#include <cstddef>
#include <cstdint>

namespace {

using galley::fuzz::byte_source;
using galley::test::checked_wheel;
using galley::test::tick;

constexpr std::size_t timers = 40;  // more than what wake_by is willing to look at in one slot

/// What a timer does when it fires: nothing, starts one again, or cancels one; itself perhaps. Bounded by the input,
/// for the bytes that are missing at its end do nothing.
template <class Wheel>
void act(Wheel& wheel, byte_source& in) {
    const auto what = in.byte();
    if (what % 4 == 1) {
        const auto i = in.below(timers);
        wheel.start(i, in.time(wheel.now(), wheel.last()));
    } else if (what % 4 == 2) {
        wheel.cancel(in.below(timers));
    }
}

/// The model throws where the two differ, which ends the process.
template <unsigned LevelBits, unsigned KeyBits, unsigned Handful = 512>
void drive(byte_source& in, unsigned resolution_bits = 0) {
    checked_wheel<LevelBits, KeyBits, Handful> wheel{timers, resolution_bits};
    const auto acting = [&](std::size_t) { act(wheel, in); };
    while (!in.done()) {
        const auto what = in.byte() % 8;
        if (what < 4) {
            const auto i = in.below(timers);
            wheel.start(i, in.time(wheel.now(), wheel.last()));
        } else if (what == 4) {
            wheel.cancel(in.below(timers));
        } else if (what == 5) {  // many in a row, so that slots get crowded
            const auto due = in.time(wheel.now(), wheel.last());
            const tick step = in.below(3);
            for (std::size_t i = 0; i != timers; ++i) {
                wheel.start(i, due + step * i < due ? due : std::min(due + step * i, wheel.last()));
            }
        } else {
            wheel.collect(in.time(wheel.now(), wheel.last()), acting);
        }
    }
    wheel.collect(wheel.last());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    byte_source in{data, size};
    const auto kind = in.byte();
    switch (kind % 8) {
        case 0: drive<1, 3>(in); break;
        case 1: drive<2, 5>(in); break;
        case 2: drive<3, 7>(in); break;
        case 3: drive<1, 63>(in); break;
        case 4: drive<4, 63>(in, kind / 8U); break;
        case 5: drive<2, 9, 1>(in); break;
        case 6: drive<6, 63, 5>(in, kind / 8U % 41); break;
        default: drive<6, 63>(in, kind / 8U % 41); break;
    }
    return 0;
}
