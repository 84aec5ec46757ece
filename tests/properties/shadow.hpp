// SPDX-License-Identifier: BSL-1.0
// What a case must look like from inside, followed along its trace: at which statement each task is, the tree of tasks
// and scopes with its cancellations, and the clock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watched_run.hpp"

namespace galley::spec::properties {

using task_id = std::uint64_t;
using scope_id = std::uint64_t;

/// A node of the scope tree.
struct node_id {
    enum class kind : std::uint8_t { root, task, scope } what{kind::root};
    std::uint64_t number{};
    auto operator<=>(const node_id&) const = default;
};

struct tree_node {
    node_id parent{};
    std::vector<node_id> below{};
    bool shield{};
    bool requested{};
    bool cancelled{};
};

enum class leaving : std::uint8_t { value, exception, cancelled };

/// A routine that is being run.
struct frame {
    std::size_t routine{};
    std::size_t next{};  ///< the statement in hand
    scope_id scope{};    ///< the one that it is the body of, or 0
    leaving how{};       ///< how it was left, if `next` is at its end
};

enum class phase : std::uint8_t { fresh, ready, running, waiting, over };

struct shadow_task {
    std::vector<frame> frames{};
    std::vector<scope_id> scopes{};
    phase state{phase::fresh};
    std::string_view awaits{};  ///< kind of the last await
    std::string_view cause{};   ///< why it was made ready last
    bool interrupted{};         ///< it was told to give up that await
    task_id joins{};
    scope_id child_of{};  ///< the group, all or any that waits for it
};

struct shadow_scope {
    const statement* opener{};
    task_id owner{};
    std::size_t spawned{};  ///< children of all, any, go
    std::size_t left{};
    bool body_over{};
    leaving body{};
    std::optional<leaving> remembered{};  ///< the first failure, or the winner's outcome
    bool child_cancelled{};
    bool judged{};
    std::string_view verdict{};  ///< of a scope that waits for children, once judged: as in the trace's `close`
};

/// A task that a cancellation found waiting: it is to give up its wait, or the driver is to end its operation.
struct interruption {
    task_id task{};
    bool operation{};
};

/// What made the cancellation that is in `told`.
enum class canceller : std::uint8_t { none, statement, handle, timer, child, body, close };

struct arrival {
    task_id task{};
    const statement* what{};
    bool refused{};  ///< the task is cancelled where it stands
};

class shadow {
public:
    explicit shadow(const watched& w);

    void apply(const event& e);

    /// False if the trace leaves the program with this event: its task does something else than the statement in hand.
    [[nodiscard]] bool fits(const event& e) const;
    /// True if it has been left: no state can be told any more.
    [[nodiscard]] bool lost() const noexcept { return lost_; }

    // --- what the last event brought
    [[nodiscard]] const std::optional<arrival>& arrived() const noexcept { return arrived_; }
    [[nodiscard]] const std::vector<interruption>& told() const noexcept { return told_; }
    [[nodiscard]] canceller cancelled_by() const noexcept { return canceller_; }
    /// The rule that asks for that cancellation, if it was not the program that did.
    [[nodiscard]] std::string_view asked_by_rule() const;
    [[nodiscard]] scope_id completed_scope() const noexcept { return completed_scope_; }  ///< whose owner is to go on
    [[nodiscard]] scope_id settled_scope() const noexcept { return settled_scope_; }      ///< that a child settled
    [[nodiscard]] task_id target() const noexcept { return target_; }                     ///< of a `cancel` statement

