// SPDX-License-Identifier: BSL-1.0
// Purpose: the iteration of fast::loop, which is the flowchart from Start on: what is decided between two rounds, and
// in which order.
//
// It is a template over the loop whose iteration it is, and over the atomics of what is outside, so that the source
// that is shipped is also explored: tests/interleave runs it between posters, with a queue, timers and a driver of its
// own. The loop derives from it, and brings
//
//     ready     anything_ready, next_is_step, push_callback, begin_round, run_round
//     timed     timers() with empty, are_due, first_key, wake_by; collect_timers
//     driven    get_driver() with ask, wait, exhausted; in_flight; collect_operations
//     besides   pending, now, take_sample, options, in_forked_child, watching, call
//
// Thread safety: the loop's thread.
// Invariants:
//  1. Between two rounds of a busy loop four tests must pass, and then nothing else is looked at (quiet): the inbox's
//     word is 0; turns are left until the driver is asked, of which there are none while something is to be looked at
//     again (a timer that was started due, a post left over, a stop); something is ready; and that is a task's step, or
//     somebody is pending.
//  2. Posts are in the inbox, then among those that have arrived, then in the ready queue; never in two of them. When
//     they have run, their nodes go back to the posters (receiving_end).
// Complexity: an iteration O(what it collects and runs).
// Rules: LIFE-1, LIFE-2, LIFE-7, LIFE-8, READY-2, WAIT-1 to WAIT-5, POST-1.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/observer.hpp>
#include <galley/contract/ready.hpp>
#include <galley/contract/time.hpp>
#include <galley/fast/receiving_end.hpp>
#include <galley/fast/spinning.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace galley::fast {

/// Watched: there is an observer. Without one, none of the tests for one is in the code of a round.
template <class Loop, template <class> class Atomic = std::atomic>
class basic_iteration {
    using node = basic_post_node<Atomic>;

protected:
    basic_iteration(std::shared_ptr<basic_mailbox<Atomic>> box, duration spin) noexcept
        : outside_{std::move(box)}, spinning_{spin} {}

    /// Before the first iteration of a run, which asks the driver.
    void begin_run() noexcept {
        steps_left_ = kept_back_ = 0;
        spinning_.begin_run();
    }
    template <bool Watched>
    [[nodiscard]] verdict iterate() noexcept;

    /// Something has come from within that the next iteration must look at.
    void look_again() noexcept { kept_back_ += std::exchange(steps_left_, 0); }
    /// So many steps and callbacks are run (WAIT-4).
    void count_steps(std::int64_t taken) noexcept { steps_left_ -= taken; }
    template <bool Watched>
    void enter(box b) const noexcept;
    /// Destroys the callbacks among the entries, which are not going to run (LIFE-5).
    static void drop_callbacks(std::span<const ready_entry> entries) noexcept;

    [[nodiscard]] basic_receiving_end<Atomic>& outside() noexcept { return outside_; }

private:
    [[nodiscard]] Loop& self() noexcept { return static_cast<Loop&>(*this); }
    [[nodiscard]] const Loop& self() const noexcept { return static_cast<const Loop&>(*this); }

    // An iteration's parts, (a) to (e) of the rules.
    [[nodiscard]] bool quiet() const noexcept;
    [[nodiscard]] std::optional<verdict> judge() noexcept;
    [[nodiscard]] std::optional<verdict> judge_idle() noexcept;
    [[nodiscard]] bool check() noexcept;
    [[nodiscard]] bool wait(operation_list& done) noexcept;
    [[nodiscard]] bool look_around(std::optional<instant> until, operation_list& done) noexcept;
    void collect_posts() noexcept;
    static void run_post(void* argument) noexcept;

    std::int64_t steps_left_{};  ///< until the driver is asked again, or 0: something is to be looked at before
    std::int64_t kept_back_{};   ///< what is left besides, then
    basic_receiving_end<Atomic> outside_;  ///< what other threads tell
    spinning spinning_;
};

// `pending` looks for a verdict when nothing is left of the round, and so does `check`, without consuming it.
template <class Loop, template <class> class Atomic>
template <bool Watched>
verdict basic_iteration<Loop, Atomic>::iterate() noexcept {
    enter<Watched>(box::start);
    bool round_is_left = false;
    for (;;) {
        enter<Watched>(box::pending);
        if (round_is_left) {
            self().template run_round<Watched>();
        } else {
            if (const std::optional<verdict> v = judge()) {
                if (*v == verdict::stopped) {
                    outside_.consume_stop();  // LIFE-2
                }
                return *v;
            }
            enter<Watched>(box::pick);
        }
        enter<Watched>(box::check);
        round_is_left = quiet() || (!judge() && check());
        if (round_is_left) {
            self().template begin_round<Watched>();
        }
        enter<Watched>(box::continue_);
    }
}

// True: the next round may begin without a look at anything else.
template <class Loop, template <class> class Atomic>
bool basic_iteration<Loop, Atomic>::quiet() const noexcept {
    if (!outside_.nothing_came() || steps_left_ <= 0) [[unlikely]] {
        return false;
    }
    // A task that is ready is pending.
    return self().anything_ready() && (self().next_is_step() || self().pending() != 0);
}

// ---- (a) verdict ---------------------------------------------------------------------------------------------------

