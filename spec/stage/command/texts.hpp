// SPDX-License-Identifier: BSL-1.0
// What CMake puts into the program: spec/rules.md, and the version.
#pragma once

#include <string_view>

namespace galley::command {

extern const std::string_view rules_text;
extern const std::string_view version_text;

}  // namespace galley::command
