// SPDX-License-Identifier: BSL-1.0
// Which traces are legal when part of the exact order is relaxed.
#pragma once

#include <cstddef>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::conformance {

/// The relaxations of FEATURES.md.
struct relaxations {
    bool timer_ties{};
    bool ready_order{};
    bool rounds{};
    [[nodiscard]] bool any() const noexcept { return timer_ties || ready_order || rounds; }
};

enum class legality { legal, illegal, undecided };

/// Whether some loop that keeps all rules but the relaxed ones gives `t`, of which level P is judged, for `s`.
/// Decided by search: the reference loop with a choice wherever a relaxed rule would make it, led by the trace.
/// Exact; undecided after `most_runs` runs.
[[nodiscard]] legality judge_relaxed(const spec::scenario& s, const spec::trace& t, relaxations relaxed,
                                     std::size_t most_runs = 20'000);

}  // namespace galley::conformance
