// SPDX-License-Identifier: BSL-1.0
// The simulated world: virtual time, in-memory channels, and a script of what happens (README.md,
// "Operations" and "The driver").
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/passing_time.hpp>

#include <galley/contract/driver.hpp>
#include <galley/testing/virtual_driver.hpp>

#include <cstddef>
#include <cstdint>
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

/// A virtual driver, whose descriptors are the scenario's channels, and which does what the script says.
class simulation final : public passing_time {
public:
    /// Both must outlive it.
    simulation(const scenario& s, world_listener& listener);

    [[nodiscard]] driver& get_driver() noexcept { return driver_; }
    /// Of the channels.
    [[nodiscard]] const std::vector<int>& descriptors() const noexcept { return descriptors_; }
    void burn(duration d) noexcept override { driver_.pass(d); }
    /// The index of the first entry that has not been delivered.
    [[nodiscard]] std::size_t delivered() const noexcept { return delivered_; }

private:
    struct channel {
        std::int64_t arrived{};
        std::int64_t room{};
        std::int64_t peers{};
        int failure{};
        bool ended{};
    };
    class end_of_channel;

    void deliver(const world_entry& entry);

    world_listener& listener_;
    std::vector<channel> channels_;
    std::vector<int> descriptors_;
    std::size_t delivered_{};
    testing::virtual_driver driver_;
};

}  // namespace galley::spec
