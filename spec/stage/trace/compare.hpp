// SPDX-License-Identifier: BSL-1.0
// Two traces, and where they part.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

/// One event for people: `step task 2, now 5m, with value`. Times are exact.
[[nodiscard]] std::string event_text(const event& e);

/// The index of the first event in which they differ; the length of the shorter if that is all; nothing if the traces
/// are equal. Headers are part of a trace: if those differ the index is 0.
[[nodiscard]] std::optional<std::size_t> first_difference(const trace& a, const trace& b) noexcept;

/// The first difference with some events before it and both versions of it; empty if the traces are equal. Lines are
/// numbered as in the file (the header is line 1), each ended by a newline.
[[nodiscard]] std::string difference_text(const trace& a, const trace& b, std::string_view name_a,
                                          std::string_view name_b);

/// The event at `index` with some events before it, marked; lines as above.
[[nodiscard]] std::string context_text(const trace& t, std::size_t index);

}  // namespace galley::spec
