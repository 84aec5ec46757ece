// SPDX-License-Identifier: BSL-1.0
// The adapters of ref and fast: PROTOCOL.md from the other side.
#pragma once

#include <iosfwd>
#include <string>

namespace galley::conformance {

/// Answers requests until it is told to stop, or nothing comes any more. `on`: ref or fast. Returns false after a
/// request that is against the protocol, having said so on standard error.
bool serve(std::istream& in, std::ostream& out, const std::string& on);

}  // namespace galley::conformance
