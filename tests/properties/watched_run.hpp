// SPDX-License-Identifier: BSL-1.0
// One case: a scenario, the trace that a loop made of it, and what its driver was asked on the way.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/trace/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace galley::spec::properties {

enum class which_loop : std::uint8_t { ref, fast };

/// A call of the driver that a trace does not show. `at`: how many events there were before it.
struct driver_call {
    enum class kind : std::uint8_t { ask, wait, cancel, close, shut };
    std::size_t at{};
    kind what{};
    std::int64_t now{};    ///< the driver's clock after it
    bool exhausted{};      ///< after it
    std::size_t ready{};   ///< entries of the ready queue at a wait
    std::size_t wakes{};   ///< how often the waker was called during it
    std::size_t events{};  ///< how many events there were after it
};

struct watched {
    scenario program;
    trace seen;
    std::vector<driver_call> calls;
};

/// Runs `s` on one of the loops. A loop that waits again and again for what cannot come is stopped, so that its trace
/// can be judged.
[[nodiscard]] watched watch(which_loop which, const scenario& s);

}  // namespace galley::spec::properties
