// SPDX-License-Identifier: BSL-1.0
// What CMake puts into the library: the files of page/. Internal to the picture.
#pragma once

#include <string_view>

namespace galley::spec::page {

extern const std::string_view html;    // with the marks {{title}}, {{style}}, {{data}} and {{script}}
extern const std::string_view style;   // page.css
extern const std::string_view script;  // the .js files, in the order in which CMakeLists.txt names them

}  // namespace galley::spec::page
