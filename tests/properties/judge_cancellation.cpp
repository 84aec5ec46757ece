// SPDX-License-Identifier: BSL-1.0
// Whom a cancellation reaches, in which order, and what comes of it: CANCEL-1, CANCEL-3, CANCEL-5, CANCEL-7, TASK-6,
// TASK-7, TIME-8, LIFE-6.
#include <deque>
#include <string>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

std::string named(task_id id) { return "task " + std::to_string(id); }

class cancellation_judge final : public judge {
public:
    using judge::judge;

    void before(const event& e, const shadow& s) override {
        interruptions(e, s);
        switch (e.kind) {
            case event_kind::await:
                if (refused_ == e.numbers[0] && e.texts[0] != "budget" && e.texts[0] != "group")
                    object("CANCEL-3",
                           named(e.numbers[0]) + " is cancelled where it stands, but begins to await " + e.texts[0]);
                if (e.texts[0] != "budget") refused_ = free_ = 0;
                break;
            case event_kind::did: did(e, s); break;
            case event_kind::scope:
                if (e.texts[0] == "close") closes(e, s);
                break;
            default: break;
        }
    }

    void after(const event&, const shadow& s) override {
        for (const auto& told : s.told())
            if (!told.operation) to_be_told_.push_back(told.task);
        if (!s.told().empty()) {
            by_ = s.cancelled_by();
            target_ = s.target();
            asked_by_ = s.asked_by_rule();
        }
        if (s.arrived()) {
            const auto& a = *s.arrived();
            const bool gated = is_awaiting(a.what->what) && a.what->what != verb::group;
            refused_ = a.refused && gated ? a.task : 0;
            free_ = !a.refused && gated ? a.task : 0;
        }
    }

private:
    // Those who wait are made ready within the cancelling, in order.
    void interruptions(const event& e, const shadow& s) {
        const bool cancel = e.kind == event_kind::ready && e.texts[0] == "cancel";
        if (cancel && !to_be_told_.empty() && to_be_told_.front() == e.numbers[0]) return to_be_told_.pop_front();
        if (to_be_told_.empty()) {
            if (cancel) object("CANCEL-7", named(e.numbers[0]) + " is interrupted, but nothing reaches it");
            return;
        }
        const auto id = to_be_told_.front();
        if (is_told_later(id))
            object("CANCEL-7", named(e.numbers[0]) + " is interrupted before " + named(id));
        else
            object(rule_of(id, s), named(id) + " is reached by a cancellation, but goes on waiting for " +
                                       std::string{s.task(id).awaits});
        to_be_told_.clear();
    }

    [[nodiscard]] bool is_told_later(task_id id) const {
        const auto& events = case_.seen.events;
        for (std::size_t i = index(); i < events.size(); ++i) {
            if (events[i].kind != event_kind::ready || events[i].texts[0] != "cancel") return false;
            if (events[i].numbers[0] == id) return true;
        }
        return false;
    }

    std::string_view rule_of(task_id id, const shadow& s) const {
        if (!asked_by_.empty()) return asked_by_;
        if (by_ == canceller::timer && s.task(id).awaits == "sleep") return "TIME-8";
        return by_ == canceller::statement && id == target_ ? "CANCEL-1" : "CANCEL-7";
    }

    // An await that was over at once, and did not suspend, is cancelled if and only if its task was.
    void did(const event& e, const shadow& s) {
        const auto id = e.numbers[0];
        const bool cancelled = e.texts[2] == "cancelled";
        if (free_ == id && cancelled && s.task(id).state == phase::running && s.current(id) != nullptr &&
            is_awaiting(s.current(id)->what))
            object(s.behind_shield(id) ? "CANCEL-3" : "CANCEL-7",
                   named(id) + " is not cancelled where it stands, but its await is refused");
        if (refused_ == id && !cancelled && e.texts[2] != "misuse" && e.texts[2] != "empty")
            object("CANCEL-3", named(id) + " is cancelled where it stands, but " + e.texts[0] + " gives " + e.texts[2]);
        refused_ = free_ = 0;
    }

    void closes(const event& e, const shadow& s) {
        const auto* scope = s.scope(e.numbers[1]);
        if (scope == nullptr) return;
        const auto verb = scope->opener->what;
        if (verb != verb::scope && !is_timeout(verb) && verb != verb::shield) return;
        const auto how = s.task(e.numbers[0]).frames.back().how;
        const bool own = s.node({node_id::kind::scope, e.numbers[1]}).requested && !s.outer_cancelled(e.numbers[1]);
        const std::string_view expected = how == leaving::value       ? "value"
                                          : how == leaving::exception ? "exception"
                                          : own                       ? "absorbed"
                                                                      : "cancelled";
        if (e.texts[1] != expected)
            object("CANCEL-5", "the scope closes with " + e.texts[1] + ", but should with " + std::string{expected});
    }

    std::deque<task_id> to_be_told_{};
    canceller by_{};
    task_id target_{};
    std::string_view asked_by_{};
    task_id refused_{};
    task_id free_{};
};

}  // namespace

judge_pointer judge_of_cancellation(const watched& w, std::vector<finding>& found) {
    return std::make_unique<cancellation_judge>(w, found);
}

}  // namespace galley::spec::properties
