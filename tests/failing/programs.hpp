// SPDX-License-Identifier: BSL-1.0
// The programs that are run under faults, by what they use.
#pragma once

#include "tests/failing/stage.hpp"

#include <span>

namespace galley_test {

[[nodiscard]] std::span<const program> task_programs() noexcept;
[[nodiscard]] std::span<const program> synchronisation_programs() noexcept;
[[nodiscard]] std::span<const program> time_programs() noexcept;
[[nodiscard]] std::span<const program> post_programs() noexcept;
[[nodiscard]] std::span<const program> thread_programs() noexcept;
[[nodiscard]] std::span<const program> io_programs() noexcept;
[[nodiscard]] std::span<const program> life_programs() noexcept;

}  // namespace galley_test
