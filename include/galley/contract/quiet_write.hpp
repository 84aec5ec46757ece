// SPDX-License-Identifier: BSL-1.0
// write(2) without SIGPIPE, for descriptors that send(2) does not take.
#pragma once

#include <cstddef>

namespace galley {

/// As write(2), errno included, but a pipe or socket without reader gives EPIPE only: the signal is neither delivered
/// nor left pending. Changes nothing process-wide. Any thread. Costs four system calls; for sockets, send(2) with
/// MSG_NOSIGNAL is cheaper.
[[nodiscard]] std::ptrdiff_t quiet_write(int descriptor, const void* data, std::size_t size) noexcept;

}  // namespace galley
