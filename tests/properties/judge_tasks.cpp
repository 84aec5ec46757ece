// SPDX-License-Identifier: BSL-1.0
// How tasks start and end: TASK-1, TASK-4, TASK-6, TASK-7, TASK-10, READY-6, CANCEL-2.
#include <map>
#include <optional>
#include <string>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

std::string named(task_id id) { return "task " + std::to_string(id); }

class task_judge final : public judge {
public:
    using judge::judge;

    void before(const event& e, const shadow& s) override {
        expectations(e, s);
        const auto id = e.numbers[0];
        switch (e.kind) {
            case event_kind::step: starts(e, s); break;
            case event_kind::await: awaits(e, s); break;
            case event_kind::scope:
                if (e.texts[0] == "close") closes(e, s);
                break;
            case event_kind::did: answers(e, s); break;
            case event_kind::end:
                joined(id, s);
                ends_[id] = (e.texts[0] == "value" ? "" : "error:") + (e.texts[0] == "cancelled" ? "0" : e.texts[1]);
                break;
            default: break;
        }
    }

    void after(const event&, const shadow& s) override {
        if (s.completed_scope() == 0) return;
        // The await ends with what its scope came to, as soon as that is known.
        owed_ = s.scope(s.completed_scope())->owner;
        by_any_ = s.scope(s.completed_scope())->opener->what == verb::any;
    }

private:
    // An `end` has consequences that come at once: the joiner is appended, or the await for children is over. What a
    // failure cancels comes before.
    void expectations(const event& e, const shadow&) {
        if (e.kind == event_kind::ready && e.texts[0] == "cancel") return;
        if (e.kind == event_kind::unobserved) return;
        if (owed_ != 0 && (e.kind != event_kind::ready || e.numbers[0] != owed_ || e.texts[0] != "children"))
            object(by_any_ ? "TASK-7" : "TASK-6",
                   "all children of " + named(owed_) + " have ended, but it is not told");
        if (joiner_ != 0 && (e.kind != event_kind::ready || e.numbers[0] != joiner_ || e.texts[0] != "join"))
            object("READY-6", "a task has ended, but " + named(joiner_) + ", which joins it, is not appended then");
        owed_ = joiner_ = 0;
    }

    void joined(task_id ended, const shadow& s) {
        for (task_id id = 1; id <= s.tasks(); ++id)
            if (s.task(id).state == phase::waiting && s.task(id).awaits == "join" && s.task(id).joins == ended)
                joiner_ = id;
    }

    void starts(const event& e, const shadow& s) {
        const auto id = e.numbers[0];
        if (s.task(id).state == phase::ready && s.task(id).cause == "spawn" &&
            s.cancelled_here(id) != (e.texts[1] == "cancelled"))
            object("CANCEL-2", named(id) + (s.cancelled_here(id) ? " was cancelled before its first step, but starts"
                                                                 : " never starts, though nobody cancelled it"));
    }

    void awaits(const event& e, const shadow& s) {
        const auto id = e.numbers[0];
        const auto& frames = s.task(id).frames;
        if (frames.size() > 1 && frames.back().scope == 0 && s.current(id) == nullptr)
            object("TASK-4", "a call of " + named(id) + " is over, but it does not go on within the step");
        const statement* what = s.current(id);
        if (what != nullptr && (what->what == verb::all || what->what == verb::any) && e.texts[0] == info_name(*what) &&
            s.scope(s.task(id).scopes.empty() ? 0 : s.task(id).scopes.back())->spawned != what->routines.size())
            object("TASK-1", named(id) + " has not spawned all children of its " + e.texts[0]);
    }

    void closes(const event& e, const shadow& s) {
        const auto* scope = s.scope(e.numbers[1]);
        if (scope == nullptr) return;
        const auto verb = scope->opener->what;
        if (verb != verb::all && verb != verb::any && verb != verb::group) return;
        if (scope->verdict != e.texts[1])
            object(verb == verb::any ? "TASK-7" : "TASK-6",
                   "the scope closes with " + e.texts[1] + ", but its children give " + std::string{scope->verdict});
    }

    // What a task that was awaited came to is told as it is, be that a failure.
    void answers(const event& e, const shadow& s) {
        const statement* what = s.current(e.numbers[0]);
        const auto end = ends_.find(s.task(e.numbers[0]).joins);
        if (what == nullptr || what->what != verb::try_join || end == ends_.end() || e.texts[2] == "cancelled") return;
        if (e.texts[2] != end->second)
            object("TASK-10", named(end->first) + " ended with " + end->second + ", but the answer is " + e.texts[2]);
    }

    static std::string_view info_name(const statement& s) { return s.what == verb::all ? "all" : "any"; }

    task_id owed_{};
    bool by_any_{};
    task_id joiner_{};
    std::map<task_id, std::string> ends_{};  // with what, as a join tells it
};

}  // namespace

judge_pointer judge_of_tasks(const watched& w, std::vector<finding>& found) {
    return std::make_unique<task_judge>(w, found);
}

}  // namespace galley::spec::properties
