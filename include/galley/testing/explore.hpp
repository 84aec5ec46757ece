// SPDX-License-Identifier: BSL-1.0
// A test under every order that the rules allow once the exact ones are relaxed.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/testing/chooser.hpp>
#include <galley/testing/world.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace galley::testing {

/// What else decides whether a run failed: a test framework's assertions, say.
class assertions {
public:
    virtual ~assertions() = default;
    virtual void begin() = 0;                          ///< of a run
    [[nodiscard]] virtual std::string failures() = 0;  ///< of the run that ends; empty: none
};

struct explore_options {
    std::string replay{};           ///< what a failure gave; then there is but this one run
    std::size_t schedules{10'000};  ///< at most so many runs
    std::uint64_t seed{1};          ///< of the random half
    relaxations relaxed{};
    std::uint64_t turns{100'000};  ///< steps and callbacks of a run; more are a failure, as of a loop without end
    loop_options loop{.resolution_bits = 0, .ask_every = 1};
    assertions* also{};
};

/// What was found.
struct [[nodiscard]] exploration {
    std::size_t schedules{};  ///< how many were run
    bool complete{};          ///< these were all that there are
    std::string failure{};    ///< empty: none
    std::string replay{};     ///< of the failure
    std::string timeline{};   ///< of the failure

    [[nodiscard]] bool failed() const noexcept { return !failure.empty(); }
    /// All of it, for people.
    [[nodiscard]] std::string report() const;
};

/// Runs `body` again and again, each time on a fresh loop under virtual time. First the order that the rules fix, then
/// those with one deviation from it, with two, and so on: each schedule once, until all are done or half of
/// `schedules` are; then random ones. A run fails if the body throws, if a failure reaches nobody (TASK-3), if a task
/// is left when the body has ended, if nothing can wake what is left (LIFE-1), or if it never ends. The first schedule
/// that fails is made small and run again, for its timeline.
///
/// The body must be deterministic but for its schedule: real threads, real clocks and global state that a run leaves
/// behind are not explored. Throws std::invalid_argument for a `replay` that is no schedule's, or not this body's.
[[nodiscard]] exploration explore_body(const explore_options& options, const body_function& body);

/// One run, with `decides` in the place of a schedule; then `replay` is empty.
[[nodiscard]] exploration explore_once(const explore_options& options, chooser& decides, const body_function& body);

/// `body`: a callable that gives a task<>, without arguments or with a `world&`.
template <class F>
[[nodiscard]] exploration explore(const explore_options& options, F body) {
    return explore_body(options, body_of(std::move(body)));
}

}  // namespace galley::testing
