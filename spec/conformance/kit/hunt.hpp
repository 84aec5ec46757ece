// SPDX-License-Identifier: BSL-1.0
// Scenarios that nobody has written down, within what a port has, until it fails: random ones, or all small ones.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "spec/conformance/kit/session.hpp"

namespace galley::conformance {

struct catch_ {
    std::size_t put{};
    std::size_t passed_over{};  ///< they would have asked for features that the port has not
    double seconds{};
    std::uint64_t seed{};               ///< of the failing one
    std::unique_ptr<vector> failing{};  ///< shrunk; null if none was found
    result came{};                      ///< of that
};

/// Random scenarios from seed on, for so long. The same seed gives the same scenarios.
[[nodiscard]] catch_ fuzz(session& port, std::chrono::seconds limit, std::uint64_t seed);
/// All programs of an alphabet up to so many statements. Throws std::invalid_argument if there is no such alphabet.
[[nodiscard]] catch_ exhaust(session& port, const std::string& alphabet, std::size_t depth);

}  // namespace galley::conformance
