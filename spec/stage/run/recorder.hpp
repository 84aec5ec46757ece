// SPDX-License-Identifier: BSL-1.0
// Writes down what an observed loop does, as a trace.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/numbering.hpp>
#include <spec/stage/trace/trace.hpp>

#include <galley/contract/loop.hpp>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace galley::spec {

/// The observer of scenario runs. What only the interpreter knows (statements, posts, values) it tells through the
/// first group of members.
class recorder final : public observer {
public:
    explicit recorder(trace& t) : trace_{t} { told_.reserve(usual_tasks); }
    /// Whose pending tasks `exit` shows. Before the first run.
    void watch(const loop& l) noexcept { loop_ = &l; }

    /// The statement that a task is at, for the `arg` of its awaits. It outlives the recorder.
    void at_statement(task_id task, const statement& s) { told(task).at = &s; }
    /// What the task's end will show as its value.
    void will_end_with(task_id task, std::int64_t value) { told(task).value = value; }
    void did(task_id task, const statement& s, text result);
    void world(std::size_t entry) { add(event_kind::world, {entry}); }
    void callback(std::uint64_t post) { add(event_kind::callback, {post}); }
    void refused(std::uint64_t post) { add(event_kind::refused, {post}); }

    void run_called() noexcept override { add(event_kind::run); }
    void run_returned(verdict v) noexcept override;
    void spawned(task_id task, task_id by, scope_id scope) noexcept override;
    void stepping(task_id task, instant sample, delivery with) noexcept override;
    void awaiting(task_id task, const char* kind) noexcept override;
    void scope_opened(task_id task, scope_id id, bool shield) noexcept override;
    void scope_closed(task_id task, scope_id id, scope_outcome how) noexcept override;
    void ended(task_id task, outcome how) noexcept override;
    void unobserved(task_id task) noexcept override { add(event_kind::unobserved, {task}); }
    void destroyed(task_id task) noexcept override { add(event_kind::destroyed, {task}); }

    void entered(box b) noexcept override;
    void waiting(std::optional<instant> until) noexcept override;
    void sampled(instant now) noexcept override;
    void timer_started(const timer& t) noexcept override { timers_.started(&t); }
    void fired(const timer& t) noexcept override;
    void operation_started(const operation& op) noexcept override { operations_.started(&op); }
    void completed(const operation& op) noexcept override;
    void made_ready(task_id task, cause why) noexcept override;
    void round_began(std::uint64_t n, std::size_t count) noexcept override;

private:
    static constexpr std::size_t usual_tasks = 16;  // more grow; fewer allocations is all that it is for
    struct told_of_task {
        const statement* at{};
        std::int64_t value{};
    };

    template <class... Texts>
    void add(event_kind kind, std::array<std::uint64_t, 3> numbers = {}, Texts&&... texts) {
        event& e = trace_.events.emplace_back(kind, numbers);
        std::size_t i = 0;
        ((e.texts[i++] = std::forward<Texts>(texts)), ...);
    }
    told_of_task& told(task_id task) {
        if (task >= told_.size()) told_.resize(task + 1);
        return told_[task];
    }

    trace& trace_;
    const loop* loop_{};
    std::vector<told_of_task> told_{};  ///< by task id
    numbering timers_{};
    numbering operations_{};
};

/// How results of operations are written: a byte count or "ok", "errno:N", "cancelled".
[[nodiscard]] text to_text(io kind, const io_result& result);

}  // namespace galley::spec
