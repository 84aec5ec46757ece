// SPDX-License-Identifier: BSL-1.0
// Whole suites of small programs: each is explored, and each memory order is held against all of them.
#pragma once

#include "explore.hpp"

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace galley::interleave {

struct named {
    std::string name;
    program run;
    limits within{};
};

/// What came of exploring several programs.
struct explored {
    std::uint64_t executions{};
    std::uint64_t redundant{};  ///< of these, equal to others
    std::uint64_t most{};       ///< executions of one program
    std::string failure{};      ///< of the first program that does not hold, or was not explored to its end
};

/// Explores one after the other, to the first that fails.
[[nodiscard]] explored explore_every(const std::vector<named>& all);

/// All sites that the programs come through.
[[nodiscard]] std::set<site> sites_of(const std::vector<named>& all);

/// The first program that fails with the weaker order, and how; or nothing.
[[nodiscard]] std::string who_needs(const site& s, std::memory_order weaker_one, const std::vector<named>& all);

}  // namespace galley::interleave
