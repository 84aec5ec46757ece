// SPDX-License-Identifier: BSL-1.0
// How a fuzz target says that a claim does not hold: one line, and an abort, which any engine takes for a crash.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace galley::fuzz {

inline void require(bool holds, const char* claim, std::source_location at = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "%s:%u: does not hold: %s\n", at.file_name(), static_cast<unsigned>(at.line()), claim);
    std::abort();
}

}  // namespace galley::fuzz
