// SPDX-License-Identifier: BSL-1.0
// Time: TIME-1 to TIME-4, TIME-6, WAIT-2. A timer's deadline is in no event; what a sleep asked for is known when its
// `did` says so.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "spec/stage/check/check_view.hpp"
#include "spec/stage/check/id_set.hpp"

namespace galley::spec::checking {
namespace {

constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();

std::int64_t rounded_down(std::int64_t t, std::int64_t r) { return t - t % r; }
std::int64_t rounded_up(std::int64_t t, std::int64_t r) {
    return t % r == 0 ? t : t > rounded_down(last, r) ? rounded_down(last, r) : rounded_down(t, r) + r;
}
std::int64_t sum(std::int64_t a, std::int64_t b) { return b > last - a ? last : a + b; }

class time_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        switch (e.kind) {
            case event_kind::sample: samples(number(e.texts[0]), v, report); break;
            case event_kind::step: steps(e, v, report); break;
            case event_kind::await:
                if (e.texts[0] == "sleep") asleep_.insert(e.numbers[0]);
                if (e.texts[0] == "sleep" && e.texts[1] == "0") zero_sleepers_.insert(e.numbers[0]);
                break;
            case event_kind::did: finishes(e, v, report); break;
            case event_kind::fire: fires(e, v, report); break;
            case event_kind::ready: becomes_ready(e, v, report); break;
            case event_kind::wait: waits(e, v, report); break;
            case event_kind::round:
                if (!zero_sleepers_.empty())
                    report(predicate::past_deadline,
                           named(zero_sleepers_.first()) +
                               " sleeps to a deadline that is not in the future, but is not in this round");
                collected_ = {{v.index, v.sample}};
                [[fallthrough]];
            case event_kind::exit: collect_ends(v, report); break;
            case event_kind::box:
                if (e.texts[0] == "continue") collect_ends(v, report);
                break;
            default: break;
        }
    }

private:
    void samples(std::int64_t now, const view& v, const reporter& report) const {
        if (now <= v.sample || now < reading_)
            report(predicate::sample_grows, "the sample " + std::to_string(now) + " comes after " +
                                                std::to_string(std::max(v.sample, reading_)));
    }

    static void steps(const event& e, const view& v, const reporter& report) {
        const auto now = number(e.texts[0]);
        if (v.t.has_level_l ? now != v.sample : now < v.sample)
            report(predicate::step_at_sample,
                   "the step is at " + e.texts[0] + ", the sample is " + std::to_string(v.sample));
    }

    void finishes(const event& e, const view& v, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        if (verb == "now") {
            const auto now = number(result);
            if (now < std::max(reading_, v.sample))
                report(predicate::now_grows,
                       "the clock reads " + result + " after " + std::to_string(std::max(reading_, v.sample)));
            reading_ = std::max(reading_, now);
        }
        const auto& t = v.task(e.numbers[0]);
        if ((verb == "sleep" || verb == "sleep_until") && t.resuming && result == "ok") slept(e, t, v, report);
    }

    // At level L the key is known; at level P only when the task went on.
    void slept(const event& e, const task_view& t, const view& v, const reporter& report) const {
        const auto r = v.t.resolution;
        const auto asked = number(e.texts[1]);
        const bool absolute = e.texts[0] == "sleep_until";
        const bool past = absolute ? asked <= t.awaited_now : asked == 0;
        const auto key =
            past ? rounded_down(t.awaited_now, r) : rounded_up(absolute ? asked : sum(t.awaited_now, asked), r);
        const auto fired = fired_at_.find(e.numbers[0]);
        const bool known = fired != fired_at_.end();
        // A relative deadline counts from the clock, which is at the sample or later.
        const bool exact = known && (past || absolute);
        const auto at = known ? fired->second : t.now;
        if (exact ? at != key : at < key)
            report(predicate::slept_enough, e.texts[0] + " " + e.texts[1] + " begun at " +
                                                std::to_string(t.awaited_now) + " has the key " + std::to_string(key) +
                                                (exact ? "" : " or later") + ", but is over at " + std::to_string(at));
    }

