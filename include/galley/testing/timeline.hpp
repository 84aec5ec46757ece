// SPDX-License-Identifier: BSL-1.0
// A run as people read it: which task did what, when, and where the order was another than the usual one.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/contract/observer.hpp>
#include <galley/contract/time.hpp>
#include <galley/testing/chooser.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace galley::testing {

class exploring_loop;

/// "8 h", "1.5 ms": in the largest unit in which it is at least 1 (hours and minutes only if it is whole ones).
[[nodiscard]] std::string time_text(instant t);

/// Watches a loop, and passes the decisions of a chooser on, from which it learns what was unusual. Loop thread only.
class timeline final : public observer, public chooser {
public:
    /// For a loop that makes no decisions.
    timeline() noexcept = default;
    explicit timeline(chooser& decides) noexcept : decides_{&decides} {}
    /// Before the first run.
    void watch(loop& l);
    void watch(exploring_loop& l);

    /// A line for each step and each unusual decision: time, task, what it did.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] std::size_t choose(point what, std::size_t of) override;
    void called_back() noexcept override;

    void spawned(task_id id, task_id by, scope_id) noexcept override;
    void stepping(task_id id, instant sample, delivery with) noexcept override;
    void awaiting(task_id id, const char* kind) noexcept override;
    void ended(task_id id, outcome how) noexcept override;

private:
    struct line {
        instant time{};
        std::string who{};
        std::string what{};
        std::string remark{};
    };

    [[nodiscard]] std::string who(task_id id) const;
    [[nodiscard]] std::string ahead_of(std::size_t passed_over) const;
    void begin_line(const std::string& who);
    void add(task_id id, const std::string& what);
    void remark(const std::string& text);
    void chose(std::size_t choice, std::size_t of);

    chooser* decides_{};
    loop* loop_{};
    const exploring_loop* asks_{};
    std::map<task_id, std::string> names_;
    std::map<task_id, std::string> awaits_;
    std::vector<line> lines_;
    task_id running_{};
    std::string next_remark_;  ///< about the step that comes next
};

}  // namespace galley::testing
