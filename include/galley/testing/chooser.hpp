// SPDX-License-Identifier: BSL-1.0
// Where several continuations are legal, and who picks one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace galley::testing {

/// What an exploring loop leaves open: the orders that the rules fix exactly, but no program should depend on.
struct relaxations {
    bool ready_order{true};  ///< who of a round is next (READY-1)
    bool timer_ties{true};   ///< which of several timers with one key fires first (TIME-4)
    bool completions{true};  ///< the order of operations that are collected together (READY-1)
    bool posts{true};        ///< when a post arrives: in any later collect, those of one thread in order (POST-1)
    bool late{false};        ///< how late the loop is: it may oversleep, until a later timer is due, too (TIME-2)
    bool rounds{false};      ///< where a round ends: what became ready meanwhile may run in it (READY-2)
};

/// What is decided.
enum class point : std::uint8_t { turn, timer, completion, post, wait, oversleep, round, body };

/// Decides, whenever an exploring loop has a choice. Loop thread only.
class chooser {
public:
    chooser() = default;
    chooser(const chooser&) = delete;
    chooser& operator=(const chooser&) = delete;
    virtual ~chooser() = default;

    /// One of `of` alternatives (at least 2), from 0. Always 0 is the order that the rules fix.
    [[nodiscard]] virtual std::size_t choose(point what, std::size_t of) = 0;
    /// A turn begins that is no task's: a callback's.
    virtual void called_back() noexcept {}
};

}  // namespace galley::testing
