// SPDX-License-Identifier: BSL-1.0
// The sim driver: virtual time, in-memory channels, and a script of what the world does (README.md, "Operations" and
// "The driver").
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/passing_time.hpp>

#include <galley/contract/driver.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace galley::spec {

/// What the script does that is not the driver's business; called while an entry is delivered.
class world_listener {
public:
    virtual void delivering(std::size_t entry) = 0;  ///< before each entry's effects
    virtual void post(std::int64_t event) = 0;
    virtual void wake() = 0;
    virtual void stop() = 0;

protected:
    ~world_listener() = default;
};

/// Time moves only in `wait`, by a scripted jump, and by `burn`; never by being read. Descriptors are the indices of
/// the scenario's channels. Not thread safe, but for its waker, as nothing but the script comes from outside.
/// Allocates; a test that is out of memory is over.
class sim_driver final : public driver, public passing_time {
public:
    /// Both must outlive the driver.
    sim_driver(const scenario& s, world_listener& listener);

    void burn(duration d) noexcept override { now_ = saturating_add(now_, d); }
    /// The index of the first entry that has not been delivered.
    [[nodiscard]] std::size_t delivered() const noexcept { return next_entry_; }

    [[nodiscard]] instant now() noexcept override { return now_; }
    [[nodiscard]] bool start(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    [[nodiscard]] int close(int descriptor) noexcept override;
    void shut() noexcept override;
    void ask(operation_list& done) noexcept override;
    void wait(std::optional<instant> until, operation_list& done) noexcept override;
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override;
    [[nodiscard]] bool exhausted() const noexcept override;

private:
    struct channel {
        std::int64_t arrived{};
        std::int64_t room{};
        std::int64_t peers{};
        int failure{};
        bool ended{};
        bool closed{};
        std::vector<operation*> in_flight{};  ///< in start order
    };
    struct completion {
        instant time;
        operation* op;
    };
    class token;

    [[nodiscard]] static bool attempt(channel& c, operation& op) noexcept;
    void deliver_due();
    void apply(const world_entry& entry);
    void changed(channel& c, instant time);
    void complete(operation& op, instant time) { completions_.push_back({time, &op}); }
    void report(operation_list& done);

    const scenario& scenario_;
    world_listener& listener_;
    instant now_{};
    std::size_t next_entry_{};
    std::vector<channel> channels_;
    std::vector<completion> completions_;
    std::uint64_t started_{};
    std::shared_ptr<token> token_;
    bool shut_{};
};

}  // namespace galley::spec
