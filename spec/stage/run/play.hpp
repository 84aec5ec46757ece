// SPDX-License-Identifier: BSL-1.0
// The course of every run of a scenario, whatever drives it.
#pragma once

#include <spec/stage/run/program.hpp>
#include <spec/stage/run/recorder.hpp>

#include <galley/contract/loop.hpp>

#include <functional>

namespace galley::spec {

/// The loop's parameters, as the scenario has them.
[[nodiscard]] loop_options options_of(const scenario& s) noexcept;

/// Spawns main; runs once, and again as long as `again` answers yes to the verdict; closes as the scenario says; takes
/// main's outcome. The loop is to be destroyed next.
void play(program& p, loop& l, const std::function<bool(verdict)>& again);

/// The same, with as many runs as the scenario says.
void play(program& p, loop& l);

}  // namespace galley::spec
