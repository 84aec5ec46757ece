// SPDX-License-Identifier: BSL-1.0
// What CMake puts into the kit: the published schemas.
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace galley::conformance {

/// Name and text of each schema.
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> schema_texts() noexcept;

}  // namespace galley::conformance
