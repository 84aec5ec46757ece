// SPDX-License-Identifier: BSL-1.0
// Random scenarios from a seed, for property tests. The same seed and size give the same scenario everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include <vector>

#include "spec/stage/form/scenario.hpp"

namespace galley::spec {

/// What a random scenario is to be rich in, so that a rule is put to the test in a good part of the cases.
struct leaning {
    std::vector<verb> verbs{};        ///< every second statement is one of these
    std::vector<world_verb> world{};  ///< likewise every second entry
    std::size_t far_in{8};            ///< one number in so many is far from 0, perhaps at the end of time; 0: none is
};

/// A valid scenario of about `size` statements (0 to some hundreds), of every verb, with small numbers and few objects
/// so that tasks meet. It costs at most `most_cost_from_bytes`.
[[nodiscard]] scenario random_scenario(std::uint64_t seed, std::size_t size, const leaning& to = {});

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

/// A valid scenario of `acts` acts (1 to 6) in which every task must end with one history, whatever comes first: what
/// `by_task` makes of its trace is the same on every loop, driver and clock that keep the rules, stops included.
///
/// Why it must: each act is a task of its own with objects of its own, and
///   - a channel is read by one task, a byte at a time, and the world sends as many bytes as are read before the end;
///     or written by one task into room that is or will be enough; or accepts as many as will come;
///   - a queue has one task that puts and one that gets; an event is set once, by the world or by one task;
///   - who is cancelled, outrun, timed out or closed waits for something that never comes, and is known to wait: it has
///     said so by an event in the same step, or began in the same round as the one that makes an end of it, which
///     yields first;
///   - a timeout has either a body that ends or a deadline that is days away;
///   - locks are given back by whoever took them.
/// Its times are up to `race_free_end`, which is short in reality. Nothing in it reads the clock.
[[nodiscard]] scenario race_free_scenario(std::uint64_t seed, std::size_t acts);
inline constexpr std::int64_t race_free_end = 300'000;

}  // namespace galley::spec
