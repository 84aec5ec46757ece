// SPDX-License-Identifier: BSL-1.0
// Depth-first search over all choices of an execution: whose turn it is, and which value a load reads.
//
// Each execution runs from the start and follows the choices of the one before, but for the last that had something
// left. Schedules that differ only in the order of independent operations give the same execution; of these one is
// enough: when all turns of a thread have been explored at some point, it *sleeps* in the turns of the others, until
// one of them does something that is not independent of what it is about to do.
//
// Two accesses of one variable are nearly independent here: a read may read old values, and a store may take any place
// in the modification order, so whatever they do in one order they can do in the other, but for one thing: reading a
// value that was not there before. So a reader that sleeps wakes for new values only, and reads nothing else then.
//
// Source: sleep sets, P. Godefroid: "Partial-order methods for the verification of concurrent systems" (1996); that
// what matters is who reads from whom: P. Abdulla, M. Atig, B. Jonsson, T. Ngo: "Optimal stateless model checking under
// the release-acquire semantics" (OOPSLA 2018).
#pragma once

#include "memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace galley::interleave {

/// What a thread is about to do.
struct step {
    enum class access : std::uint8_t {
        none,
        load,
        store,
        modify,     ///< a read-modify-write, or an attempt
        whole,      ///< ends a variable, or uses a token: nothing of the same variable is independent of it
        everything  ///< a seq_cst fence
    };
    thread_index thread{};
    access what{};
    bool sequential{};         ///< seq_cst
    std::size_t where{};       ///< the variable
    message_index messages{};  ///< how many values it has had so far

    [[nodiscard]] bool reads() const noexcept { return what == access::load || what == access::modify; }
};

/// True if whatever comes of the two in this order can come in the other one too; new values to be read aside.
[[nodiscard]] bool independent(const step& a, const step& b) noexcept;

struct turn {
    thread_index thread{};
    message_index from{};  ///< its step is to read a message of this number or a later one: the others are explored
};

class search {
public:
    /// Every order: also of operations that are independent, to see that nothing is missed without.
    explicit search(bool every_order) : every_order_{every_order} {}
    /// Follows the choices of `replay()`, and then the first of each.
    explicit search(std::string_view choices);

    /// Begins the next execution. False: all have been explored.
    [[nodiscard]] bool next();

    /// Whose turn it is, of those that are ready. Null: whatever comes has been explored in another order.
    [[nodiscard]] std::optional<turn> choose(std::span<const step> ready);
    /// One of `count`.
    [[nodiscard]] std::size_t choose(std::size_t count);

    /// The choices of this execution, as text.
    [[nodiscard]] std::string replay() const;

private:
    struct node {
        std::uint16_t count{};
        std::uint16_t taken{};
    };
    [[nodiscard]] std::size_t pass(std::size_t count);

    std::vector<node> path_{};
    std::size_t depth_{};
    struct candidate {
        step what{};
        message_index from{};
    };
    void wake(const step& s);
    void put_to_sleep(const step& s);

    std::vector<step> asleep_{};      ///< at most one of each thread, as it was when it fell asleep
    std::vector<candidate> awake_{};  ///< of one call; here so that its memory is kept
    bool every_order_{};
    bool begun_{};
};

}  // namespace galley::interleave
