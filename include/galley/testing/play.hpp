// SPDX-License-Identifier: BSL-1.0
// One run of a body, and what is wrong with it.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/testing/virtual_driver.hpp>
#include <galley/testing/world.hpp>

#include <functional>
#include <memory>
#include <string>

namespace galley::testing {

/// Makes the loop of a run.
using loop_maker = std::function<std::unique_ptr<loop>(driver&)>;

/// Runs `body` to its end on a loop of its own. What is wrong, for people; empty: nothing. The body fails; a failure
/// reaches nobody; a task is left when the body has ended, or the body itself; `run` ends otherwise than it should; a
/// descriptor of the virtual driver is left open. `decides`: whom the world asks.
[[nodiscard]] std::string play(const loop_maker& make, const body_function& body, chooser* decides = nullptr);

}  // namespace galley::testing
