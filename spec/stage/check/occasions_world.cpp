// SPDX-License-Identifier: BSL-1.0
// Occasions of TIME and IO.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "spec/stage/check/occasions_watch.hpp"

namespace galley::spec::checking {
namespace {

bool is_read(std::string_view kind) { return kind == "read" || kind == "readable" || kind == "accept"; }

std::int64_t rounded_up(std::int64_t t, std::int64_t resolution) {
    const auto last = end_of_time / resolution * resolution;
    return t > last ? last : (t + (resolution - 1)) / resolution * resolution;
}

class world_watcher final : public watcher {
public:
    using watcher::watcher;

    void on(const event& e, const moment& m) override {
        switch (e.kind) {
            case event_kind::box:
                fires_.clear();
                channels_.clear();
                break;
            case event_kind::world: hears(m.s.world[e.numbers[0]]); break;
            case event_kind::fire: fires(e); break;
            case event_kind::complete: completes(e); break;
            case event_kind::ready: becomes_ready(e, m); break;
            case event_kind::await:
                awaits_[e.numbers[0]] = {.clock = m.clock, .sample = m.v.sample};
                mark(occasion::starts_by_timer, e.texts[0] == "sleep" && m.v.task(e.numbers[0]).cause == "timer");
                break;
            case event_kind::scope:
                if (opens(e)) opened_[e.numbers[1]] = {.clock = m.clock, .sample = m.v.sample, .round = m.v.round};
                break;
            case event_kind::did: finishes(e, m); break;
            default: break;
        }
    }

private:
    struct fired {
        std::uint64_t timer{};
        std::int64_t key{};
    };
    struct opening {
        std::int64_t clock{};
        std::int64_t sample{};
        std::uint64_t round{};
    };
    struct sleep_start {
        std::int64_t clock{};
        std::int64_t sample{};
        std::int64_t withdrawn_at{-1};  // the sample of the collect in which a timer withdrew it
    };

    void hears(const world_entry& entry) {
        const bool back = entry.what == world_verb::jump && entry.operands[0] < 0;
        mark(occasion::clock_jumps_back, back);
        clock_known_ = clock_known_ && !back;
    }

    void fires(const event& e) {
        const fired now{e.numbers[0], number(e.texts[0])};
        mark(occasion::two_due, !fires_.empty());
        for (const auto& before : fires_) {
            mark(occasion::equal_keys, before.key == now.key);
            mark(occasion::later_start_fires_first, before.timer > now.timer);
        }
        fires_.push_back(now);
    }

    void completes(const event& e) {
        const auto& result = e.texts[0];
        mark(occasion::operation_later);
        mark(occasion::operation_cancelled, result == "cancelled");
        mark(occasion::closed_in_flight, result == "errno:125");
    }

    void becomes_ready(const event& e, const moment& m) {
        const auto id = e.numbers[0];
        if (id == 0) return;
        const auto& t = m.v.task(id);
        if (e.texts[0] == "cancel" && t.kind == "sleep") {
            const bool in_step = m.v.running != 0;
            mark(occasion::cancels_by_timer, in_step ? m.v.task(m.v.running).cause == "timer" : !fires_.empty());
            if (!in_step && !fires_.empty()) awaits_[id].withdrawn_at = m.v.sample;
        }
        if (e.texts[0] != "complete") return;
        auto& seen = channels_[number(operand(t.arg, 0))];
        (is_read(t.kind) ? seen.first : seen.second) = true;
        mark(occasion::reads_and_writes, seen.first && seen.second);
        const auto* completion = m.v.previous();
        mark(occasion::cancelled_too_late, asked_to_cancel_.erase(id) > 0 && completion->texts[0] != "cancelled");
    }

