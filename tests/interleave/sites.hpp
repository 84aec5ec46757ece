// SPDX-License-Identifier: BSL-1.0
// Where memory orders are named, and which of them are weakened at the moment.
#pragma once

#include <atomic>
#include <source_location>
#include <string_view>

namespace galley::interleave {

/// Without folders.
[[nodiscard]] std::string_view file_name(const std::source_location& at) noexcept;

/// Notes the site, and gives the order that it has now.
[[nodiscard]] std::memory_order pass_site(const std::source_location& at, const char* operation, std::memory_order o);

}  // namespace galley::interleave
