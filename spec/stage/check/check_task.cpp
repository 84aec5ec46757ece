// SPDX-License-Identifier: BSL-1.0
// Who takes the outcome of a task: TASK-2, TASK-3, TASK-4, TASK-6, TASK-7, CANCEL-4.
#include <algorithm>
#include <map>

#include "spec/stage/check/check_view.hpp"
#include "spec/stage/check/id_set.hpp"

namespace galley::spec::checking {
namespace {

std::string told(const task_view& t) {
    if (t.outcome == "value") return std::string{t.value};
    return "error:" + (t.outcome == "exception" ? std::string{t.value} : std::string{"0"});
}

bool ended_before(const task_view& a, const task_view& b) {
    return (a.state == status::ended) != (b.state == status::ended) ? a.state == status::ended
                                                                    : a.ended_at < b.ended_at;
}

class task_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        switch (e.kind) {
            case event_kind::spawn:
                if (e.numbers[2] != 0) spawned_in_[e.numbers[2]].push_back(e.numbers[0]);
                break;
            case event_kind::ready:
                if (e.texts[0] == "join" && v.task(e.numbers[0]).joins != v.last_ended)
                    report(predicate::join_after_end,
                           named(e.numbers[0]) + " joins " + named(v.task(e.numbers[0]).joins) +
                               ", but is made ready at the end of " +
                               (v.last_ended == 0 ? std::string{"none"} : named(v.last_ended)));
                if (e.texts[0] == "children") expect_children_ended(e.numbers[0], v, report);
                break;
            case event_kind::step:
                if (v.task(e.numbers[0]).started && is_for_children(v.task(e.numbers[0]).kind))
                    expect_children_ended(e.numbers[0], v, report);
                break;
            case event_kind::did: finishes(e, v, report); break;
            case event_kind::unobserved: unobserved(e.numbers[0], v, report); break;
            default: break;
        }
    }

    void finish(const view& v, const reporter& report) override {
        for (task_id id = 1; id <= v.tasks.size(); ++id)
            if (owned_.contains(id) && v.task(id).outcome == "exception" && !taken_.contains(id))
                return report(predicate::failure_lost,
                              named(id) + " failed, but nobody took the failure and it is not reported");
        for (const auto& [scope, children] : spawned_in_) {
            const auto lost = [&](task_id id) {
                return !owned_.contains(id) && v.task(id).outcome == "exception" && !taken_.contains(id);
            };
            // One of them can be the failure that the scope itself ends with, or that was lost with the owner.
            if (std::ranges::count_if(children, lost) > 1)
                return report(predicate::failure_lost,
                              "two children of scope " + std::to_string(scope) + " failed, but neither is reported");
        }
    }

private:
    void finishes(const event& e, const view& v, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        const auto& t = v.task(e.numbers[0]);
        if (verb == "spawn") owned_.insert(static_cast<task_id>(number(result)));
        if (verb == "go" && result != "misuse") gone_.insert(static_cast<task_id>(number(result)));
        if (cancels_task(verb) && result != "empty") cancels(e, v, report);
        if (is_join(verb)) joins(e, v, report);
        if (t.resuming && t.kind == verb && (verb == "all" || verb == "any")) gathers(e, t, v, report);
    }

    static void cancels(const event& e, const view& v, const reporter& report) {
        const auto id = v.target(e);
        if (v.knows(id) && (e.texts[2] == "no") != v.task(id).over())
            report(predicate::cancel_answer, named(id) + (v.task(id).over() ? " has ended" : " has not ended") +
                                                 ", but the answer to its cancellation is " + e.texts[2]);
    }

    void joins(const event& e, const view& v, const reporter& report) {
        const auto& result = e.texts[2];
        const auto id = v.target(e);
        if (result == "empty" || result == "misuse" || result == "cancelled" || !v.knows(id)) return;
        const auto& joined = v.task(id);
        if (joined.state != status::ended)
            report(predicate::join_outcome, named(id) + " has not ended, but its joiner is told " + result);
        else if (result != told(joined))
            report(predicate::join_outcome,
                   named(id) + " ended with " + told(joined) + ", but its joiner is told " + result);
        else if (joined.outcome == "exception" && !taken_.insert(id))
            report(predicate::unobserved_failure,
                   "the failure of " + named(id) + " reaches a joiner, but was taken before");
    }

