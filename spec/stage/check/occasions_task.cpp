// SPDX-License-Identifier: BSL-1.0
// Occasions of TASK, CANCEL and SYNC.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "spec/stage/check/occasions_watch.hpp"

namespace galley::spec::checking {
namespace {

class task_watcher final : public watcher {
public:
    using watcher::watcher;

    void on(const event& e, const moment& m) override {
        if (e.kind == event_kind::step || e.kind == event_kind::did || e.kind == event_kind::fire) interrupted_ = 0;
        switch (e.kind) {
            case event_kind::spawn:
                if (e.numbers[2] != 0) scopes_[e.numbers[2]].tasks.push_back(e.numbers[0]);
                mark(occasion::spawns, e.numbers[1] != 0);
                break;
            case event_kind::step: mark(occasion::cancelled_unstarted, e.texts[1] == "cancelled" && fresh(e, m)); break;
            case event_kind::await: awaits(e, m); break;
            case event_kind::ready: becomes_ready(e, m); break;
            case event_kind::did: finishes(e, m); break;
            case event_kind::end: ends(e, m); break;
            case event_kind::unobserved:
                mark(m.v.destroying || !m.v.in_run ? occasion::dies_at_close : occasion::nobody_takes);
                break;
            default: break;
        }
    }

private:
    /// What was spawned in a scope. Whether it is that of a group or a combinator is known when that is over.
    struct scope_tasks {
        std::vector<task_id> tasks{};
        int failures{};
        bool failed_early{};  // the first failure came while others had not ended
        bool ended_early{};   // and so did the first end
        bool later_failed{};  // one that was not the first to end
        bool ended{};
    };

    static bool fresh(const event& e, const moment& m) { return !m.v.task(e.numbers[0]).started; }

    /// An await that was not refused: if a scope around it is cancelled, a shield is between.
    void accepted(const task_view& t) {
        if (t.scopes.empty() || t.scopes.back().cancelled) return;
        const bool outer =
            t.cancelled || std::ranges::any_of(t.scopes, [](const scope_frame& s) { return s.cancelled; });
        mark(occasion::shield_holds, outer);
    }

    void awaits(const event& e, const moment& m) {
        const auto& t = m.v.task(e.numbers[0]);
        const auto& kind = e.texts[0];
        const bool exit = kind == "group";
        mark(occasion::exit_not_refused, exit && !t.scopes.empty() && t.scopes.back().cancelled);
        // What uses up the budget may be a refusal.
        if (!exit && kind != "budget") accepted(t);
        if (const auto in = scopes_.find(t.innermost()); in != scopes_.end() && (kind == "all" || kind == "any"))
            mark(occasion::spawns_children, in->second.tasks.size() > 1);
    }

    void becomes_ready(const event& e, const moment& m) {
        const auto id = e.numbers[0];
        if (id == 0) return;
        const auto& kind = m.v.task(id).kind;
        const bool waited = is_synchronisation(kind);
        if (e.texts[0] == "handover") mark(occasion::served_in_turn, m.others_wait_as(id));
        if (e.texts[0] != "cancel") return;
        mark(occasion::sleep_cancelled, kind == "sleep");
        mark(occasion::wait_cancelled, waited);
        mark(occasion::waiter_leaves, waited && m.others_wait_as(id));
        mark(occasion::join_withdrawn, kind == "join");
        mark(occasion::reaches_two, ++interrupted_ > 1);
    }

