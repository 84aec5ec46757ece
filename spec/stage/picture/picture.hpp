// SPDX-License-Identifier: BSL-1.0
// Traces as a page for a browser: the flowchart, the tasks' timeline and the loop's state, event by event.
#pragma once

#include <span>
#include <string>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

/// One trace of the picture. The trace must outlive the call.
struct picture_side {
    std::string name{};  ///< whose trace it is: "ref", "ref and fast, with equal traces", the name of a file
    const trace* events{};
};

/// A rule as the page quotes it.
struct rule_text {
    std::string id{};    ///< READY-2
    std::string text{};  ///< its paragraph in rules.md, as plain text
};

struct picture_input {
    std::string title{};
    std::span<const picture_side> sides{};  ///< one, or two that are shown side by side
    const scenario* program{};              ///< names, program text, deadlines; null if only traces are there
    std::span<const rule_text> rules{};
};

/// One HTML document that needs nothing else: no network, no other file. Texts from the scenario are data in it, never
/// markup. Two traces are synchronised event by event, and their first difference is marked; what the rule checker
/// finds is marked too. Any trace is safe, also one that makes no sense. O(n log n) for n events.
[[nodiscard]] std::string picture(const picture_input& input);

}  // namespace galley::spec