    void finishes(const event& e, const moment& m) {
        const auto& verb = e.texts[0];
        if (verb == "sleep" || verb == "sleep_until") slept(e, m);
        if (is_timeout(verb)) left_timeout(e, m);
        if (is_operation(verb)) operated(e, m.v.task(e.numbers[0]));
        if (const auto id = m.cancelled_by(e);
            id != 0 && m.v.task(id).state == status::waiting && is_operation(m.v.task(id).kind))
            asked_to_cancel_.insert(id);
    }

    void slept(const event& e, const moment& m) {
        const auto& [verb, arg, result] = e.texts;
        const auto& t = m.v.task(e.numbers[0]);
        if (!t.resuming || t.kind != "sleep") return;  // refused: it never started
        const auto& start = awaits_[e.numbers[0]];
        const auto R = m.v.t.resolution;
        const bool relative = verb == "sleep";
        const auto deadline = relative ? later(start.clock, number(arg)) : number(arg);
        mark(occasion::zero_sleep, relative && arg == "0");
        mark(occasion::end_of_time, relative && number(arg) > end_of_time - start.sample);
        mark(occasion::deadline_past, !relative && deadline <= start.sample);
        if (!clock_known_) return;
        mark(occasion::deadline_between, deadline > start.sample && deadline % R != 0);
        mark(occasion::sleeps_after_burn, relative && start.clock > start.sample);
        mark(occasion::due_is_withdrawn, start.withdrawn_at >= rounded_up(deadline, R));
    }

    void left_timeout(const event& e, const moment& m) {
        const auto& [verb, arg, result] = e.texts;
        const auto& t = m.v.task(e.numbers[0]);
        const bool expired = result == "timeout" || has_fired(opened_[t.last_closed], e, m, t.now);
        mark(occasion::fired_is_cancelled, expired);
        mark(occasion::timeout_reported, result == "timeout");
        mark(occasion::timeout_overruled, expired && result == "cancelled");
        mark(occasion::timeout_too_late, expired && is_decimal(result));
        if (verb != "timeout_at") return;
        const bool past = number(operand(arg, 0)) <= opened_[t.last_closed].sample;
        mark(occasion::instant_past, past);
        mark(occasion::instant_expires, !past && result == "timeout");
    }

    /// Whether the timer of a scope has fired by the time of a step at that sample: all that was due then has.
    [[nodiscard]] bool has_fired(const opening& scope, const event& did, const moment& m, std::int64_t sample) const {
        const auto asked = number(operand(did.texts[1], 0));
        const bool absolute = did.texts[0] == "timeout_at";
        if (absolute ? asked <= scope.sample : asked == 0) return scope.round < m.v.round;
        const auto key = rounded_up(absolute ? asked : later(scope.clock, asked), m.v.t.resolution);
        return (absolute || clock_known_) && (absolute ? scope.sample : scope.clock) < key && key <= sample;
    }

    void operated(const event& e, const task_view& t) {
        const auto& [verb, arg, result] = e.texts;
        const bool error = result.starts_with("errno:");
        const bool at_once = !t.resuming || t.kind == "budget";
        mark(occasion::operation_at_once, at_once && !error && result != "cancelled");
        mark(occasion::used_after_close, at_once && result == "errno:9");
        mark(occasion::operation_fails, error && result != "errno:9" && result != "errno:125");
        const bool transfer = is_decimal(result) && result != "0";
        mark(occasion::short_transfer, transfer && number(result) < number(operand(arg, 1)));
    }

    bool clock_known_{true};                                    // a jump back makes readings differ from the clock
    std::vector<fired> fires_{};                                // of this collect
    std::map<std::int64_t, std::pair<bool, bool>> channels_{};  // of this collect: reads, writes
    std::map<task_id, sleep_start> awaits_{};
    std::map<std::uint64_t, opening> opened_{};  // by scope
    std::set<task_id> asked_to_cancel_{};
};

}  // namespace

std::unique_ptr<watcher> watch_world(occasion_set& found) { return std::make_unique<world_watcher>(found); }

}  // namespace galley::spec::checking
