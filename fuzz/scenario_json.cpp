// SPDX-License-Identifier: BSL-1.0
// Any text is either refused with a scenario_error or a scenario that all its forms bring back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "spec/scenario/form/json.hpp"
#include "spec/scenario/form/print.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace galley::spec;
    scenario s;
    try {
        s = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    } catch (const scenario_error& error) {
        require(std::string_view{error.what()}.starts_with("fuzz:"));
        return 0;
    }
    // Outside of the try: what was accepted must not be refused when it comes back.
    const auto pretty = to_json(s, true);
    require(parse_json(pretty) == s);
    require(to_json(parse_json(pretty), true) == pretty);
    require(parse_json(to_json(s, false)) == s);
    require(!to_text(s).empty());
    return 0;
}
