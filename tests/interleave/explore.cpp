// SPDX-License-Identifier: BSL-1.0
#include "explore.hpp"

#include "execution.hpp"

#include <string>
#include <utility>

namespace galley::interleave {

namespace {

/// One execution; adds to the report.
void once(search& choices, const program& p, const limits& l, bool narrated, report& r) {
    execution e{choices, l, narrated};
    e.perform(p);
    if (e.redundant()) {
        ++r.redundant;
        return;
    }
    ++r.executions;
    r.outcomes.insert(e.outcomes().begin(), e.outcomes().end());
    r.failed = std::move(e.failed());
}

}  // namespace

void stage::run(std::vector<std::function<void()>> threads) { execution_.run(std::move(threads)); }
void stage::require(bool holds, std::string_view what) {
    if (!holds) {
        execution_.fail("not so: " + std::string{what});
    }
}
std::size_t stage::swaps() const { return execution_.swaps(); }
void stage::outcome(const std::string& text) { execution_.outcome(text); }

report replay(const program& p, std::string_view choices, const limits& l) {
    search s{choices};
    report r;
    (void)s.next();
    once(s, p, l, true, r);
    return r;
}

report explore(const program& p, const limits& l) {
    search s{l.every_order};
    report r;
    while (s.next()) {
        if (r.executions + r.redundant == l.executions) {
            return r;
        }
        once(s, p, l, false, r);
        if (r.failed) {
            r.failed->steps = replay(p, r.failed->replay, l).failed.value_or(failure{}).steps;
            return r;
        }
    }
    r.complete = true;
    return r;
}

}  // namespace galley::interleave
