// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/check/check.hpp"

#include <array>
#include <span>

#include "spec/stage/check/check_view.hpp"

namespace galley::spec {

namespace {

std::vector<violation> check(const trace& t, bool world_is_shown) {
    using namespace checking;
    std::vector<violation> found;
    view v{t};
    v.world_is_shown = world_is_shown;
    const reporter report{found, v};
    const auto form = form_rules();
    const std::array<std::unique_ptr<family>, 9> rest{ready_rules(), time_rules(),  io_rules(),
                                                      await_rules(), task_rules(),  sync_rules(),
                                                      scope_rules(), reach_rules(), life_rules()};
    const std::span all{rest};
    const std::span of_boxes = all.first(3);  // half of all events are boxes, and they tell the others nothing
    for (; v.index < t.events.size(); ++v.index) {
        const auto& e = t.events[v.index];
        // The others may rely on what the form promises: a task that is named exists, `did` is by the one that runs.
        form->on(e, v, report);
        if (!found.empty()) return found;
        for (const auto& f : e.kind == event_kind::box ? of_boxes : all) f->on(e, v, report);
        if (!found.empty()) return found;
        v.apply(e);
    }
    form->finish(v, report);
    if (!found.empty()) return found;
    for (const auto& f : rest) f->finish(v, report);
    return found;
}

}  // namespace

std::vector<violation> check(const trace& t) { return check(t, true); }
std::vector<violation> check_without_world(const trace& t) { return check(t, false); }

}  // namespace galley::spec
