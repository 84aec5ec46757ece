// SPDX-License-Identifier: BSL-1.0
// What is counted: each does an operation of the task layer `count` times, and nothing else that grows with the count.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace galley_bench::instructions {

/// Does it `count` times, and gives how often it was seen to be done.
struct operation {
    std::string_view name;
    std::function<std::uint64_t(std::uint64_t count)> run;
};

/// With nothing around them (bench/raw.hpp).
[[nodiscard]] std::vector<operation> raw_operations();
/// On fast::loop, its options the default ones.
[[nodiscard]] std::vector<operation> fast_operations();

}  // namespace galley_bench::instructions
