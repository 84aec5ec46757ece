// SPDX-License-Identifier: BSL-1.0
// What the families of rules know in common: the state that the events so far tell of. Internal to the checker.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/stage/check/check.hpp"
#include "spec/stage/check/check_predicates.hpp"

namespace galley::spec::checking {

using task_id = std::uint64_t;

/// `ready` is known of level L only; on level P a task is `waiting` until its next step.
enum class status : std::uint8_t { fresh, ready, running, waiting, ended, destroyed };

struct scope_frame {
    std::uint64_t id{};
    bool cancelled{};  // an await ended cancelled right in this scope
};

/// One task.
struct task_view {
    task_id by{};
    std::uint64_t scope{};
    std::uint64_t spawn_round{};
    status state{status::fresh};
    bool started{};
    bool cancelled{};  // as in scope_frame, outside of all scopes
    bool resuming{};   // its step began with an outcome that no statement has told yet
    text cause{};
    text with{};
    text kind{};  // of the last await
    text arg{};
    task_id joins{};  // what the slot held when it last awaited a join
    std::size_t awaited_at{};
    std::int64_t awaited_now{};
    std::int64_t now{};
    std::int64_t satisfied{};  // awaits satisfied in this step
    text left_by{};            // verb and result of the last statement, if it left its routine
    text left_with{};
    std::uint64_t last_closed{};  // the scope that it closed last
    std::vector<scope_frame> scopes{};
    text outcome{};
    text value{};
    std::size_t ended_at{};

    [[nodiscard]] bool over() const noexcept { return state == status::ended || state == status::destroyed; }
    [[nodiscard]] std::uint64_t innermost() const noexcept { return scopes.empty() ? 0 : scopes.back().id; }
};

struct view {
    explicit view(const trace& of) : t{of} { tasks.reserve(usual_tasks); }

    static constexpr std::size_t usual_tasks = 16;  // more grow; fewer allocations is all that it is for

    const trace& t;
    bool world_is_shown{true};
    std::size_t index{};  // of the event in hand
    std::vector<task_view> tasks{};
    task_id running{};
    bool in_run{};
    bool has_run{};
    bool destroying{};
    std::uint64_t scopes_opened{};
    std::uint64_t round{};
    std::int64_t sample{};
    text box{};
    task_id last_ended{};             // in this step
    std::array<task_id, 16> slots{};  // of handles; 0: empty

    [[nodiscard]] task_view& task(task_id id) { return tasks[id - 1]; }
    [[nodiscard]] const task_view& task(task_id id) const { return tasks[id - 1]; }
    [[nodiscard]] bool knows(task_id id) const noexcept { return id >= 1 && id <= tasks.size(); }
    /// The event before the one in hand, or null.
    [[nodiscard]] const event* previous() const noexcept { return index == 0 ? nullptr : &t.events[index - 1]; }

    /// The task that a `did` of a join, cancel, drop or lose speaks of; 0 if the slot is empty.
    [[nodiscard]] task_id target(const event& did) const noexcept;

    /// Takes the event in, after every family has judged it and found nothing.
    void apply(const event& e);

private:
    void apply_did(const event& e);
    void apply_slots(const event& e);
    [[nodiscard]] task_id in_slot(std::string_view arg) const noexcept;
};

/// Collects the violations of the event in hand.
class reporter {
public:
    reporter(std::vector<violation>& out, const view& v) : out_{out}, view_{v} {}
    void operator()(predicate p, std::string what) const;

private:
    std::vector<violation>& out_;
    const view& view_;
};

/// A family of rules: judges each event against the state before it, and the end of the trace.
class family {
public:
    virtual ~family() = default;
    virtual void on(const event& e, const view& v, const reporter& report) = 0;
    virtual void finish(const view&, const reporter&) {}
};

[[nodiscard]] std::unique_ptr<family> form_rules();
[[nodiscard]] std::unique_ptr<family> ready_rules();
[[nodiscard]] std::unique_ptr<family> await_rules();
[[nodiscard]] std::unique_ptr<family> time_rules();
[[nodiscard]] std::unique_ptr<family> io_rules();
[[nodiscard]] std::unique_ptr<family> task_rules();
[[nodiscard]] std::unique_ptr<family> sync_rules();
[[nodiscard]] std::unique_ptr<family> scope_rules();
[[nodiscard]] std::unique_ptr<family> reach_rules();
[[nodiscard]] std::unique_ptr<family> life_rules();

// What kinds of await there are, and small readers of texts.
[[nodiscard]] bool is_operation(const text& kind) noexcept;
[[nodiscard]] bool is_synchronisation(const text& kind) noexcept;
[[nodiscard]] bool is_for_children(const text& kind) noexcept;
[[nodiscard]] bool is_join(const text& verb) noexcept;
/// The verbs that cancel the task of a handle.
[[nodiscard]] bool cancels_task(const text& verb) noexcept;
[[nodiscard]] bool is_timeout(const text& verb) noexcept;
/// The kind that an await of that verb has in a trace.
[[nodiscard]] const text& kind_of(const text& verb) noexcept;
/// The verbs whose outcome counts against the budget when it is there at once.
[[nodiscard]] bool is_awaiting(const text& verb) noexcept;
[[nodiscard]] bool is_decimal(std::string_view text) noexcept;
/// `text` as a number; saturates at 2^63-1, and is 0 if it is none.
[[nodiscard]] std::int64_t number(std::string_view text) noexcept;
/// The n-th of the comma-joined operands, empty if there are fewer.
[[nodiscard]] std::string_view operand(std::string_view arg, std::size_t n) noexcept;

/// A task in a message: spelled out only where a message is made, for nearly every event has none.
class task_name {
public:
    explicit task_name(task_id id) noexcept : id_{id} {}
    operator std::string() const;  // NOLINT(google-explicit-constructor): it is a string
    friend std::string operator+(const task_name& a, std::string_view b) { return std::string{a}.append(b); }
    friend std::string operator+(std::string a, const task_name& b) { return std::move(a.append(std::string{b})); }

private:
    task_id id_;
};
[[nodiscard]] inline task_name named(task_id id) noexcept { return task_name{id}; }

}  // namespace galley::spec::checking
