// SPDX-License-Identifier: BSL-1.0
// The smallest program of each contender (peers/NAME/smallest.*): it makes a loop, waits for a timer that is due at
// once, and ends with 42. Its start and end, its size, and its compilation.
#pragma once

#include "bench/harness/registry.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace galley_bench {

/// How a program ended, and the CPU time that it and its children took, in nanoseconds.
struct ended_program {
    int status;
    std::uint64_t cpu;
};
/// Runs one with what its standard output and error say thrown away. Status -1: it could not be started, or was killed.
[[nodiscard]] ended_program run_program(const std::vector<std::string>& words);

/// All that CMake knows of, of the contenders that are there.
void enter_smallest_programs(registry& to);

}  // namespace galley_bench
