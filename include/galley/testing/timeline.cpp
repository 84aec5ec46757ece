// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/timeline.hpp>

#include <galley/testing/exploring_loop.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace galley::testing {

std::string time_text(instant t) {
    struct unit {
        std::int64_t size;
        const char* name;
        bool in_parts;  ///< written with decimals, if it is no whole number of them
    };
    static constexpr std::array<unit, 5> units{{{3'600'000'000'000, " h", false},
                                                {60'000'000'000, " min", false},
                                                {1'000'000'000, " s", true},
                                                {1'000'000, " ms", true},
                                                {1'000, " us", true}}};
    const std::int64_t ns = nanoseconds(t);
    if (ns == 0) return "0";
    for (const auto& [size, name, in_parts] : units) {
        const std::int64_t rest = ns % size;
        if (ns < size || (rest != 0 && !in_parts)) continue;
        std::string text = std::to_string(ns / size);
        if (rest != 0) {
            text += '.' + std::to_string(size + rest).substr(1);
            text.erase(text.find_last_not_of('0') + 1);
        }
        return text + name;
    }
    return std::to_string(ns) + " ns";
}

void timeline::watch(loop& l) {
    loop_ = &l;
    l.observe(this);
}

void timeline::watch(exploring_loop& l) {
    asks_ = &l;
    watch(static_cast<loop&>(l));
}

std::string timeline::who(task_id id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? std::to_string(id) : found->second;
}

/// Who was there first.
std::string timeline::ahead_of(std::size_t passed_over) const {
    std::string text;
    for (std::size_t i = 0; i < passed_over; ++i) {
        const context* const task = asks_->alternative(i);
        text += (i == 0 ? "" : ", ") + (task == nullptr ? "a callback" : who(task->id()));
    }
    return text;
}

void timeline::remark(const std::string& text) { next_remark_ += (next_remark_.empty() ? "" : "; ") + text; }

std::size_t timeline::choose(point what, std::size_t of) {
    const std::size_t choice = decides_->choose(what, of);
    if (choice == 0) return choice;
    switch (what) {
        case point::turn: remark("before " + ahead_of(choice)); break;
        case point::timer: remark("of " + std::to_string(of) + " timers that are due together, not the first"); break;
        case point::completion: remark("of " + std::to_string(of) + " operations that are done, not the first"); break;
        case point::post: remark(std::to_string(choice) + " of a thread's posts still on their way"); break;
        case point::wait: remark("a post still on its way while the loop waits"); break;
        case point::oversleep: remark("the loop wakes late"); break;
        case point::round: remark("the round ends elsewhere"); break;
        case point::body: chose(choice, of); break;
    }
    return choice;
}

/// In a step, it belongs there; in the world outside, to what comes next.
void timeline::chose(std::size_t choice, std::size_t of) {
    const std::string text = "chooses " + std::to_string(choice) + " of " + std::to_string(of);
    if (running_ != 0) {
        add(running_, text);
    } else {
        remark("the world " + text);
    }
}

void timeline::spawned(task_id id, task_id by, scope_id) noexcept {
    const auto tasks = loop_->tasks().pending_tasks();
    const auto task = std::ranges::find(tasks, id, &context::id);
    const char* const name = task == tasks.end() ? nullptr : (*task)->name();
    names_[id] = std::to_string(id) + (name == nullptr ? "" : std::string{" "} + name);
    if (by != 0 && by == running_) add(by, "starts " + who(id));
}

void timeline::stepping(task_id id, instant, delivery with) noexcept {
    running_ = id;
    begin_line(who(id));
    const std::string after = awaits_[id].empty() ? "" : " after " + awaits_[id];
    switch (with) {
        case delivery::start: add(id, "begins"); break;
        case delivery::value: add(id, "goes on" + after); break;
        case delivery::error: add(id, "goes on with an error" + after); break;
        case delivery::cancelled: add(id, "goes on cancelled" + after); break;
    }
}

void timeline::awaiting(task_id id, const char* kind) noexcept {
    awaits_[id] = kind;
    add(id, "awaits " + awaits_[id]);
    running_ = 0;
}

void timeline::ended(task_id id, outcome how) noexcept {
    const bool failed = how == outcome::exception;
    add(id, failed ? "fails" : how == outcome::cancelled ? "ends cancelled" : "ends");
    running_ = 0;
}

void timeline::called_back() noexcept {
    running_ = 0;
    begin_line("-");
    lines_.back().what = "a callback";
}

void timeline::begin_line(const std::string& who) {
    lines_.push_back({loop_->sample(), who, {}, std::exchange(next_remark_, {})});
}

void timeline::add(task_id id, const std::string& what) {
    if (lines_.empty() || lines_.back().who != who(id)) return;  // not of the step that runs
    std::string& text = lines_.back().what;
    text += (text.empty() ? "" : ", ") + what;
}

std::string timeline::text() const {
    std::size_t time_width = 4;
    std::size_t who_width = 4;
    std::size_t what_width = 0;
    for (const line& l : lines_) {
        time_width = std::max(time_width, time_text(l.time).size());
        who_width = std::max(who_width, l.who.size());
        if (!l.remark.empty()) what_width = std::max(what_width, l.what.size());
    }
    std::string text = "  " + std::string(time_width - 4, ' ') + "time  task" + '\n';
    for (const line& l : lines_) {
        const std::string time = time_text(l.time);
        text += "  " + std::string(time_width - time.size(), ' ') + time + "  " + l.who;
        text += std::string(who_width - l.who.size(), ' ') + "  " + l.what;
        if (!l.remark.empty()) {
            text += std::string(what_width - std::min(what_width, l.what.size()), ' ') + "  <- " + l.remark;
        }
        text += '\n';
    }
    return text;
}

}  // namespace galley::testing