    void fires(const event& e, const view& v, const reporter& report) {
        const auto key = number(e.texts[0]);
        const std::pair<std::int64_t, std::uint64_t> place{key, e.numbers[0]};
        if (key % v.t.resolution != 0)
            report(predicate::key_rounded,
                   "the key " + e.texts[0] + " is no multiple of " + std::to_string(v.t.resolution));
        if (key > v.sample)
            report(predicate::fire_due, "timer " + std::to_string(e.numbers[0]) + " fires at " +
                                            std::to_string(v.sample) + ", before its key " + e.texts[0]);
        // No timer that starts later can have a lesser key than what was due before: the order is one
        // over the whole trace.
        if (!fired_.insert(e.numbers[0]))
            report(predicate::fire_once, "timer " + std::to_string(e.numbers[0]) + " fires again");
        else if (place < last_fired_)
            report(predicate::fire_order, "timer " + std::to_string(place.second) + " with key " + e.texts[0] +
                                              " fires after timer " + std::to_string(last_fired_.second) +
                                              " with key " + std::to_string(last_fired_.first));
        if (waiting_ && *waiting_ != key)
            report(predicate::wait_ends, "the wait was until " + (*waiting_ < 0 ? "never" : std::to_string(*waiting_)) +
                                             ", but a timer with key " + e.texts[0] + " is the first");
        waiting_.reset();
        last_fired_ = place;
    }

    void becomes_ready(const event& e, const view& v, const reporter& report) {
        const auto id = e.numbers[0];
        const auto* before = v.previous();
        const bool fired = before != nullptr && before->kind == event_kind::fire;
        if (e.texts[0] == "timer") {
            if (!fired)
                return report(predicate::fire_wakes,
                              named(id) + " is made ready by a timer, but none fired right before");
            const auto& t = v.task(id);
            numbered(before->numbers[0], t.awaited_at, report);
            const auto key = number(before->texts[0]);
            if (collected_ && t.awaited_at < collected_->first && key <= collected_->second)
                report(predicate::all_due, "the timer of " + named(id) + " with key " + std::to_string(key) +
                                               " was due in the collect at " + std::to_string(collected_->second) +
                                               " already");
            fired_at_[id] = key;
            wakes(id);
        } else if (e.texts[0] == "cancel") {
            wakes(id);
        }
    }

    void wakes(task_id id) {
        asleep_.erase(id);
        zero_sleepers_.erase(id);
    }

    // Whoever began to sleep later has the higher timer number.
    void numbered(std::uint64_t timer, std::size_t awaited_at, const reporter& report) {
        const auto next = numbers_.upper_bound(timer);
        const bool before_next = next == numbers_.end() || awaited_at < next->second;
        const bool after_previous = next == numbers_.begin() || std::prev(next)->second < awaited_at;
        if (!before_next || !after_previous)
            report(predicate::timer_numbers,
                   "timer " + std::to_string(timer) + " was not started in the order of the numbers");
        numbers_.emplace(timer, awaited_at);
    }

    void waits(const event& e, const view& v, const reporter& report) {
        constexpr std::int64_t never = -1;
        waiting_ = e.texts[0] == "never" ? never : number(e.texts[0]);
        if (*waiting_ == never && !asleep_.empty())
            report(predicate::wait_has_deadline, "the wait has no deadline, but " + named(asleep_.first()) + " sleeps");
        if (*waiting_ > 0 && *waiting_ % v.t.resolution != 0)
            report(predicate::key_rounded,
                   "the wait is until " + e.texts[0] + ", which is no multiple of " + std::to_string(v.t.resolution));
    }

    void collect_ends(const view& v, const reporter& report) {
        if (waiting_ && *waiting_ >= 0 && v.sample >= *waiting_)
            report(predicate::wait_ends,
                   "the wait was until " + std::to_string(*waiting_) + ", which has come, but no timer fired");
        waiting_.reset();
    }

    std::int64_t reading_{0};  // the last one that a task was told
    id_set asleep_{};
    std::map<task_id, std::int64_t> fired_at_{};  // the key of the timer that woke the task last
    id_set zero_sleepers_{};
    std::optional<std::pair<std::size_t, std::int64_t>> collected_{};  // the last collect: index, sample
    std::pair<std::int64_t, std::uint64_t> last_fired_{-1, 0};
    id_set fired_{};
    std::map<std::uint64_t, std::size_t> numbers_{};  // timer, where its task began to sleep
    std::optional<std::int64_t> waiting_{};           // until when; -1: never
};

}  // namespace

std::unique_ptr<family> time_rules() { return std::make_unique<time_family>(); }

}  // namespace galley::spec::checking
