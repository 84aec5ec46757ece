// SPDX-License-Identifier: BSL-1.0
// Runs a scenario on any loop, under virtual time, and records its trace.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/trace/trace.hpp>

#include <galley/contract/loop.hpp>

#include <functional>
#include <memory>

namespace galley::spec {

/// Makes a loop on the given driver. The driver outlives the loop.
using loop_factory = std::function<std::unique_ptr<loop>(driver&, const loop_options&)>;

/// What may be put around the sim driver: a spy, which sees the trace as it grows, or a fault.
using driver_wrapper = std::function<std::unique_ptr<driver>(driver&, const trace& so_far)>;

/// Runs `s`, which must be valid, to its end, the destruction of the loop included. Deterministic. Whoever runs many
/// can give the trace of an earlier run, for the sake of its memory.
[[nodiscard]] trace run_scenario(const scenario& s, const loop_factory& make_loop, const driver_wrapper& wrap = {},
                                 trace earlier = {});

}  // namespace galley::spec
