// SPDX-License-Identifier: BSL-1.0
// Channels as README.md of scenarios says, and what completes when: READY-1, IO-1, IO-3, IO-4, IO-5, IO-6.
#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include <spec/stage/form/vocabulary.hpp>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

constexpr std::int64_t sum_limit = std::int64_t{1} << 62;

struct channel_state {
    std::int64_t arrived{};
    std::int64_t room{};
    std::int64_t peers{};
    bool ended{};
    bool closed{};
    std::int64_t failure{};
};

struct in_flight {
    std::uint64_t number{};
    task_id task{};
    const statement* what{};
};

struct expected_completion {
    std::uint64_t number{};
    std::int64_t time{};
    bool writes{};
    std::string result{};
    std::string_view rule{};  ///< that asks for it
    [[nodiscard]] auto place() const { return std::tuple{time, writes, number}; }
};

bool writes(verb v) { return v == verb::write || v == verb::writable || v == verb::connect; }

class operation_judge final : public judge {
public:
    operation_judge(const watched& w, std::vector<finding>& found) : judge{w, found} {
        for (const auto room : w.program.channels) channels_.push_back({.room = room});
    }

    void before(const event& e, const shadow& s) override {
        for (; call_ < case_.calls.size() && case_.calls[call_].events <= index(); ++call_) {
            const auto what = case_.calls[call_].what;
            reporting_ = reporting_ || what == driver_call::kind::ask || what == driver_call::kind::wait;
        }
        if (e.kind == event_kind::complete) return completes(e);
        if (e.kind == event_kind::round || e.kind == event_kind::fire) look_is_over();
        if (e.kind == event_kind::did && s.knows(e.numbers[0]) && e.numbers[0] == waiting_.task && waiting_.what)
            did(e);
    }

    void after(const event& e, const shadow& s) override {
        if (e.kind == event_kind::world) world(case_.program.world[e.numbers[0]]);
        if (e.kind == event_kind::await) awaits(e);
        for (const auto& told : s.told())
            if (told.operation) cancel(told.task, s);
        if (s.arrived()) arrives(*s.arrived(), s);
    }

private:
    channel_state& channel_of(const statement& s) { return channels_[static_cast<std::size_t>(s.operands[0])]; }

    // The result of an attempt, or nothing.
    static std::optional<std::string> attempt(channel_state& c, const statement& s) {
        if (c.closed) return "errno:9";
        if (c.failure != 0) return "errno:" + std::to_string(c.failure);
        switch (s.what) {
            case verb::read:
                if (c.arrived > 0) return taken(c.arrived, s.operands[1]);
                return c.ended ? std::optional<std::string>{"0"} : std::nullopt;
            case verb::write: return c.room > 0 ? std::optional{taken(c.room, s.operands[1])} : std::nullopt;
            case verb::readable: return c.arrived > 0 || c.ended ? std::optional<std::string>{"ok"} : std::nullopt;
            case verb::writable: return c.room > 0 ? std::optional<std::string>{"ok"} : std::nullopt;
            default: break;
        }
        if (c.peers == 0) return std::nullopt;
        --c.peers;
        return "ok";
    }
    static std::string taken(std::int64_t& from, std::int64_t most) {
        const auto n = std::min(from, most);
        from -= n;
        return std::to_string(n);
    }

    void arrives(const arrival& a, const shadow& s) {
        waiting_ = {};
        const auto& what = *a.what;
        if (what.what == verb::close) {
            close(what, s);
        } else if (is_operation(what.what)) {
            waiting_ = {.number = a.refused ? 0 : ++started_, .task = a.task, .what = &what};
            told_ = a.refused ? std::optional<std::string>{"cancelled"} : attempt(channel_of(what), what);
        }
    }

    void close(const statement& what, const shadow& s) {
        auto& c = channel_of(what);
        if (c.closed) return;
        c.closed = true;
        std::erase_if(in_flight_, [&](const in_flight& op) {
            if (&channel_of(*op.what) != &c) return false;
            expected_.push_back({op.number, s.driver_clock(), writes(op.what->what), "errno:125", "IO-6"});
            return true;
        });
    }

    void cancel(task_id id, const shadow& s) {
        std::erase_if(in_flight_, [&](const in_flight& op) {
            if (op.task != id) return false;
            expected_.push_back({op.number, s.driver_clock(), writes(op.what->what), "cancelled", "IO-3"});
            return true;
        });
    }

