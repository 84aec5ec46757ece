// SPDX-License-Identifier: BSL-1.0
// A failing schedule made small.
#pragma once

#include <galley/testing/schedule.hpp>

#include <cstddef>
#include <functional>
#include <optional>

namespace galley::testing {

/// Runs a schedule: what it really took, if it fails; nothing, if it does not.
using attempt = std::function<std::optional<deviations>(const deviations&)>;

/// A schedule that fails, and of which no half, no single deviation and no choice can be made less without that it
/// passes; or what was reached after `most` attempts.
[[nodiscard]] deviations shrink(deviations failing, const attempt& fails, std::size_t most = 2'000);

}  // namespace galley::testing
