// SPDX-License-Identifier: BSL-1.0
// The form of a trace: who may act, where, in which box. The other families judge only what passes here.
#include <algorithm>
#include <array>
#include <utility>

#include "spec/stage/check/check_view.hpp"

namespace galley::spec::checking {
namespace {

// Results other than `error:CODE` and `cancelled`, which any statement may have that runs or awaits something.
enum class form : std::uint8_t {
    ok,
    number,
    answer,
    outcome,
    absorbing,
    timed,
    item,
    list,
    winner,
    transfer,
    channel,
    closing,
    put,
    failing
};

struct verb_form {
    text verb{};
    form result{};
    bool slot{};  // may be `empty`
    bool use{};   // may be `misuse`
};

constexpr std::array<verb_form, 28> verb_forms{{
    {"now", form::number},
    {"spawn", form::number},
    {"go", form::number, false, true},
    {"join", form::outcome, true, true},
    {"try_join", form::outcome, true, true},
    {"call", form::outcome},
    {"try", form::outcome},
    {"shield", form::absorbing},
    {"scope", form::absorbing, false, true},
    {"group", form::absorbing, false, true},
    {"timeout", form::timed},
    {"timeout_at", form::timed},
    {"all", form::list},
    {"any", form::winner},
    {"cancel", form::answer, true},
    {"lose", form::answer, true},
    {"cancel_group", form::answer, false, true},
    {"cancel_scope", form::answer},
    {"get", form::item},
    {"put", form::put},
    {"read", form::transfer},
    {"write", form::transfer},
    {"accept", form::channel},
    {"connect", form::channel},
    {"readable", form::channel},
    {"writable", form::channel},
    {"close", form::closing},
    {"fail", form::failing},
}};

bool is_code(std::string_view result, std::string_view before) {
    return result.starts_with(before) && is_decimal(result.substr(before.size()));
}

bool is_list(std::string_view s) {
    if (s.empty()) return true;
    for (std::size_t n = 0, commas = static_cast<std::size_t>(std::ranges::count(s, ',')); n <= commas; ++n)
        if (!is_decimal(operand(s, n))) return false;
    return true;
}

bool fits(form f, std::string_view s) {
    const bool fails = s == "cancelled" || is_code(s, "error:");
    switch (f) {
        case form::ok: return s == "ok" || s == "cancelled";
        case form::number: return is_decimal(s);
        case form::answer: return s == "yes" || s == "no";
        case form::outcome: return is_decimal(s) || fails;
        case form::absorbing: return is_decimal(s) || fails || s == "absorbed";
        case form::timed: return is_decimal(s) || fails || s == "timeout";
        case form::item: return is_decimal(s) || s == "closed" || s == "cancelled";
        case form::list: return is_list(s) || fails;
        case form::winner:
            return (is_decimal(s.substr(0, s.find(':'))) && is_code(s, std::string{s.substr(0, s.find(':'))} + ":")) ||
                   fails;
        case form::transfer: return is_decimal(s) || is_code(s, "errno:") || s == "cancelled";
        case form::channel: return s == "ok" || is_code(s, "errno:") || s == "cancelled";
        case form::closing: return s == "ok" || s == "errno:9";
        case form::put: return s == "ok" || s == "closed" || s == "cancelled";
        case form::failing: return is_code(s, "error:");
    }
    return false;
}

bool result_fits(const text& verb, const text& result) {
    constexpr std::array<text, 3> guarded{"unlock", "drop_remote", "drop_keep_alive"};
    const auto* row = std::ranges::find(verb_forms, verb, &verb_form::verb);
    if (row == verb_forms.end()) {
        if (result == "cancelled") return is_awaiting(verb);
        if (result == "misuse") return std::ranges::find(guarded, verb) != guarded.end();
        return result == "ok" || (result == "empty" && verb == "drop");
    }
    return (row->slot && result == "empty") || (row->use && result == "misuse") || fits(row->result, result);
}

// The arrows of the flowchart.
constexpr std::array<std::pair<text, text>, 8> arrows{{{"start", "pending"},
                                                       {"pending", "pick"},
                                                       {"pick", "run"},
                                                       {"pick", "check"},
                                                       {"run", "save"},
                                                       {"save", "check"},
                                                       {"check", "continue"},
                                                       {"continue", "pending"}}};

class form_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        if (!knows_tasks(e, v, report) || !in_place(e, v, report)) return;
        acts(e, v, report);
        if (v.t.has_level_l) boxes(e, v, report);
    }

    void finish(const view& v, const reporter& report) override {
        if (v.in_run) report(predicate::run_exits, "the trace ends inside a run, without exit");
    }

private:
    bool knows_tasks(const event& e, const view& v, const reporter& report) {
        const auto id = e.numbers[0];
        switch (e.kind) {
            case event_kind::spawn:
                if (id == v.tasks.size() + 1 && (e.numbers[1] == 0) == v.tasks.empty() &&
                    (id != 1 || e.numbers[2] == 0))
                    return true;
                report(predicate::spawn_numbers, "expected " + named(v.tasks.size() + 1) +
                                                     " to be the next, spawned by " +
                                                     (v.tasks.empty() ? "nobody" : "a task") + "; found " + named(id) +
                                                     " by " + std::to_string(e.numbers[1]));
                return false;
            case event_kind::ready:
                if (id == 0 && e.texts[0] == "post") return true;
                [[fallthrough]];
            case event_kind::step:
            case event_kind::await:
            case event_kind::did:
            case event_kind::scope:
            case event_kind::end:
            case event_kind::unobserved:
            case event_kind::destroyed:
                if (v.knows(id)) return true;
                report(predicate::known_task,
                       named(id) + " was never spawned; there are " + std::to_string(v.tasks.size()));
                return false;
            default: return true;
        }
    }

