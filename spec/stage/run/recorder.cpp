// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/run/recorder.hpp>

#include <array>
#include <utility>

namespace galley::spec {

namespace {

template <std::size_t N, class Enum>
const text& name(const std::array<text, N>& names, Enum value) {
    return names[static_cast<std::size_t>(value)];
}

constexpr std::array<text, 3> verdicts{"completed", "stopped", "deadlocked"};
constexpr std::array<text, 4> outcomes{"none", "value", "exception", "cancelled"};
constexpr std::array<text, 7> boxes{"start", "pending", "pick", "run", "save", "check", "continue"};
constexpr std::array<text, 10> causes{"spawn", "yield",    "budget",   "timer",  "complete",
                                      "join",  "children", "handover", "cancel", "post"};
constexpr std::array<text, 4> deliveries{"start", "value", "error", "cancelled"};
constexpr std::array<text, 4> scope_outcomes{"value", "exception", "absorbed", "cancelled"};
constexpr std::array<text, verb_count> verb_names = [] {
    std::array<text, verb_count> names;
    for (std::size_t i = 0; i < verb_count; ++i) names[i] = verbs[i].name;
    return names;
}();

text decimal(instant t) { return text::decimal(nanoseconds(t)); }

}  // namespace

text to_text(io kind, const io_result& result) {
    if (result.how == io_result::status::cancelled) {
        return "cancelled";
    }
    if (result.error != 0) {
        return "errno:" + std::to_string(result.error);
    }
    return kind == io::read || kind == io::write ? text::decimal(result.count) : "ok";
}

void recorder::did(task_id task, const statement& s, text result) {
    add(event_kind::did, {task}, name(verb_names, s.what), operands_text(s), std::move(result));
}

void recorder::run_returned(verdict v) noexcept {
    add(event_kind::exit, {}, name(verdicts, v));
    const std::vector<const context*> tasks = loop_->tasks().pending_tasks();
    std::vector<pending_task>& pending = trace_.events.back().pending;
    pending.reserve(tasks.size());
    for (const context* const task : tasks) {
        pending.push_back({task->id(), task->awaiting()});
    }
}

void recorder::spawned(task_id task, task_id by, scope_id scope) noexcept { add(event_kind::spawn, {task, by, scope}); }
void recorder::stepping(task_id task, instant sample, delivery with) noexcept {
    add(event_kind::step, {task}, decimal(sample), name(deliveries, with));
}
void recorder::awaiting(task_id task, const char* kind) noexcept {
    const statement* const at = told(task).at;
    add(event_kind::await, {task}, text{kind}, at == nullptr ? text{} : text{operands_text(*at)});
}
void recorder::scope_opened(task_id task, scope_id id, bool shield) noexcept {
    add(event_kind::scope, {task, id}, text{shield ? "shield" : "open"});
}
void recorder::scope_closed(task_id task, scope_id id, scope_outcome how) noexcept {
    add(event_kind::scope, {task, id}, text{"close"}, name(scope_outcomes, how));
}
void recorder::ended(task_id task, outcome how) noexcept {
    add(event_kind::end, {task}, name(outcomes, how),
        how == outcome::cancelled ? text{} : text::decimal(told(task).value));
}

void recorder::entered(box b) noexcept { add(event_kind::box, {}, name(boxes, b)); }
void recorder::waiting(std::optional<instant> until) noexcept {
    add(event_kind::wait, {}, until ? decimal(*until) : text{"never"});
}
void recorder::sampled(instant now) noexcept { add(event_kind::sample, {}, decimal(now)); }
void recorder::fired(const timer& t) noexcept { add(event_kind::fire, {timers_[&t]}, decimal(t.key())); }
void recorder::completed(const operation& op) noexcept {
    add(event_kind::complete, {operations_[&op]}, to_text(op.kind, op.result));
}
void recorder::made_ready(task_id task, cause why) noexcept { add(event_kind::ready, {task}, name(causes, why)); }
void recorder::round_began(std::uint64_t n, std::size_t count) noexcept { add(event_kind::round, {n, count}); }

}  // namespace galley::spec
