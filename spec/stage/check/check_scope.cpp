// SPDX-License-Identifier: BSL-1.0
// Scopes and the reach of a cancellation, as far as a trace shows them: CANCEL-2, CANCEL-3, CANCEL-7.

#include "spec/stage/check/check_view.hpp"
#include "spec/stage/check/id_set.hpp"

namespace galley::spec::checking {
namespace {

class scope_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        const auto id = e.numbers[0];
        switch (e.kind) {
            case event_kind::scope:
                if (opens(e)) {
                    open_.insert(e.numbers[1]);
                } else {
                    if (v.task(id).innermost() != e.numbers[1])
                        report(predicate::scope_nesting, named(id) + " closes scope " + std::to_string(e.numbers[1]) +
                                                             ", but its innermost is " +
                                                             std::to_string(v.task(id).innermost()));
                    open_.erase(e.numbers[1]);
                    cancelled_.erase(e.numbers[1]);
                }
                break;
            case event_kind::end:
                if (!v.task(id).scopes.empty())
                    report(predicate::scope_closed,
                           named(id) + " ends inside scope " + std::to_string(v.task(id).innermost()));
                break;
            case event_kind::spawn: spawns(e, v, report); break;
            case event_kind::step:
                if (e.texts[1] == "start" && never_start_.contains(id))
                    report(predicate::cancelled_start, named(id) + " starts, but was cancelled before");
                break;
            case event_kind::did: finishes(e, v, report); break;
            case event_kind::await: awaits(e, v.task(id), report); break;
            default: break;
        }
    }

private:
    void spawns(const event& e, const view& v, const reporter& report) {
        const auto scope = e.numbers[2];
        if (scope != 0 && !open_.contains(scope))
            report(predicate::spawn_scope,
                   named(e.numbers[0]) + " is spawned in scope " + std::to_string(scope) + ", which is not open");
        if (e.numbers[1] == 0) return;
        const auto& by = v.task(e.numbers[1]);
        if (scope == 0 ? by.cancelled && by.scopes.empty() : cancelled_.contains(scope))
            never_start_.insert(e.numbers[0]);
    }

    void finishes(const event& e, const view& v, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        const auto& t = v.task(e.numbers[0]);
        if (is_awaiting(verb) && verb != "group" && result == "cancelled" && t.innermost() != 0)
            cancelled_.insert(t.innermost());
        if (cancels_task(verb) && result == "yes")
            if (const auto id = v.target(e); v.knows(id) && !v.task(id).started) never_start_.insert(id);
        if ((verb == "spawn" || verb == "go") && result != "misuse") spawned(e, t, v, report);
    }

    static void spawned(const event& e, const task_view& by, const view& v, const reporter& report) {
        const auto id = static_cast<task_id>(number(e.texts[2]));
        const bool own = v.knows(id) && id == v.tasks.size() && v.task(id).by == e.numbers[0];
        if (!own)
            return report(predicate::spawn_scope,
                          "the result of " + e.texts[0] + " is " + e.texts[2] + ", which is not what was just spawned");
        const auto scope = v.task(id).scope;
        if (e.texts[0] == "go" ? scope == 0 : scope != by.innermost())
            report(predicate::spawn_scope, named(id) + " was spawned in scope " + std::to_string(scope) +
                                               ", but the spawner's innermost is " + std::to_string(by.innermost()));
    }

    // The exit of a group is never refused; an await that used up the budget has its outcome already.
    static void awaits(const event& e, const task_view& t, const reporter& report) {
        const bool cancelled = t.scopes.empty() ? t.cancelled : t.scopes.back().cancelled;
        if (cancelled && e.texts[0] != "group" && e.texts[0] != "budget")
            report(predicate::cancelled_await,
                   named(e.numbers[0]) + " is cancelled, but begins to await " + e.texts[0]);
    }

    id_set open_{};
    id_set cancelled_{};
    id_set never_start_{};
};

}  // namespace

std::unique_ptr<family> scope_rules() { return std::make_unique<scope_family>(); }

}  // namespace galley::spec::checking
