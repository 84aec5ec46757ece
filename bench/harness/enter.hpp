// SPDX-License-Identifier: BSL-1.0
// Enters a contender with all workloads that are templates. `bench_workloads.hpp` is written by CMake: it includes
// them all, and calls each as `workloads::NAME<Peer>(registry&)`, NAME being that of the file.
#pragma once

#include <bench_workloads.hpp>

namespace galley_bench {

template <class Peer>
void enter(registry& to) {
    to.contender(Peer::name, Peer::version());
    enter_workloads<Peer>(to);
}

}  // namespace galley_bench
