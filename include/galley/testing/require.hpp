// SPDX-License-Identifier: BSL-1.0
// An assertion for bodies that no test framework runs.
#pragma once

#include <stdexcept>

namespace galley::testing {

/// What a body required does not hold.
struct broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws `broken` with `what` unless `holds`.
inline void require(bool holds, const char* what) {
    if (!holds) throw broken{what};
}

}  // namespace galley::testing
