// SPDX-License-Identifier: BSL-1.0
// The threads outside, as a scenario's script has them: what they post, and how they stop the loop.
#pragma once

#include <spec/stage/run/program.hpp>
#include <spec/stage/run/recorder.hpp>
#include <spec/stage/run/sim.hpp>

#include <galley/contract/remote.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace galley::spec {

/// They hold one remote until their last post. `delivering` and `post_the_rest` are for the loop's thread; the others
/// may be called on another thread, one at a time.
class world final : public world_listener {
public:
    world(program& p, recorder& r, const scenario& s) noexcept : program_{p}, record_{r}, scenario_{s} {}

    /// Before the first run.
    void open(loop& l);
    void delivering(std::size_t entry) override { record_.world(entry); }
    void post(std::int64_t event) override;
    void wake() override;
    void stop() override { program_.loop->stop(); }

    /// Posts what the script still has, from entry `from` on, to a loop that is gone (POST-4), and records what was
    /// refused, now or before.
    void post_the_rest(std::size_t from);

private:
    void hand_over(callback work);

    program& program_;
    recorder& record_;
    const scenario& scenario_;
    std::size_t posts_left_{};
    std::optional<remote> remote_{};
    std::vector<std::uint64_t> refused_{};
};

}  // namespace galley::spec