    void awaits(const event& e) {
        if (!waiting_.what || e.numbers[0] != waiting_.task) return;
        if (e.texts[0] == "budget") return;  // its outcome is fixed; `did` comes later
        if (told_ == "cancelled") return;    // CANCEL-3 objects
        if (told_) return object("IO-1", e.texts[0] + " suspends, but it was complete as it was started: " + *told_);
        in_flight_.push_back(waiting_);
        waiting_ = {};
    }

    // Satisfied at once.
    void did(const event& e) {
        const auto& result = e.texts[2];
        const bool cancelled = result == "cancelled" || told_ == "cancelled";  // CANCEL-3 and CANCEL-7 object
        if (!told_ && !cancelled)
            object("IO-1", e.texts[0] + " is over at once with " + result + ", but nothing was there");
        else if (!cancelled && *told_ != result)
            object(*told_ == "errno:9" ? "IO-6" : "IO-5",
                   e.texts[0] + " gives " + result + ", but the channel had " + *told_);
        waiting_ = {};
    }

    void world(const world_entry& entry) {
        if (entry.what < world_verb::data) return;
        auto& c = channels_[static_cast<std::size_t>(entry.operands[0])];
        if (c.closed) return;
        switch (entry.what) {
            case world_verb::data: c.arrived = std::min(c.arrived + entry.operands[1], sum_limit); break;
            case world_verb::end: c.ended = true; break;
            case world_verb::break_: c.failure = entry.operands[1]; break;
            case world_verb::room: c.room = std::min(c.room + entry.operands[1], sum_limit); break;
            case world_verb::peer: c.peers = std::min(c.peers + 1, sum_limit); break;
            default: break;
        }
        for (const bool writing : {false, true})
            std::erase_if(in_flight_, [&](const in_flight& op) {
                if (&channel_of(*op.what) != &c || writes(op.what->what) != writing) return false;
                const auto result = attempt(c, *op.what);
                if (result) expected_.push_back({op.number, entry.at, writing, *result, "IO-5"});
                return result.has_value();
            });
    }

    void completes(const event& e) {
        std::ranges::sort(expected_, {}, &expected_completion::place);
        const auto found = std::ranges::find(expected_, e.numbers[0], &expected_completion::number);
        const auto who = "operation " + std::to_string(e.numbers[0]);
        if (found == expected_.end()) return object("IO-1", who + " completes, but nothing has completed it");
        if (e.texts[0] != found->result)
            object(found->rule, who + " completes with " + e.texts[0] + ", expected " + found->result);
        const auto& first = expected_.front();
        if (found != expected_.begin()) {
            const bool pair = first.time == found->time && first.writes != found->writes;
            object(!is_reported_later(first.number) ? missing(first)
                   : pair                           ? "IO-4"
                                                    : "READY-1",
                   who + " is reported before operation " + std::to_string(first.number));
        }
        expected_.erase(found);
    }

    static std::string_view missing(const expected_completion& c) { return c.rule == "IO-5" ? "IO-1" : c.rule; }

    /// In the same collect, which has nothing but completions and what they make ready.
    [[nodiscard]] bool is_reported_later(std::uint64_t number) const {
        const auto& events = case_.seen.events;
        for (std::size_t i = index(); i < events.size(); ++i) {
            if (events[i].kind == event_kind::complete && events[i].numbers[0] == number) return true;
            if (events[i].kind != event_kind::complete && events[i].kind != event_kind::ready) return false;
        }
        return false;
    }

    // All that had completed when the driver was looked at has been reported now.
    void look_is_over() {
        if (!std::exchange(reporting_, false)) return;
        if (!expected_.empty())
            object(missing(expected_.front()), "operation " + std::to_string(expected_.front().number) +
                                                   " has completed with " + expected_.front().result +
                                                   ", but is not reported");
    }

    std::vector<channel_state> channels_{};
    std::vector<in_flight> in_flight_{};
    std::vector<expected_completion> expected_{};
    in_flight waiting_{};                // started in this step, its outcome not yet seen
    std::optional<std::string> told_{};  // what it must be, if it is there at once
    std::uint64_t started_{};
    std::size_t call_{};
    bool reporting_{};
};

}  // namespace

judge_pointer judge_of_operations(const watched& w, std::vector<finding>& found) {
    return std::make_unique<operation_judge>(w, found);
}

}  // namespace galley::spec::properties
