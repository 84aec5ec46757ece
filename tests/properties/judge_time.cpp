// SPDX-License-Identifier: BSL-1.0
// The key of each timer and when it fires, predicted from the program: TIME-1 to TIME-3, TIME-6, TIME-7, TIME-9.
#include <limits>
#include <map>
#include <optional>
#include <string>

#include <spec/stage/form/vocabulary.hpp>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

struct started_timer {
    std::int64_t deadline{};
    std::int64_t key{};
    std::int64_t key_from_sample{};  // if a relative deadline were counted from the sample
    bool at_the_end{};               // of time: its deadline or its key was saturated
    bool was_due{};                  // when it was started
    task_id sleeper{};
    scope_id timeout{};
};

class time_judge final : public judge {
public:
    using judge::judge;

    void before(const event& e, const shadow& s) override {
        switch (e.kind) {
            case event_kind::fire: fires(e); break;
            case event_kind::round: collected(s); break;
            default: break;
        }
    }

    void after(const event& e, const shadow& s) override {
        const auto id = e.numbers[0];
        switch (e.kind) {
            case event_kind::await:
                if (e.texts[0] == "sleep" && s.current(id) != nullptr) start(*s.current(id), id, 0, s);
                break;
            case event_kind::scope: {
                const auto* scope = s.scope(e.numbers[1]);
                if (e.texts[0] == "open" && scope != nullptr && is_timeout(scope->opener->what))
                    start(*scope->opener, 0, e.numbers[1], s);
                else if (e.texts[0] == "close")
                    std::erase_if(timers_, [&](const auto& t) { return t.second.timeout == e.numbers[1]; });
                break;
            }
            case event_kind::sample:
                if (s.sample() != s.reading())
                    object("TIME-1", "the sample is " + std::to_string(s.sample()) + ", but the clock reads " +
                                         std::to_string(s.reading()));
                break;
            case event_kind::ready:
                if (e.texts[0] == "cancel")
                    std::erase_if(timers_, [&](const auto& t) { return t.second.sleeper == id; });
                break;
            default: break;
        }
    }

private:
    static constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] std::int64_t down(std::int64_t t) const { return t - t % case_.program.resolution; }
    [[nodiscard]] std::int64_t key_of(std::int64_t deadline, std::int64_t sample) const {
        if (deadline <= sample) return down(sample);
        return down(sum(deadline, case_.program.resolution - 1));
    }

    void start(const statement& what, task_id sleeper, scope_id timeout, const shadow& s) {
        const bool relative = what.what != verb::sleep_until && what.what != verb::timeout_at;
        const auto n = what.operands[0];
        const auto deadline = !relative ? n : n == 0 ? 0 : sum(s.reading(), n);
        started_timer t{.deadline = deadline, .sleeper = sleeper, .timeout = timeout};
        t.key = key_of(deadline, s.sample());
        t.key_from_sample = relative && n > 0 ? key_of(sum(s.sample(), n), s.sample()) : t.key;
        t.at_the_end = deadline > s.sample() && (deadline == last || deadline > last - (case_.program.resolution - 1));
        t.was_due = t.key <= s.sample();
        timers_.emplace(++numbers_, t);
    }

    void fires(const event& e) {
        const auto found = timers_.find(e.numbers[0]);
        if (found == timers_.end())
            return object("TIME-3", "timer " + std::to_string(e.numbers[0]) + " fires, but it was cancelled");
        const auto& t = found->second;
        const auto key = decimal(e.texts[0]);
        if (key != t.key)
            object(rule_of(t, key), "timer " + std::to_string(e.numbers[0]) + " has the key " + e.texts[0] +
                                        ", but its deadline gives " + std::to_string(t.key));
        timers_.erase(found);
    }

    // A deadline that is rounded down may look as if it were counted from the sample.
    [[nodiscard]] std::string_view rule_of(const started_timer& t, std::int64_t key) const {
        if (key == down(t.deadline)) return "TIME-2";
        if (key == t.key_from_sample) return "TIME-9";
        return t.at_the_end ? "TIME-7" : "TIME-2";
    }

    void collected(const shadow& s) {
        for (const auto& [number, t] : timers_)
            if (t.key <= s.sample())
                return object(t.was_due ? "TIME-6" : "TIME-3", "timer " + std::to_string(number) + " with key " +
                                                                   std::to_string(t.key) + " is due at the sample " +
                                                                   std::to_string(s.sample()) + ", but did not fire");
    }

    std::map<std::uint64_t, started_timer> timers_{};
    std::uint64_t numbers_{};
};

}  // namespace

judge_pointer judge_of_time(const watched& w, std::vector<finding>& found) {
    return std::make_unique<time_judge>(w, found);
}

}  // namespace galley::spec::properties