    /// All that were spawned in a scope, or null.
    [[nodiscard]] const std::vector<task_id>* spawned_in(std::uint64_t scope) const {
        const auto found = scope == 0 ? spawned_in_.end() : spawned_in_.find(scope);
        return found == spawned_in_.end() ? nullptr : &found->second;
    }

    /// Whether `t` waits for this one of them: what the body of a group spawns is in its scope too, but the group does
    /// not wait for it.
    [[nodiscard]] bool waits_for(const task_view& t, task_id id) const {
        return t.kind != "group" || gone_.contains(id);
    }

    void expect_children_ended(task_id id, const view& v, const reporter& report) const {
        const auto& t = v.task(id);
        const auto* const list = spawned_in(t.innermost());
        if (list == nullptr) return;
        for (const auto child : *list)
            if (waits_for(t, child) && !v.task(child).over())
                return report(predicate::children_ended, named(id) + " goes on after its " + std::string{t.kind} +
                                                             ", but " + named(child) + " has not ended");
    }

    void gathers(const event& e, const task_view& t, const view& v, const reporter& report) const {
        const auto& [verb, arg, result] = e.texts;
        const auto* const list = spawned_in(t.last_closed);
        if (list == nullptr) return;
        if (verb == "all")
            gathered(*list, v, result, report);
        else
            won(*list, v, result, report);
    }

    static void gathered(const std::vector<task_id>& list, const view& v, const std::string& result,
                         const reporter& report) {
        std::string values;
        const task_view* failed = nullptr;
        bool cancelled = false;
        for (const auto id : list) {
            const auto& child = v.task(id);
            if (child.outcome == "exception" && (failed == nullptr || ended_before(child, *failed))) failed = &child;
            cancelled = cancelled || child.outcome == "cancelled";
            values.append(values.empty() && id == list.front() ? "" : ",").append(child.value);
        }
        const auto expected = failed != nullptr ? told(*failed) : cancelled ? std::string{"error:0"} : values;
        if (result != expected && !(failed == nullptr && cancelled && result == "cancelled"))
            report(predicate::all_outcome, "the children give " + expected + ", but the result of all is " + result);
    }

    static void won(const std::vector<task_id>& list, const view& v, const std::string& result,
                    const reporter& report) {
        const auto winner =
            std::ranges::min_element(list, [&](task_id a, task_id b) { return ended_before(v.task(a), v.task(b)); });
        const auto& child = v.task(*winner);
        const auto place = child.outcome == "value" ? std::to_string(winner - list.begin()) + ":" : std::string{};
        if (result != place + told(child) && !(child.outcome == "cancelled" && result == "cancelled"))
            report(predicate::any_winner, named(*winner) + " ended first with " + place + told(child) +
                                              ", but the result of any is " + result);
    }

    void unobserved(task_id id, const view& v, const reporter& report) {
        // A group reports the failure of its body in the owner's name, as often as that happens, also
        // when it is destroyed.
        if (id == v.running || v.task(id).state == status::destroyed) return;
        if (v.task(id).outcome != "exception" || id == 1)
            report(predicate::unobserved_failure,
                   named(id) + (id == 1 ? " is main, whose outcome the caller of run takes" : " did not fail"));
        else if (!taken_.insert(id))
            report(predicate::unobserved_failure,
                   "the failure of " + named(id) + " is reported as unobserved, but was taken before");
    }

    id_set owned_{};                                              // by a handle
    id_set gone_{};                                               // into a group
    id_set taken_{};                                              // failures
    std::map<std::uint64_t, std::vector<task_id>> spawned_in_{};  // by scope
};

}  // namespace

std::unique_ptr<family> task_rules() { return std::make_unique<task_family>(); }

}  // namespace galley::spec::checking
