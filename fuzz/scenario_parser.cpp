// SPDX-License-Identifier: BSL-1.0
// Any text is either refused with a scenario_error or a scenario that all its forms bring back.
#include <fuzz/support/require.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "spec/stage/form/json.hpp"
#include "spec/stage/form/print.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace galley::spec;
    using galley::fuzz::require;
    scenario s;
    try {
        s = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    } catch (const scenario_error& error) {
        require(std::string_view{error.what()}.starts_with("fuzz:"), "an error names the file");
        return 0;
    }
    // Outside of the try: what was accepted must not be refused when it comes back.
    const auto pretty = to_json(s, true);
    require(parse_json(pretty) == s, "the pretty form brings the scenario back");
    require(to_json(parse_json(pretty), true) == pretty, "the pretty form is canonical");
    require(parse_json(to_json(s, false)) == s, "the compact form brings the scenario back");
    require(!to_text(s).empty(), "there is a text for people");
    return 0;
}
