// SPDX-License-Identifier: BSL-1.0
// Depth-first search over all choices of an execution: whose turn it is, and which value a load reads.
//
// Each execution runs from the start and follows the choices of the one before, but for the last that had something
// left. Schedules that differ only in the order of independent operations give the same execution; of these one is
// enough: when all turns of a thread have been explored at some point, it *sleeps* in the turns of the others, until
// one of them does something that is not independent of what it is about to do.
//
// Source: sleep sets, P. Godefroid: "Partial-order methods for the verification of concurrent systems" (1996).
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
    enum class access : std::uint8_t { none, read, change, everything };
    thread_index thread{};
    access what{};
    bool sequential{};    ///< seq_cst
    std::size_t where{};  ///< of reads and changes: the location
};

/// True if it does not matter which of the two comes first.
[[nodiscard]] bool independent(const step& a, const step& b) noexcept;

class search {
public:
    search() = default;
    /// Follows the choices of `replay()`, and then the first of each.
    explicit search(std::string_view choices);

    /// Begins the next execution. False: all have been explored.
    [[nodiscard]] bool next();

    /// Whose turn it is, of those that are ready. Null: whatever comes has been explored in another order.
    [[nodiscard]] std::optional<thread_index> choose(std::span<const step> ready);
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
    std::vector<step> asleep_{};
    std::vector<step> awake_{};  // of one call; here so that its memory is kept
    bool begun_{};
};

}  // namespace galley::interleave
