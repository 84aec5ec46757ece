// SPDX-License-Identifier: BSL-1.0
// Runs a scenario on a real driver: real descriptors, and a real thread that is the world.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/run.hpp>
#include <spec/stage/trace/trace.hpp>

#include <galley/contract/driver.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace galley::spec {

using driver_factory = std::function<std::unique_ptr<driver>()>;

/// What came of a real run. `problems` is what was found wrong while it ran: a promise that the driver broke
/// (witness_driver.hpp), or a hang.
struct real_outcome {
    trace recorded{};
    std::vector<std::string> problems{};
};

/// How long a run may take before it is taken for a hang, and rescued.
inline constexpr std::chrono::seconds patience{20};

/// Why the kernel's channels cannot do what the scenario says of its own, to the byte: README.md beside.
/// Nothing if they can.
[[nodiscard]] std::optional<std::string> why_not_lockstep(const scenario& s);

/// Runs it in lockstep (lockstep_driver.hpp). If `why_not_lockstep` has nothing to say, the trace is that of
/// `run_scenario`, event by event; everything else is a fault of the driver or the loop.
[[nodiscard]] real_outcome run_in_lockstep(const scenario& s, const loop_factory& make_loop,
                                           const driver_factory& make_driver,
                                           std::chrono::milliseconds hang_after = patience);

/// Runs it on the real clock, with nothing between the loop and the driver but a witness (witness_driver.hpp). The
/// world thread performs the script at its instants (those after `last_moment` at that one), but no jumps, while the
/// program runs: which comes first is nobody's choice. `break` resets a connection. `run` is called until it is not
/// stopped. The loop is destroyed while the world may still be posting. The trace has no `world` events. The scenario
/// must be one that ends, such as a fair one.
[[nodiscard]] real_outcome run_freely(const scenario& s, const loop_factory& make_loop,
                                      const driver_factory& make_driver,
                                      std::chrono::milliseconds hang_after = patience);
inline constexpr std::chrono::milliseconds last_moment{5};

}  // namespace galley::spec
