// SPDX-License-Identifier: BSL-1.0
// The ready queue, replayed: READY-1 to READY-5, TASK-1, WAIT-1. All of it needs level L.
#include <algorithm>
#include <array>
#include <deque>

#include "spec/stage/check/check_view.hpp"

namespace galley::spec::checking {
namespace {

// The order within an iteration. What is equal may repeat.
int stage(const event& e) {
    switch (e.kind) {
        case event_kind::wait: return 1;
        case event_kind::world: return 2;
        case event_kind::sample: return 3;
        case event_kind::complete: return 4;
        case event_kind::fire: return 5;
        case event_kind::ready: return e.texts[0] == "post" ? 6 : 0;
        case event_kind::round: return 7;
        default: return 0;
    }
}

bool wakes(const text& cause, const text& kind) {
    if (cause == "timer") return kind == "sleep";
    if (cause == "complete") return is_operation(kind);
    if (cause == "join") return kind == "join";
    if (cause == "children") return is_for_children(kind);
    if (cause == "handover") return is_synchronisation(kind);
    return cause == "cancel" && (kind == "sleep" || kind == "join" || is_synchronisation(kind));
}

class ready_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        if (!v.t.has_level_l) return;
        after_append(e, v, report);
        collecting(e, report);
        switch (e.kind) {
            case event_kind::ready: becomes_ready(e, v, report); break;
            case event_kind::round: begins_round(e, v, report); break;
            case event_kind::step: takes(e.numbers[0], v, report); break;
            case event_kind::callback: takes(0, v, report); break;
            case event_kind::wait: waits(report); break;
            case event_kind::sample:
            case event_kind::world:
            case event_kind::fire:
            case event_kind::complete:
            case event_kind::exit: expect_used_up(report); break;
            case event_kind::did:
                if (e.texts[0] == "post") ++posted_;
                break;
            default: break;
        }
    }

private:
    // What must follow at once: ready{spawn} its spawn, await its own ready{yield} or ready{budget}.
    static void after_append(const event& e, const view& v, const reporter& report) {
        const event* before = v.previous();
        if (before == nullptr) return;
        const auto id = before->numbers[0];
        if (before->kind == event_kind::spawn &&
            (e.kind != event_kind::ready || e.numbers[0] != id || e.texts[0] != "spawn"))
            report(predicate::spawn_ready, named(id) + " was spawned, but is not made ready at once");
        const bool appended =
            before->kind == event_kind::ready && (before->texts[0] == "yield" || before->texts[0] == "budget");
        if (appended && (e.kind != event_kind::await || e.numbers[0] != id || e.texts[0] != before->texts[0]))
            report(predicate::append_awaits,
                   named(id) + " was appended for its " + before->texts[0] + ", but its step does not end so");
        const bool awaits = e.kind == event_kind::await && (e.texts[0] == "yield" || e.texts[0] == "budget");
        if (awaits && !(appended && id == e.numbers[0] && e.texts[0] == before->texts[0]))
            report(predicate::append_awaits,
                   named(e.numbers[0]) + " awaits its " + e.texts[0] + " without having been appended");
    }

    void collecting(const event& e, const reporter& report) {
        if (e.kind == event_kind::box) stage_ = 0;
        const int now = stage(e);
        if (now == 0) return;
        if (now < stage_ || (now == stage_ && (now == 1 || now == 3 || now == 7)))
            report(predicate::collect_order, "out of the order wait, world, sample, operations, timers, posts, round");
        stage_ = now;
    }

    void becomes_ready(const event& e, const view& v, const reporter& report) {
        const auto id = e.numbers[0];
        const auto& cause = e.texts[0];
        queue_.push_back(id);
        if (id == 0) {
            ++collected_;
            return;
        }
        const auto& t = v.task(id);
        const event* before = v.previous();
        if (cause == "post")
            return report(predicate::cause_fits, named(id) + " is made ready by a post; callbacks have no task");
        if (t.state == status::ready)
            return report(predicate::once_ready, named(id) + " is in the ready queue already");
        const bool own = cause == "yield" || cause == "budget";
        const bool fits = t.state == status::fresh
                              ? cause == "spawn" && before != nullptr && before->kind == event_kind::spawn
                          : t.state == status::running ? own
                                                       : wakes(cause, t.kind);
        if (!fits)
            report(predicate::cause_fits,
                   named(id) +
                       (t.state == status::running ? ", which is running,"
                        : t.state == status::fresh ? ", which has just been spawned,"
                                                   : ", which awaits " + std::string{t.kind} + ",") +
                       " is made ready by " + cause);
    }

    void begins_round(const event& e, const view& v, const reporter& report) {
        expect_used_up(report);
        if (e.numbers[0] != v.round + 1)
            report(predicate::round_count,
                   "expected round " + std::to_string(v.round + 1) + ", found " + std::to_string(e.numbers[0]));
        if (e.numbers[1] != queue_.size())
            report(predicate::round_count, std::to_string(queue_.size()) + " entries are ready, but the round has " +
                                               std::to_string(e.numbers[1]));
        left_ = queue_.size();
    }

    void takes(task_id id, const view& v, const reporter& report) {
        const auto who = [id] { return id == 0 ? std::string{"a callback"} : named(id); };
        if (left_ == 0) {
            const bool early = id != 0 && !v.task(id).started && v.task(id).spawn_round == v.round && v.round != 0;
            return report(early ? predicate::later_round : predicate::round_used_up,
                          who() + " runs, but the round is used up");
        }
        if (queue_.front() != id) {
            const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(left_);
            if (std::find(queue_.begin(), end, id) != end)
                return report(predicate::queue_order,
                              who() + " runs before " +
                                  (queue_.front() == 0 ? std::string{"a callback"} : named(queue_.front())) +
                                  ", which became ready earlier");
            if (id != 0 && !v.task(id).started && v.task(id).spawn_round == v.round)
                return report(predicate::later_round,
                              who() + " takes its first step in the round in which it was spawned");
            return report(predicate::round_used_up, who() + " runs, but was not ready when the round began");
        }
        queue_.pop_front();
        --left_;
    }

    void waits(const reporter& report) {
        expect_used_up(report);
        if (left_ == 0 && !queue_.empty())
            report(predicate::wait_idle, "the loop waits, but " + std::to_string(queue_.size()) + " entries are ready");
        if (collected_ < posted_)
            report(predicate::wait_idle, "the loop waits, but a callback was posted and not yet collected");
    }

    void expect_used_up(const reporter& report) const {
        if (left_ != 0) report(predicate::round_used_up, std::to_string(left_) + " entries of the round have not run");
    }

    std::deque<task_id> queue_{};  // 0: a callback
    std::size_t left_{0};          // of this round
    int stage_{0};
    std::uint64_t posted_{0};     // by tasks
    std::uint64_t collected_{0};  // from wherever
};

}  // namespace

std::unique_ptr<family> ready_rules() { return std::make_unique<ready_family>(); }

}  // namespace galley::spec::checking