    void finishes(const event& e, const moment& m) {
        const auto& [verb, arg, result] = e.texts;
        const auto& t = m.v.task(e.numbers[0]);
        const bool awaiting = is_awaiting(verb) && result != "misuse" && result != "empty";
        if (awaiting && !t.resuming && verb != "group") {
            mark(occasion::await_refused, result == "cancelled");
            if (result != "cancelled") accepted(t);
        }
        if (verb == "spawn") held_.insert(static_cast<task_id>(number(result)));
        if (cancels_task(verb)) cancels(e, m);
        if (is_join(verb)) joins(e, t);
        mark(occasion::handle_goes, verb == "lose" && result == "yes");
        mark(occasion::failure_answered, verb == "try_join" && result.starts_with("error:"));
        mark(occasion::cancelled_settled, verb == "try" && result == "cancelled");
        if (verb == "close_queue") closed_.insert(number(arg));
        mark(occasion::calls, verb == "call" && is_decimal(result));
        if (verb == "get" || verb == "put") queues(e, t);
        if (is_for_children(verb)) gathers(verb, result, t);
    }

    void cancels(const event& e, const moment& m) {
        mark(occasion::cancels_ended, e.texts[2] == "no");
        const auto id = m.cancelled_by(e);
        if (id == 0) return;
        cancelled_.insert(id);
        const auto& t = m.v.task(id);
        mark(occasion::cancels_parent, t.state == status::waiting && is_for_children(t.kind));
        mark(occasion::outcome_kept,
             m.was_ready(id) && t.cause != "spawn" && t.cause != "yield" && t.cause != "cancel");
    }

    void joins(const event& e, const task_view& t) {
        const auto& result = e.texts[2];
        mark(occasion::joins_ended, !t.resuming && (is_decimal(result) || result.starts_with("error:")));
        mark(occasion::joins_twice, result == "misuse");
    }

    void queues(const event& e, const task_view& t) {
        const auto& [verb, arg, result] = e.texts;
        const bool waited = t.resuming && t.kind == verb;
        mark(occasion::getter_sees_close, waited && verb == "get" && result == "closed");
        mark(occasion::putter_sees_close, waited && verb == "put" && result == "closed");
        mark(occasion::drains, !t.resuming && verb == "get" && is_decimal(result) && closed_.contains(number(arg)));
    }

    void gathers(std::string_view verb, std::string_view result, const task_view& t) {
        if (result == "misuse") return;
        mark(occasion::group_absorbs, verb == "group" && result == "absorbed");
        const auto in = scopes_.find(t.last_closed);
        if (in == scopes_.end()) return;
        const auto& s = in->second;
        if (verb == "any") {
            mark(occasion::any_has_losers, s.ended_early);
            mark(occasion::loser_fails, s.later_failed);
            return;
        }
        mark(verb == "all" ? occasion::all_fails : occasion::group_fails, s.failed_early);
        mark(occasion::fails_again, s.failures > 1);
    }

    void ends(const event& e, const moment& m) {
        const auto id = e.numbers[0];
        const auto& t = m.v.task(id);
        const bool failed = e.texts[0] == "exception";
        mark(occasion::ends_despite_cancel, e.texts[0] != "cancelled" && cancelled_.contains(id));
        mark(occasion::orphaned,
             std::ranges::any_of(m.v.tasks, [id](const task_view& c) { return c.by == id && !c.over(); }));
        if (t.scope == 0 || held_.contains(id)) return;
        auto& s = scopes_[t.scope];
        const bool others = std::ranges::any_of(
            s.tasks, [&](task_id other) { return other != id && !held_.contains(other) && !m.v.task(other).over(); });
        s.failed_early = s.failed_early || (failed && s.failures == 0 && others);
        s.ended_early = s.ended_early || (!s.ended && others);
        s.later_failed = s.later_failed || (failed && s.ended);
        s.failures += failed;
        s.ended = true;
    }

    std::map<std::uint64_t, scope_tasks> scopes_{};
    std::set<task_id> held_{};       // by a handle: no group or combinator waits for it
    std::set<task_id> cancelled_{};  // by the verb, before it ended
    std::set<std::int64_t> closed_{};
    int interrupted_{};  // by the statement, or the timer, in hand
};

}  // namespace

std::unique_ptr<watcher> watch_tasks(occasion_set& found) { return std::make_unique<task_watcher>(found); }

}  // namespace galley::spec::checking
