// SPDX-License-Identifier: BSL-1.0
// Pages in a headless Chromium, if there is one.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace galley {

/// The path of a Chromium; empty if none is installed.
[[nodiscard]] std::string find_browser();

/// Opens each page with `#selftest` in its address and waits for its verdict: what the page wrote about itself, by
/// page; "no verdict" where it wrote nothing. One browser for all; its files and profile go into `folder`.
/// Throws std::runtime_error if the browser does not come to an end.
[[nodiscard]] std::map<std::string, std::string> self_test(const std::string& browser,
                                                           std::span<const std::filesystem::path> pages,
                                                           const std::filesystem::path& folder);

}  // namespace galley
