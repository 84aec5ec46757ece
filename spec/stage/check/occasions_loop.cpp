// SPDX-License-Identifier: BSL-1.0
// Occasions of LIFE, READY, WAIT and POST.
#include <algorithm>

#include "spec/stage/check/occasions_watch.hpp"

namespace galley::spec::checking {
namespace {

class loop_watcher final : public watcher {
public:
    using watcher::watcher;

    void on(const event& e, const moment& m) override {
        switch (e.kind) {
            case event_kind::run: runs(m); break;
            case event_kind::exit: exits(e); break;
            case event_kind::box: collected_ = {}; break;
            case event_kind::wait: waits(e); break;
            case event_kind::world: hears(m.s.world[e.numbers[0]]); break;
            case event_kind::complete: collects(collected_.operations); break;
            case event_kind::fire: collects(collected_.timers); break;
            case event_kind::ready: becomes_ready(e, m); break;
            case event_kind::round: begins_round(e, m); break;
            case event_kind::step: takes_turn(); break;
            case event_kind::callback:
                takes_turn();
                --callbacks_;
                mark(occasion::callback_among_others, round_ > 1);
                break;
            case event_kind::did: finishes(e, m); break;
            case event_kind::destroyed: destroys(m.v.task(e.numbers[0]), m.s); break;
            case event_kind::refused: mark(occasion::post_refused); break;
            default: break;
        }
    }

private:
    struct collected {
        bool waited{};
        int operations{};
        int timers{};
        int posts{};
    };

    void runs(const moment& m) {
        mark(occasion::goes_on, left_tasks_);
        mark(occasion::closes_orderly, left_tasks_ && m.s.close == closing::orderly && runs_ == m.s.runs);
        ++runs_;
        turns_ = m.s.ask_every;  // a run begins with a look at the driver
    }

    void exits(const event& e) {
        const auto& verdict = e.texts[0];
        left_tasks_ = !e.pending.empty();
        mark(occasion::completes, verdict == "completed");
        mark(occasion::leaves_callbacks, verdict == "completed" && callbacks_ > 0);
        if (verdict != "deadlocked") return;
        mark(occasion::deadlocks, left_tasks_);
        mark(occasion::kept_alive, !left_tasks_);
        const bool in_flight =
            std::ranges::any_of(e.pending, [](const pending_task& p) { return is_operation(p.await); });
        mark(occasion::exhausted, in_flight || remotes_ > 0);
    }

    void waits(const event& e) {
        collected_.waited = true;
        turns_ = 0;
        mark(e.texts[0] == "never" ? occasion::waits_for_ever : occasion::waits_until);
    }

    void hears(const world_entry& entry) {
        if (entry.what == world_verb::post) ++callbacks_;
        mark(occasion::stop_in_wait, collected_.waited && entry.what == world_verb::stop);
    }

    void collects(int& of_this_kind) {
        ++of_this_kind;
        const auto& c = collected_;
        mark(occasion::collects_two_kinds, (c.operations > 0) + (c.timers > 0) + (c.posts > 0) > 1);
        mark(occasion::collects_behind_ready, ready_ > 0 && c.operations + c.timers + c.posts == 1);
        mark(occasion::two_operations, c.operations > 1);
        mark(occasion::posts_merged, c.posts > 1);
        mark(occasion::woken_by_operation, c.waited && c.operations > 0);
        mark(occasion::woken_by_post, c.waited && c.posts > 0);
    }

    void becomes_ready(const event& e, const moment& m) {
        const auto& cause = e.texts[0];
        if (cause == "post") collects(collected_.posts);
        ++ready_;
        mark(occasion::ready_in_round, left_ > 0);
        const bool woken = cause == "handover" || cause == "cancel";
        mark(occasion::wakes_another, woken && m.v.running != 0 && e.numbers[0] != m.v.running);
        mark(occasion::budget_used, cause == "budget");
        mark(occasion::yields, cause == "yield");
        mark(occasion::joined_ends, cause == "join");
    }

    void begins_round(const event& e, const moment& m) {
        left_ = round_ = e.numbers[1];
        if (collected_.waited) return;
        mark(occasion::busy_beside_waiters, std::ranges::any_of(m.v.tasks, [](const task_view& t) {
                 return t.state == status::waiting && (t.kind == "sleep" || is_operation(t.kind));
             }));
        const auto B = m.s.ask_every;
        // The first look of a run is none that a busy loop owes.
        mark(occasion::not_asked, turns_ < B);
        mark(occasion::asked_while_busy, B > 1 && turns_ >= B && turned_);
        if (turns_ >= B) turns_ = 0;
        turned_ = false;
    }

    void takes_turn() {
        --left_;
        --ready_;
        ++turns_;
        turned_ = true;
    }

    void finishes(const event& e, const moment& m) {
        const auto& [verb, arg, result] = e.texts;
        if (verb == "post") ++callbacks_;
        if (verb == "hold_remote") ++remotes_;
        if (verb == "drop_remote" && result == "ok") --remotes_;
        mark(occasion::stop_in_round, verb == "stop" && left_ > 0);
        if (const auto id = m.cancelled_by(e); id != 0 && m.was_ready(id)) {
            mark(occasion::ready_is_cancelled);
            mark(occasion::budget_and_cancel, m.v.task(id).cause == "budget");
        }
    }

    void destroys(const task_view& t, const scenario& s) {
        mark(occasion::destroys_two, ++destroyed_ > 1);
        mark(occasion::destroys_in_flight, t.state == status::waiting && is_operation(t.kind));
        mark(occasion::outlives_close, s.close == closing::orderly);
    }

    collected collected_{};
    std::uint64_t round_{};  // the entries of this round
    std::uint64_t left_{};   // those that have not run
    std::uint64_t ready_{};  // in the ready queue
    std::int64_t turns_{};   // since the driver was looked at
    bool turned_{};          // since the last round began
    int runs_{};
    int destroyed_{};
    int remotes_{};
    int callbacks_{};  // posted, and not run
    bool left_tasks_{};
};

}  // namespace

std::unique_ptr<watcher> watch_loop(occasion_set& found) { return std::make_unique<loop_watcher>(found); }

}  // namespace galley::spec::checking
