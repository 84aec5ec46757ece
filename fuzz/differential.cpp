// SPDX-License-Identifier: BSL-1.0
// Any bytes are a scenario; ref and fast must give equal traces of it, and break no rule. The oracle is too slow for
// this: it judges the inputs that are worth keeping, in the suites.
#include <spec/scenario/check/check.hpp>
#include <spec/scenario/form/bytes.hpp>
#include <spec/scenario/form/json.hpp>
#include <spec/scenario/form/print.hpp>
#include <spec/scenario/run/run.hpp>

#include <fast/loop.hpp>
#include <ref/loop.hpp>

#include <cstdio>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace galley;
    const spec::scenario s = spec::from_bytes(std::span{data, size});
    const spec::trace on_ref =
        spec::run_scenario(s, [](driver& d, const loop_options& o) { return std::make_unique<ref::loop>(d, o); });
    const spec::trace on_fast =
        spec::run_scenario(s, [](driver& d, const loop_options& o) { return std::make_unique<fast::loop>(d, o); });
    const auto broken = spec::check(on_ref);
    if (on_ref == on_fast && broken.empty()) {
        return 0;
    }
    std::fprintf(stderr, "%s\n%s\n%s", spec::to_text(s).c_str(), spec::to_json(s, true).c_str(),
                 on_ref == on_fast ? "" : "ref and fast differ: see `galley check` on this JSON\n");
    for (const spec::violation& v : broken) {
        std::fprintf(stderr, "rule %s, event %zu: %s\n", v.rule.c_str(), v.event_index, v.what.c_str());
    }
    std::abort();
}
