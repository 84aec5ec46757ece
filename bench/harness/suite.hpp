// SPDX-License-Identifier: BSL-1.0
// A workload that is written for galley and for nothing (raw) alone; peers that can do the same enter
// by the row's name.
#pragma once

#include "bench/harness/registry.hpp"

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace galley_bench {

/// `raw(state)` with nothing around it; `body(loop, state)` on each loop with its own driver and default options.
template <class Raw, class Body>
void add(registry& to, const row& r, Raw raw, Body body) {
    to.run(r, "raw", raw);
    to.run(r, "ref", [body](benchmark::State& state) {
        galley::ref::loop loop;
        body(loop, state);
    });
    to.run(r, "fast", [body](benchmark::State& state) {
        galley::fast::loop loop;
        body(loop, state);
    });
}

}  // namespace galley_bench