    // --- tasks
    [[nodiscard]] task_id running() const noexcept { return running_; }
    [[nodiscard]] std::size_t tasks() const noexcept { return tasks_.size(); }
    [[nodiscard]] const shadow_task& task(task_id id) const { return tasks_.at(id - 1); }
    [[nodiscard]] bool knows(task_id id) const noexcept { return id != 0 && id <= tasks_.size(); }
    [[nodiscard]] const statement* current(task_id id) const;
    [[nodiscard]] bool cancelled_here(task_id id) const { return tree_.at(innermost(id)).cancelled; }
    [[nodiscard]] bool behind_shield(task_id id) const;
    [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
    [[nodiscard]] task_id in_slot(std::size_t handle) const noexcept { return handles_.at(handle); }

    // --- scopes
    [[nodiscard]] const shadow_scope* scope(scope_id id) const;
    [[nodiscard]] const tree_node& node(node_id id) const { return tree_.at(id); }
    /// True if the cancellation comes from outside as well.
    [[nodiscard]] bool outer_cancelled(scope_id id) const;

    // --- time
    [[nodiscard]] std::int64_t sample() const noexcept { return sample_; }
    [[nodiscard]] std::int64_t driver_clock() const noexcept { return driver_clock_; }
    /// What a reading of the clock gives now (TIME-1).
    [[nodiscard]] std::int64_t reading() const noexcept { return std::max(latest_, driver_clock_); }

    [[nodiscard]] std::size_t timers() const noexcept;      ///< that are started
    [[nodiscard]] std::size_t operations() const noexcept;  ///< in flight
    [[nodiscard]] bool anything_ready() const noexcept;

    // --- runs
    [[nodiscard]] int exits() const noexcept { return exits_; }
    /// True after the last exit: what follows is the destruction.
    [[nodiscard]] bool closing() const noexcept { return exits_ == runs_; }

private:
    [[nodiscard]] shadow_task& at(task_id id) { return tasks_.at(id - 1); }
    [[nodiscard]] node_id innermost(task_id id) const;
    void spawned(const event& e);
    void did(const event& e);
    void opened(const event& e);
    void closed(const event& e);
    void ended(const event& e);
    void awaits(const event& e);
    void fired(std::uint64_t timer);
    void leave_routine(task_id id, leaving how);
    void arrive(task_id id);
    void body_over(scope_id id);
    void judge_children(shadow_scope& s, scope_id id);
    void look_at_clock();
    void hang(node_id child, node_id parent, bool shield);
    void unhang(node_id id);
    void request(node_id id, canceller by);
    void interrupt(task_id id);

    const watched& case_;
    int runs_;
    std::size_t index_{};
    std::size_t call_{};
    bool lost_{};
    std::optional<arrival> arrived_{};
    std::vector<interruption> told_{};
    canceller canceller_{};
    scope_id completed_scope_{};
    scope_id settled_scope_{};
    task_id target_{};

    std::vector<shadow_task> tasks_{};
    std::map<scope_id, shadow_scope> scopes_{};
    std::map<node_id, tree_node> tree_{};
    std::array<task_id, 16> handles_{};
    std::array<scope_id, 8> group_slots_{};
    std::array<scope_id, 8> scope_slots_{};
    std::map<std::uint64_t, scope_id> timeouts_{};  // timer -> its scope
    std::uint64_t timers_{};
    task_id running_{};
    std::size_t pending_{};
    int exits_{};
    std::int64_t sample_{};
    std::int64_t latest_{};
    std::int64_t driver_clock_{};
};

[[nodiscard]] bool is_awaiting(verb v) noexcept;
[[nodiscard]] bool is_join(verb v) noexcept;
[[nodiscard]] bool is_timeout(verb v) noexcept;
/// The kind that an await of that verb has in a trace.
[[nodiscard]] std::string_view kind_of(verb v) noexcept;
[[nodiscard]] bool is_operation(verb v) noexcept;
[[nodiscard]] bool is_operation(std::string_view kind) noexcept;
[[nodiscard]] bool is_synchronisation(std::string_view kind) noexcept;
[[nodiscard]] std::int64_t decimal(std::string_view text) noexcept;
[[nodiscard]] std::int64_t sum(std::int64_t a, std::int64_t b) noexcept;

}  // namespace galley::spec::properties