template <class Loop, template <class> class Atomic>
inline std::optional<verdict> basic_iteration<Loop, Atomic>::judge() noexcept {
    outside_.attend();
    if (outside_.stop_requested() || self().in_forked_child()) {  // a child's run then throws (LIFE-8)
        return verdict::stopped;
    }
    if (self().pending() == 0) {
        return verdict::completed;
    }
    if (self().anything_ready() || self().timers().are_due() || !outside_.arrived().empty()) {
        return std::nullopt;
    }
    return judge_idle();
}

// There is nothing to do now, and perhaps never will be.
template <class Loop, template <class> class Atomic>
std::optional<verdict> basic_iteration<Loop, Atomic>::judge_idle() noexcept {
    if (!self().timers().empty()) {
        return std::nullopt;
    }
    const bool hopeless = outside_.nothing_comes(
        [this](bool no_remotes) { return (no_remotes && self().in_flight() == 0) || self().get_driver().exhausted(); });
    if (outside_.stop_requested()) {
        return verdict::stopped;
    }
    return hopeless ? std::optional{verdict::deadlocked} : std::nullopt;
}

// ---- (b) to (e): ask or wait, sample, collect ----------------------------------------------------------------------

// False: there is no round to begin. It sleeps only if there is nothing to do (WAIT-1), and asks in time if there is
// always something (WAIT-4).
template <class Loop, template <class> class Atomic>
bool basic_iteration<Loop, Atomic>::check() noexcept {
    operation_list done;
    steps_left_ += std::exchange(kept_back_, 0);
    const bool nothing_to_do = !self().anything_ready() && outside_.arrived().empty();
    if (nothing_to_do || steps_left_ <= 0) {
        // A due timer is nothing that anybody has to be told of, or woken for; whoever watches is told of each wait.
        const bool waits = nothing_to_do && (!self().timers().are_due() || self().watching() != nullptr);
        if (!waits || !wait(done)) {
            self().get_driver().ask(done);
        }
        steps_left_ = self().options().ask_every;
        self().take_sample();
        self().collect_operations(done);
    }
    self().collect_timers();
    outside_.attend();
    if (!outside_.arrived().empty()) {
        collect_posts();
    }
    if (outside_.stop_requested()) {
        look_again();
        return false;
    }
    return self().anything_ready();
}

// The only place that blocks; the sleep is announced. False: something was told meanwhile.
template <class Loop, template <class> class Atomic>
bool basic_iteration<Loop, Atomic>::wait(operation_list& done) noexcept {
    observer* const o = self().watching();
    const std::optional<instant> until = o == nullptr ? self().timers().wake_by() : self().timers().first_key();
    const bool spins = spinning_.wanted() && o == nullptr;  // whoever watches is told of each wait
    if (spins && look_around(until, done)) {
        return !done.empty();
    }
    if (!outside_.fall_asleep(!until && self().in_flight() == 0)) {
        return false;
    }
    if (o != nullptr) {
        o->waiting(until);
    }
    self().get_driver().wait(until, done);
    outside_.awake();
    if (spins) {
        spinning_.slept();
    }
    return true;
}

// True: what a wait would have waited for is there.
template <class Loop, template <class> class Atomic>
bool basic_iteration<Loop, Atomic>::look_around(std::optional<instant> until, operation_list& done) noexcept {
    const bool only_for_remotes = !until && self().in_flight() == 0;
    return spinning_.find([&](bool thoroughly) noexcept {
        if (!outside_.nothing_came()) {
            return true;
        }
        if (!thoroughly) {
            return false;
        }
        self().get_driver().ask(done);
        return !done.empty() || (until && *until <= self().now()) ||
               (only_for_remotes && outside_.box()->remotes() == 0);
    });
}

template <class Loop, template <class> class Atomic>
void basic_iteration<Loop, Atomic>::collect_posts() noexcept {
    basic_post_list<Atomic>& arrived = outside_.arrived();
    outside_.recycle();
    while (node* const n = arrived.front()) {
        if (!n->work) {  // a mere wake
            outside_.spend(*arrived.pop_front());
            continue;
        }
        if (!self().push_callback({&run_post, n})) {
            look_again();
            return;  // short of memory: it stays in the inbox until the next round has made room
        }
        (void)arrived.pop_front();
        n->home = &self();
        if (observer* const o = self().watching()) {
            o->made_ready(0, cause::post);
        }
    }
}

// ---- posts, once they are ready ------------------------------------------------------------------------------------

template <class Loop, template <class> class Atomic>
void basic_iteration<Loop, Atomic>::run_post(void* argument) noexcept {
    auto& n = *static_cast<node*>(argument);
    auto& home = *static_cast<Loop*>(n.home);
    home.call(n.work);
    home.outside().spend(n);
}

template <class Loop, template <class> class Atomic>
void basic_iteration<Loop, Atomic>::drop_callbacks(std::span<const ready_entry> entries) noexcept {
    for (const ready_entry& entry : entries) {
        if (entry.run == &run_post) {
            destroy_nodes(static_cast<node*>(entry.argument));
        }
    }
}

template <class Loop, template <class> class Atomic>
template <bool Watched>
void basic_iteration<Loop, Atomic>::enter(box b) const noexcept {
    if constexpr (Watched) {
        self().watching()->entered(b);
    }
}

}  // namespace galley::fast
