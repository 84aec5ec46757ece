// SPDX-License-Identifier: BSL-1.0
// The world of a free run: a thread that performs a script in real time and then takes what is written to it.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/real/real_channels.hpp>
#include <spec/stage/run/sim.hpp>

#include <galley/contract/remote.hpp>

#include <array>
#include <optional>
#include <stop_token>
#include <thread>

namespace galley::spec {

/// Begins at once. All that it is given must outlive it; `outside` is told of posts on this class's thread, and
/// `stops`, if the script has any, is used there.
class free_world {
public:
    free_world(const scenario& s, real_channels& channels, world_listener& outside, std::optional<remote> stops);

    /// Performs what is left of the script without waiting for its time, and ends.
    void finish();

private:
    void work(const std::stop_token& stop);
    void perform(const world_entry& entry);
    void keep_draining(const std::stop_token& stop);

    const scenario& scenario_;
    real_channels& channels_;
    world_listener& outside_;
    std::optional<remote> stops_;
    std::array<owned_descriptor, 2> bell_;  ///< a pipe: rung to end
    std::jthread thread_;                   // last: it uses the others
};

}  // namespace galley::spec
