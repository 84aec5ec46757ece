// SPDX-License-Identifier: BSL-1.0
// Scenarios as text for people. Nothing reads it back; JSON is for that.
#pragma once

#include <cstdint>
#include <string>

#include "spec/stage/form/scenario.hpp"

namespace galley::spec {

/// Nanoseconds as people say them, exactly: `5m`, `1.5ms`, `3ns`, `0`; the last of times is `forever`.
[[nodiscard]] std::string duration_text(std::int64_t ns);

/// One statement, as in `spawn routine 2 boil, handle 0`.
[[nodiscard]] std::string statement_text(const scenario& s, const statement& st);

/// What the world does, without when: `data channel 0, 64 bytes`.
[[nodiscard]] std::string world_text(const scenario& s, const world_entry& e);

/// The whole program: settings and objects that are not the usual ones, each routine with its statements one a line,
/// and what the world does when. Each line ends with a newline.
[[nodiscard]] std::string to_text(const scenario& s);

}  // namespace galley::spec
