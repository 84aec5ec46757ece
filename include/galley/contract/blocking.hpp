// SPDX-License-Identifier: BSL-1.0
// Whether a system call on a descriptor would block the loop.
#pragma once

#include <galley/contract/operation.hpp>

namespace galley {

/// True if the operation would wait inside the kernel, with the whole loop: its descriptor is not in non-blocking mode.
/// Files and directories never wait so, nor does who merely asks for readiness. For checked builds: costs a system call
/// or two. Any thread.
[[nodiscard]] bool would_block_the_loop(const operation& op) noexcept;

}  // namespace galley