    bool in_place(const event& e, const view& v, const reporter& report) {
        const auto misplaced = [&](std::string what) {
            report(predicate::place, std::move(what));
            return false;
        };
        switch (e.kind) {
            case event_kind::run:
                if (v.in_run) {
                    report(predicate::run_not_nested, "run is entered while it is running");
                    return false;
                }
                if (v.tasks.empty()) return misplaced("the first run begins before main was spawned");
                return !v.destroying || misplaced("a run after the destruction began");
            case event_kind::spawn:
                return v.in_run || v.tasks.empty() || misplaced("a task is spawned outside of a run");
            case event_kind::ready:
                return v.in_run || e.texts[0] == "cancel" || (e.texts[0] == "spawn" && !v.has_run) ||
                       misplaced("a task becomes ready outside of a run, cause " + e.texts[0]);
            case event_kind::destroyed:
            case event_kind::refused:
                return (v.has_run && !v.in_run) || misplaced("the loop is destroyed before its runs are over");
            case event_kind::unobserved: return v.has_run || misplaced("a failure before anything ran");
            default: return v.in_run || misplaced("this happens inside a run only");
        }
    }

    void acts(const event& e, const view& v, const reporter& report) {
        const auto id = e.numbers[0];
        switch (e.kind) {
            case event_kind::spawn:
                if (e.numbers[1] != v.running) wrong_actor(e.numbers[1], v, report);
                break;
            case event_kind::end:
                if (v.task(id).state == status::ended)
                    report(predicate::one_end, named(id) + " ends a second time");
                else if (id != v.running)
                    wrong_actor(id, v, report);
                break;
            case event_kind::await:
            case event_kind::scope:
                if (id != v.running)
                    wrong_actor(id, v, report);
                else if (e.kind == event_kind::scope && opens(e) && e.numbers[1] != v.scopes_opened + 1)
                    report(predicate::scope_numbers, "expected scope " + std::to_string(v.scopes_opened + 1) +
                                                         " to be the next, found " + std::to_string(e.numbers[1]));
                break;
            case event_kind::did:
                if (id != v.running)
                    wrong_actor(id, v, report);
                else if (!result_fits(e.texts[0], e.texts[2]))
                    report(predicate::result_form, "a " + e.texts[0] + " cannot have the result '" + e.texts[2] + "'");
                break;
            case event_kind::step:
            case event_kind::callback:
            case event_kind::exit:
                if (v.running != 0) report(predicate::one_step, "the step of " + named(v.running) + " has not ended");
                if (e.kind == event_kind::step && v.task(id).over())
                    report(predicate::ended_stays_ended, named(id) + " is over, and is run");
                break;
            case event_kind::ready:
                if (id != 0 && v.task(id).over())
                    report(predicate::ended_stays_ended, named(id) + " is over, and is made ready");
                break;
            case event_kind::world:
                if (id != world_++)
                    report(predicate::world_order, "expected entry " + std::to_string(world_ - 1) +
                                                       " of the world, found " + std::to_string(id));
                break;
            default: break;
        }
    }

    static void wrong_actor(task_id id, const view& v, const reporter& report) {
        report(predicate::actor, (id == 0 ? std::string{"nobody"} : named(id)) + " acts, but " +
                                     (v.running == 0 ? std::string{"no task"} : named(v.running)) + " is running");
    }

    void boxes(const event& e, const view& v, const reporter& report) {
        if (e.kind == event_kind::run) ran_ = true;
        if (e.kind == event_kind::box) {
            const auto leads = [&](const auto& arrow) { return arrow.first == v.box && arrow.second == e.texts[0]; };
            const bool first = std::exchange(ran_, false);
            if (first ? e.texts[0] != "start" : std::ranges::none_of(arrows, leads))
                report(predicate::box_order, "no arrow leads from " + (first ? "the call of run" : std::string{v.box}) +
                                                 " to box " + e.texts[0]);
            else if (v.running != 0)
                report(predicate::box_place,
                       "box " + e.texts[0] + " is entered inside the step of " + named(v.running));
            else if (e.texts[0] == "save" && steps_ != 1)
                report(predicate::box_place,
                       "box run had " + std::to_string(steps_) + " steps or callbacks instead of one");
            steps_ = 0;
        } else if (const auto place = box_of(e.kind); v.in_run && !place.empty() && place != v.box) {
            report(predicate::box_place,
                   "this happens in box " + std::string{place} + ", but the box is " + std::string{v.box});
        } else if (e.kind == event_kind::step || e.kind == event_kind::callback) {
            ++steps_;
        }
    }

    // What else happens (ready, unobserved) belongs to the events around it.
    static text box_of(event_kind k) {
        switch (k) {
            case event_kind::wait:
            case event_kind::world:
            case event_kind::sample:
            case event_kind::fire:
            case event_kind::complete:
            case event_kind::round: return "check";
            case event_kind::step:
            case event_kind::callback: return "run";
            case event_kind::exit: return "pending";
            default: return {};
        }
    }

    std::uint64_t world_{0};
    bool ran_{};
    int steps_{0};
};

}  // namespace

std::unique_ptr<family> form_rules() { return std::make_unique<form_family>(); }

}  // namespace galley::spec::checking
