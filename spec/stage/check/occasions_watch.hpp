// SPDX-License-Identifier: BSL-1.0
// What those who look for occasions have in common. Internal to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "spec/stage/check/check_view.hpp"
#include "spec/stage/check/occasions.hpp"

namespace galley::spec::checking {

inline constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

[[nodiscard]] constexpr std::int64_t later(std::int64_t t, std::int64_t by) noexcept {
    return by > end_of_time - t ? end_of_time : t + by;
}

/// The event in hand: the checker's view of what was before it, and what that view leaves out.
class moment {
public:
    moment(const scenario& of, const trace& t) : s{of}, v{t} {}

    const scenario& s;
    view v;
    std::int64_t clock{};  // as a step would read it
    std::size_t began{};   // where the statement in hand may have begun: the last event that was not part of one
    std::vector<std::size_t> ready_at{};  // by task

    /// A task other than `id` that waits for the same: the same end of the same queue, say.
    [[nodiscard]] bool others_wait_as(task_id id) const;
    /// The task that this `did` of `cancel` or `lose` was asked to cancel, if that had not ended; else 0.
    [[nodiscard]] task_id cancelled_by(const event& e) const;
    /// True if the task was in the ready queue before the statement in hand began.
    [[nodiscard]] bool was_ready(task_id id) const;

    void apply(const event& e);
};

/// Looks for the occasions of some families of rules: sees each event with the state before it.
class watcher {
public:
    explicit watcher(occasion_set& found) noexcept : found_{found} {}
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    virtual ~watcher() = default;
    virtual void on(const event& e, const moment& m) = 0;

protected:
    void mark(occasion o, bool occurred = true) noexcept {
        if (occurred) found_.set(static_cast<std::size_t>(o));
    }

private:
    occasion_set& found_;
};

[[nodiscard]] std::unique_ptr<watcher> watch_loop(occasion_set& found);
[[nodiscard]] std::unique_ptr<watcher> watch_world(occasion_set& found);
[[nodiscard]] std::unique_ptr<watcher> watch_tasks(occasion_set& found);

}  // namespace galley::spec::checking
