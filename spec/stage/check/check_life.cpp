// SPDX-License-Identifier: BSL-1.0
// The loop's life: LIFE-1, LIFE-2, LIFE-5.
#include "spec/stage/check/check_view.hpp"

namespace galley::spec::checking {
namespace {

class life_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        switch (e.kind) {
            case event_kind::did:
                if (e.texts[0] == "stop") stop_requested_ = true;
                break;
            case event_kind::world: world_acted_ = true; [[fallthrough]];
            case event_kind::wait:
            case event_kind::sample:
            case event_kind::fire:
            case event_kind::complete:
            case event_kind::round:
                if (stop_requested_)
                    report(predicate::stop_ends_round, "a stop was requested, but the loop goes on collecting");
                break;
            case event_kind::exit: exits(e, v, report); break;
            case event_kind::destroyed: destroys(e.numbers[0], v, report); break;
            default: break;
        }
    }

    void finish(const view& v, const reporter& report) override {
        for (task_id id = 1; id <= v.tasks.size(); ++id)
            if (!v.task(id).over())
                return report(predicate::all_destroyed,
                              named(id) + " has neither ended nor been destroyed (is the trace cut short?)");
    }

private:
    void exits(const event& e, const view& v, const reporter& report) {
        const auto& verdict = e.texts[0];
        if (stop_requested_ && verdict != "stopped")
            report(predicate::stop_wins, "a stop was requested, but the verdict is " + verdict);
        pending(e, v, report);
        if (verdict == "completed" && !e.pending.empty())
            report(predicate::verdict_fits, "completed with " + std::to_string(e.pending.size()) + " tasks pending");
        if (verdict == "deadlocked")
            for (const auto& p : e.pending)
                if (p.await == "ready" || p.await == "start" || p.await == "sleep")
                    return report(predicate::verdict_fits,
                                  "deadlocked, but " + named(p.task) + " could go on: it awaits " + p.await);
        if (verdict == "stopped") {
            if (v.t.has_level_l && v.world_is_shown && !stop_requested_ && !world_acted_)
                report(predicate::verdict_fits, "stopped, but neither a task nor the world requested a stop");
            stop_requested_ = world_acted_ = false;
        }
    }

    static void pending(const event& e, const view& v, const reporter& report) {
        std::size_t n = 0;
        for (task_id id = 1; id <= v.tasks.size(); ++id) {
            const auto& t = v.task(id);
            if (t.over()) continue;
            const auto who = named(id);
            if (n == e.pending.size() || e.pending[n].task != id)
                return report(predicate::pending_list, who + " is pending, but not named at its place");
            const auto& await = e.pending[n++].await;
            const bool ready = t.state == status::ready || t.kind == "yield" || t.kind == "budget";
            const text expected = !t.started ? "start" : ready ? "ready" : t.kind;
            // Without level L it is not known whether a waiting task has been made ready.
            if (await != expected && (v.t.has_level_l || !t.started || await != "ready"))
                return report(predicate::pending_list, who + " awaits " + expected + ", but is said to await " + await);
        }
        if (n != e.pending.size())
            report(predicate::pending_list, named(e.pending[n].task) + " is said to be pending, but is not");
    }

    void destroys(task_id id, const view& v, const reporter& report) {
        // Descending, each of those that are left: whoever is passed over is not over at the end.
        if (v.task(id).over())
            report(predicate::destroy_order, named(id) + " is over, and is destroyed");
        else if (last_destroyed_ != 0 && id > last_destroyed_)
            report(predicate::destroy_order,
                   named(id) + " is destroyed after " + named(last_destroyed_) + ", which started earlier");
        last_destroyed_ = id;
    }

    bool stop_requested_{};
    bool world_acted_{};
    task_id last_destroyed_{0};
};

}  // namespace

std::unique_ptr<family> life_rules() { return std::make_unique<life_family>(); }

}  // namespace galley::spec::checking
