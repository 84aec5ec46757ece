// SPDX-License-Identifier: BSL-1.0
// I/O on a scenario's channels: operations without a buffer, as the sim driver only counts bytes.
#pragma once

#include <spec/scenario/form/scenario.hpp>

#include <galley/task.hpp>

#include <cstddef>
#include <string>

namespace galley::spec {

/// Performs the statement `what`, one of read, write, accept, connect, readable, writable; gives its result as text.
[[nodiscard]] task<std::string> channel_operation(verb what, int channel, std::size_t bytes);

}  // namespace galley::spec
