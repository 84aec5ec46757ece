// SPDX-License-Identifier: BSL-1.0
// A scenario on a loop with callbacks: a task is a stack of routines, and each of its steps is called by the loop.
#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "channel.hpp"
#include "loop.hpp"
#include "scenario.hpp"

namespace loops {

class play {
public:
    explicit play(const json& scenario);

    /// All runs; the trace is complete then, or as far as it came when the loop waits for ever.
    void go(loop& on);
    [[nodiscard]] const json& trace() const noexcept { return trace_; }

private:
    struct routine {
        const json* body{};
        std::size_t at{};  // the statement that is being done
    };
    struct task {
        std::size_t number{};
        std::vector<routine> stack{};
        std::string awaits{"start"};
        bool ended{};
    };

    void tell(json event) { trace_.push_back(std::move(event)); }
    void spawn(std::size_t routine_number, std::size_t by);
    void step(task& t, const std::string& with);
    void resume(task& t, const std::string& result);
    void go_on(task& t);
    bool execute(task& t, const json& statement);
    void did(task& t, const std::string& result);
    void leave(task& t, const std::string& value);
    bool suspend(task& t, const json& statement);
    bool transfer(task& t, const json& statement);
    void wait_for(task& t, const json& statement);
    [[nodiscard]] std::optional<std::string> attempted(const json& statement) const;
    std::string close(std::size_t number);
    std::string keep_alive(bool more);
    void post(std::size_t event);
    void deliver(const json& entry);
    void exit();
    [[nodiscard]] std::int64_t now() const;

    const json& scenario_;
    loop* loop_{};
    json trace_ = json::array();
    std::deque<task> tasks_{};
    std::size_t ended_{}, posts_{}, alive_{};
    bool stop_asked_{};
    std::set<std::size_t> handles_{};
    std::vector<channel> channels_{};
    std::deque<callback> world_{};
    std::int64_t origin_{}, first_sample_{};
};

}  // namespace loops
