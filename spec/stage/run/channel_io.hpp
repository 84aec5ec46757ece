// SPDX-License-Identifier: BSL-1.0
// I/O on a scenario's channels. On the sim driver, which only counts bytes, operations have no buffer.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/program.hpp>
#include <spec/stage/trace/text.hpp>

#include <galley/task.hpp>

#include <cstddef>

namespace galley::spec {

/// Performs the statement `what`, one of read, write, accept, connect, readable, writable; gives its result as text.
[[nodiscard]] task<text> channel_operation(program& p, verb what, std::size_t channel, std::size_t bytes);

}  // namespace galley::spec
