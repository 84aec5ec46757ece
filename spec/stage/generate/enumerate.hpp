// SPDX-License-Identifier: BSL-1.0
// Bounded exhaustion: every small program over an alphabet, once.
//
// The size of a program is its number of statements over all routines. A routine that only ends has none, so it costs
// nothing. Programs that do the same but for names are one program; the canonical one of them is visited:
//   - every routine but main is named by some statement;
//   - no two routines have equal bodies (one that is named twice does the same), so at most one is empty;
//   - nothing follows `fail` or `return` in a body (it would never run);
//   - routines are numbered in the order in which they are first named, as far as the rule that a routine names only
//     higher ones allows: the next number goes to the first-named one of those whose namers all have numbers;
//   - slots and objects are numbered in the order of their first use: world first, then the routines as numbered; an
//     object is declared if it is used.
// Nothing is left out because it seems pointless: a join of a slot that nobody fills is a program
// too. (But see bounds::slots.)
#pragma once

#include <string_view>
#include <vector>

#include "spec/stage/form/vocabulary.hpp"
#include "spec/stage/generate/function_ref.hpp"

namespace galley::spec {

/// A statement with its numbers fixed, and its slots, objects and routines open.
struct letter {
    verb what{};
    std::array<std::int64_t, 2> numbers{};  // in the operands' places
    std::size_t list{};                     // how many routines `all` or `any` names
};

/// How far to go with an alphabet.
struct bounds {
    std::size_t brief{};  ///< statements, where seconds count
    std::size_t whole{};  ///< statements, where minutes do
    /// A focused alphabet, which goes deeper, uses at most so many slots of a kind, and none that no statement fills
    /// (what such a slot's statements do, the others show). 0: any number, filled or not.
    std::int64_t slots{};
};

/// The statements of a family of programs, and what they share.
struct alphabet {
    std::string_view name{};
    std::vector<letter> letters{};
    /// Settings and world of every program, and the objects that a program may use; within a kind these are declared
    /// alike, so that only the order of first use tells them apart.
    scenario base{};
    bounds limits{};
};

/// tasks, cancellation, an event, time and stop, thinly: what the loops' order is about.
[[nodiscard]] alphabet core_alphabet();
/// core, and more widely: tasks and outcomes; scopes, shields and timeouts; synchronisation; time; a channel that the
/// world serves; `all` and `any` of one and of three; posts, remotes and keep-alives over two runs. Then, with few
/// letters and deeper: joins; cancelling tasks across shields; scopes within scopes; timers, whose times lie on both
/// sides of a wheel's level; groups; trees whose shape is made by several tasks; queues.
[[nodiscard]] std::vector<alphabet> all_alphabets();

/// Calls `visit` with every canonical program of at most `most_operations` statements, smallest first, in an order that
/// never changes. The scenario is valid during the call only. Exponential in `most_operations`; recursion as deep.
void for_each_program(const alphabet& letters, std::size_t most_operations, function_ref<void(const scenario&)> visit);

}  // namespace galley::spec
