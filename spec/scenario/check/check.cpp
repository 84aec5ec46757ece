// SPDX-License-Identifier: BSL-1.0
#include "spec/scenario/check/check.hpp"

#include <array>

#include "spec/scenario/check/check_view.hpp"

namespace galley::spec {

std::vector<violation> check(const trace& t) {
    using namespace checking;
    std::vector<violation> found;
    view v{t};
    const reporter report{found, v};
    const auto form = form_rules();
    const std::array<std::unique_ptr<family>, 8> rest{ready_rules(), await_rules(), time_rules(),  io_rules(),
                                                      task_rules(),  sync_rules(),  scope_rules(), life_rules()};
    for (; v.index < t.events.size(); ++v.index) {
        const auto& e = t.events[v.index];
        // The others may rely on what the form promises: a task that is named exists, `did` is by the one that runs.
        form->on(e, v, report);
        if (!found.empty()) return found;
        for (const auto& f : rest) f->on(e, v, report);
        if (!found.empty()) return found;
        v.apply(e);
    }
    form->finish(v, report);
    if (!found.empty()) return found;
    for (const auto& f : rest) f->finish(v, report);
    return found;
}

}  // namespace galley::spec
