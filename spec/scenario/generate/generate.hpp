// SPDX-License-Identifier: BSL-1.0
// Random scenarios from a seed, for property tests. The same seed and size give the same scenario everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "spec/scenario/form/scenario.hpp"

namespace galley::spec {

/// A valid scenario of about `size` statements (0 to some hundreds), of every verb, with small numbers and few objects
/// so that tasks meet. It costs at most `most_cost_from_bytes`.
[[nodiscard]] scenario random_scenario(std::uint64_t seed, std::size_t size);

/// A valid scenario in which every task must end and `run` must return `completed`, the first time it is called.
///
/// Why it must:
///   - Tasks that wait for tasks wait in a strict order. A `join` in routine r names the slot of some routine t > r;
///     slot t holds only tasks of routine t; group slot g is opened only by statements of routine g, and its tasks and
///     those of `all` and `any` have higher routines than the waiter's. Calls only raise the number. So no circle of
///     waits.
///   - A mutex or a semaphore is taken only to be given back before the next await, cancelled or not: a refused or
///     withdrawn lock took nothing.
///   - All else that can wait is served from outside, at `fair_end` at the latest: the world posts every event (none is
///     reset for good) and at last breaks every channel, after which nothing on it waits; a task `closer`, which nobody
///     can cancel, closes every queue.
///   - Sleeps and timeouts end; nothing stops the loop; keep-alives are dropped in the step that made them.
/// Everything else is random: cancellation, scopes, shields, failures, jumps of the clock, settings.
[[nodiscard]] scenario fair_scenario(std::uint64_t seed, std::size_t size);

/// The time of the last world entry of a fair scenario.
inline constexpr std::int64_t fair_end = 1'000;

}  // namespace galley::spec
