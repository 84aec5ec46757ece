// SPDX-License-Identifier: BSL-1.0
#include "every_program.hpp"

#include <algorithm>
#include <iterator>

namespace galley::interleave {

explored explore_every(const std::vector<named>& all) {
    explored result;
    for (const named& p : all) {
        const report r = explore(p.run, p.within);
        if (!r.complete) {
            result.failure = p.name + ": " +
                             (r.failed ? r.failed->what + "\n" + r.failed->steps + "replay " + r.failed->replay
                                       : "too many executions");
            return result;
        }
        result.executions += r.executions;
        result.redundant += r.redundant;
        result.most = std::max(result.most, r.executions);
    }
    return result;
}

std::set<site> sites_of(const std::vector<named>& all) {
    std::vector<program> to_run;
    std::ranges::transform(all, std::back_inserter(to_run), &named::run);
    return sites_of(to_run);
}

std::string who_needs(const site& s, std::memory_order weaker_one, const std::vector<named>& all) {
    const weakened now{s, weaker_one};
    for (const named& p : all) {
        if (const report r = explore(p.run, p.within); r.failed) {
            return p.name + ": " + r.failed->what;
        }
    }
    return {};
}

}  // namespace galley::interleave
