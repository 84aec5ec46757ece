// SPDX-License-Identifier: BSL-1.0
// Awaits, the budget, and how outcomes travel within a task: READY-5, CANCEL-1, CANCEL-2,
// CANCEL-3, CANCEL-6, TASK-2, TASK-3.
#include <algorithm>
#include <array>

#include "spec/stage/check/check_view.hpp"

namespace galley::spec::checking {
namespace {

// How an await of that kind can end.
bool can_end(const text& kind, const text& with) {
    if (with == "start") return false;
    if (kind == "yield") return with == "value";
    if (kind == "join" || kind == "budget" || is_for_children(kind)) return true;
    return with != "error";
}

// The same, when it is known what made the task ready.
bool can_end_by(const text& cause, const text& with) {
    if (cause == "cancel") return with == "cancelled";
    if (cause == "yield" || cause == "timer" || cause == "handover") return with == "value";
    if (cause == "complete") return with != "error";
    if (cause == "join") return with != "cancelled";
    return true;
}

bool runs_a_routine(const text& verb) {
    constexpr std::array<text, 7> verbs{"call", "try", "scope", "shield", "timeout", "timeout_at", "group"};
    return std::ranges::find(verbs, verb) != verbs.end();
}

bool is_failure(const text& result) { return result.starts_with("error:"); }

class await_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        switch (e.kind) {
            case event_kind::step: steps(e, v.task(e.numbers[0]), v, report); break;
            case event_kind::await:
            case event_kind::did:
            case event_kind::scope:
            case event_kind::end: acts(e, v.task(e.numbers[0]), v.t.budget, report); break;
            case event_kind::spawn:
                if (e.numbers[1] != 0) acts(e, v.task(e.numbers[1]), v.t.budget, report);
                break;
            default: break;
        }
    }

private:
    static void steps(const event& e, const task_view& t, const view& v, const reporter& report) {
        const auto& with = e.texts[1];
        const auto who = named(e.numbers[0]);
        if (!t.started) {
            if (with != "start" && with != "cancelled")
                report(predicate::start_first, who + " takes its first step with " + with);
        } else if (with == "start") {
            report(predicate::start_first, who + " is started a second time");
        } else if (!can_end(t.kind, with)) {
            report(predicate::with_fits, "an await of " + std::string{t.kind} + " cannot end with " + with);
        } else if (v.t.has_level_l && !can_end_by(t.cause, with)) {
            report(predicate::with_fits,
                   who + " was made ready by " + std::string{t.cause} + ", which cannot end its await with " + with);
        }
    }

    // What a task does next, in the light of how its step began and of what its last statement did.
    static void acts(const event& e, const task_view& t, std::int64_t budget, const reporter& report) {
        const bool closes = e.kind == event_kind::scope && e.texts[0] == "close";
        const auto who = named(e.kind == event_kind::spawn ? e.numbers[1] : e.numbers[0]);
        if (!t.resuming && t.with == "cancelled" && t.kind.empty() &&
            (e.kind != event_kind::end || e.texts[0] != "cancelled"))
            return report(predicate::start_first,
                          who + " was cancelled before its first step, but does something else than end cancelled");
        if (t.resuming) {
            if (e.kind == event_kind::did)
                delivers(e, t, who, report);
            else if (!closes || !(is_for_children(t.kind) || t.kind == "budget"))
                report(predicate::delivered,
                       who + " does something else before its await of " + std::string{t.kind} + " is over");
            return;
        }
        if (!t.left_by.empty() && !closes) leaves(e, t, who, report);
        if (e.kind == event_kind::did) finishes(e, t, budget, report);
        if (e.kind == event_kind::end) ends(e, t, report);
        if (e.kind == event_kind::await && e.texts[0] == "budget" && t.satisfied + 1 != budget)
            report(predicate::budget_used, who + " is suspended for its budget of " + std::to_string(budget) +
                                               " after " + std::to_string(t.satisfied) +
                                               " satisfied awaits and one more");
    }

    static void delivers(const event& e, const task_view& t, task_name who, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        const bool same = t.kind == "budget" ? is_awaiting(verb) : t.kind == kind_of(verb);
        if (!same || t.arg != arg)
            return report(predicate::delivered, who + " awaited " + std::string{t.kind} + " " + std::string{t.arg} +
                                                    ", but finishes " + verb + " " + arg);
        const text with = result == "cancelled" ? "cancelled" : is_failure(result) ? "error" : "value";
        if (with != t.with || result == "misuse" || result == "empty")
            report(predicate::delivered,
                   who + " was resumed with " + std::string{t.with} + ", but the result is " + result);
    }

    static void leaves(const event& e, const task_view& t, task_name who, const reporter& report) {
        const bool outward = (e.kind == event_kind::did && runs_a_routine(e.texts[0])) || e.kind == event_kind::end ||
                             (e.kind == event_kind::await && (e.texts[0] == "group" || e.texts[0] == "budget"));
        if (outward) return;
        const auto broken = t.left_by == "return"     ? predicate::outcome_passed
                            : is_failure(t.left_with) ? predicate::failure_leaves
                                                      : predicate::cancellation_leaves;
        report(broken, who + " goes on in its routine after a " + std::string{t.left_by} + " with result " +
                           std::string{t.left_with});
    }

    static void finishes(const event& e, const task_view& t, std::int64_t budget, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        if (result == "misuse" || result == "empty") return;
        if (is_awaiting(verb) && t.satisfied + 1 >= budget)
            report(predicate::budget_kept, "satisfied await number " + std::to_string(t.satisfied + 1) +
                                               " of a step whose budget is " + std::to_string(budget) +
                                               " does not suspend");
        const bool suspends = verb == "yield" || verb == "sleep" || verb == "sleep_until" || verb == "any" ||
                              (verb == "all" && !arg.empty());
        if (suspends && result != "cancelled")
            return report(predicate::suspends, "a " + verb + " is over without having suspended");
        if (runs_a_routine(verb) && verb != "group" && !passes(verb, t, result))
            report(predicate::outcome_passed,
                   "the routine was left with " + left(t) + ", but " + verb + " has the result " + result);
    }

    // A routine that runs off its end gives 0.
    static text left(const task_view& t) { return t.left_by.empty() ? "0" : t.left_with; }

    static bool passes(const text& verb, const task_view& t, const text& result) {
        const bool absorbs = (is_timeout(verb) && result == "timeout") ||
                             ((verb == "scope" || verb == "shield") && result == "absorbed");
        return result == left(t) || (absorbs && t.left_with == "cancelled");
    }

    static void ends(const event& e, const task_view& t, const reporter& report) {
        const text how = t.left_with == "cancelled" || (t.with == "cancelled" && t.kind.empty()) ? "cancelled"
                         : is_failure(t.left_with)                                               ? "exception"
                                                                                                 : "value";
        const text value = how == "cancelled"   ? text{}
                           : how == "exception" ? text{t.left_with.view().substr(6)}
                                                : left(t);
        if (e.texts[0] != how || e.texts[1] != value)
            report(predicate::end_outcome, named(e.numbers[0]) + " was left with " + std::string{how} + " " + value +
                                               ", but ends with " + e.texts[0] + " " + e.texts[1]);
    }
};

}  // namespace

std::unique_ptr<family> await_rules() { return std::make_unique<await_family>(); }

}  // namespace galley::spec::checking
