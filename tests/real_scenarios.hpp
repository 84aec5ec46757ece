// SPDX-License-Identifier: BSL-1.0
// Scenarios for real drivers.
#pragma once

#include <spec/stage/form/scenario.hpp>

#include <cstdint>

namespace galley::spec {

/// `s` with its channels used as the kernel's can be used in lockstep (`why_not_lockstep`): each one is either a stream
/// or a listener, room is none or plenty, failures become ends, and nothing is long. All else stays.
[[nodiscard]] scenario for_lockstep(scenario s);

/// `s` with all its times multiplied: what is nanoseconds in the simulation should be some microseconds in reality.
[[nodiscard]] scenario slowed(scenario s, std::int64_t factor);

/// `s` with `count` stops in the world, at times that the seed chooses among those of the other entries.
[[nodiscard]] scenario with_stops(scenario s, std::uint64_t seed, int count);

/// Channels in both directions at once: readers and writers wait, and the world lets both go on at one instant, which
/// lies, or not, in a step that takes time. For lockstep and, slowed, for free runs.
[[nodiscard]] scenario duplex_scenario(std::uint64_t seed);

/// Readers are cancelled at the end of steps in which their data may arrive, again and again. For free runs.
[[nodiscard]] scenario cancelling_scenario(std::uint64_t seed);

}  // namespace galley::spec
