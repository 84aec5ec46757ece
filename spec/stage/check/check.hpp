// SPDX-License-Identifier: BSL-1.0
// The rule checker: names the broken rule of any trace, from any loop, without knowing the scenario.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/stage/trace/trace.hpp"

namespace galley::spec {

/// What a trace breaks, and where.
struct violation {
    std::string
        rule{};  ///< as in rules.md (`READY-2`); `TRACE` and `BOXES` are what README.md says of the form of a trace
    std::size_t
        event_index{};   ///< index into trace::events of the event that shows it; the number of events if the end does
    std::string what{};  ///< for people: what was expected, what was found
    std::string predicate{};  ///< the name of the predicate, as in `predicates()`
};

/// One local predicate. `level_l`: it needs events of level L, and is silent on a trace that has only level P.
struct predicate_info {
    std::string_view rule{};
    std::string_view name{};
    bool level_l{};
    std::string_view meaning{};
};

/// Every predicate that `check` applies: the table of what is checked for which rule.
[[nodiscard]] std::span<const predicate_info> predicates() noexcept;

/// The violations of the first event that breaks something; empty if nothing is broken. What follows a broken event is
/// not judged: the state it is judged by would be a guess. One pass, O(n log n) for n events. Any trace is safe, also
/// one that makes no sense.
///
/// Never reports a trace that keeps the rules. The reverse does not hold; not decidable from a trace alone are: the
/// reach of a cancellation that is not by a task's handle (CANCEL-5, CANCEL-7: a scope is named by a slot, which scope
/// that is, or when its time is up, is not in the trace), and in which order it spreads, when the driver was asked
/// (WAIT-3, WAIT-4), that a deadlock was real (LIFE-1, LIFE-7: what the world still had), the completion times of
/// operations (IO-4), contents of queues (SYNC-2, SYNC-3), buffers and descriptors (IO-2, IO-6), other threads
/// (POST-2, POST-3). For these there is the oracle.
[[nodiscard]] std::vector<violation> check(const trace& t);

/// The same for a trace that says nothing of what the world did, though it did something, as those of free runs on real
/// drivers: whether somebody requested a stop is not judged.
[[nodiscard]] std::vector<violation> check_without_world(const trace& t);

}  // namespace galley::spec
