// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace galley::spec {

/// Text that can stand in an element or an attribute, of HTML and of XML.
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace galley::spec
