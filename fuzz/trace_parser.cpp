// SPDX-License-Identifier: BSL-1.0
// Any bytes are either no trace, and are refused with an error that names the place, or a trace that is written as it
// was read; and neither the rule checker nor the timeline falls over it.
#include <fuzz/support/require.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "spec/stage/check/check.hpp"
#include "spec/stage/trace/compare.hpp"
#include "spec/stage/trace/timeline.hpp"
#include "spec/stage/trace/trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace galley::spec;
    using galley::fuzz::require;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    trace t;
    try {
        t = parse_trace(text);
    } catch (const trace_error& e) {
        require(std::string_view{e.what()}.starts_with("trace:"), "an error names the trace");
        return 0;
    }
    require(to_json(t) == text, "a trace is written as it was read");
    for (const auto& of : {t, level_p(t)}) {
        const auto found = check(of);
        for (const auto& v : found) {
            require(v.event_index <= of.events.size() && !v.rule.empty() && !v.what.empty(),
                    "a violation is at an event, and says what");
            require(!context_text(of, v.event_index).empty(), "there is a context");
        }
        require(!timeline(of, {.ascii = true}).empty(), "there is a timeline");
    }
    require(!first_difference(t, parse_trace(to_json(t))).has_value(),
            "a trace that was written and read again is the same");
    return 0;
}
