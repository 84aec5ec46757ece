// SPDX-License-Identifier: BSL-1.0
// Purpose: who has a part in a completion, and whether it has been fulfilled, in one atomic word: so that of many
// threads one fulfils it, the last that could notices that nobody did, and the last of all frees it.
//
// The word: how many parts there are beside the waiting end's, and
//
//     bit        means                                set by                          removed by
//     fulfilled  its outcome is decided               the first who claims it, or     nobody
//                                                     the last part that goes unused
//     awaited    the waiting end is there             the constructor                 the waiting end
//
// A completer has a part. Who fulfils it hands his on to the post that carries the outcome to the loop.
//
// Thread safety: claim, join: whoever has a part. leave: gives up the caller's. leave_awaiting: the waiting end.
//     wanted: whoever has a part, or the waiting end.
// Invariants:
//  1. `fulfilled` is set at most once, by one modification: whoever made it decides the outcome (THREAD-1).
//  2. Whoever takes away what was left but `fulfilled` is the only one who knows of it, and frees it.
//  3. As long as it is not fulfilled, the parts are completers: a part that is the last one and goes unused is told so
//     by the modification that would have taken it away, and keeps it for the post that says so (THREAD-2).
// Complexity: O(1), lock-free; claim and join wait-free.
// Rules: THREAD-1, THREAD-2.
#pragma once

#include <atomic>
#include <cstdint>

namespace galley {

/// `Atomic` is std::atomic, or what explores all interleavings in its place.
template <template <class> class Atomic = std::atomic>
class basic_completion_word {
    using word = std::uint32_t;
    static constexpr word fulfilled = 1;
    static constexpr word awaited = 2;
    static constexpr word one_part = 4;

public:
    /// One part more.
    void join() noexcept {
        word_.fetch_add(one_part, std::memory_order_relaxed);  // relaxed: whoever makes a part has one, or waits
    }

    enum class claimed : std::uint8_t { too_late, unwanted, wanted };
    /// To decide the outcome. Unless it comes too late, nobody else does.
    [[nodiscard]] claimed claim() noexcept {
        // relaxed: it decides who may write the outcome, which nobody has read or written before; and what is written
        // reaches the loop by a post.
        const word old = word_.fetch_or(fulfilled, std::memory_order_relaxed);
        if ((old & fulfilled) != 0) {
            return claimed::too_late;
        }
        return (old & awaited) != 0 ? claimed::wanted : claimed::unwanted;
    }

    enum class left : std::uint8_t { others, nobody, unused };
    /// One part less. `unused`: it was the last, nobody has fulfilled it, and somebody waits: now it is fulfilled, and
    /// the caller keeps the part to say so. `nobody`: nobody is left.
    [[nodiscard]] left leave() noexcept {
        word old = word_.load(std::memory_order_relaxed);  // relaxed: a guess, which the exchange verifies
        word desired = 0;
        do {
            desired = old == (awaited | one_part) ? old | fulfilled : old - one_part;
            // release: all that this part did comes before the end. acquire: the last one's end comes after all that
            // others did. relaxed on failure: a guess again.
        } while (!word_.compare_exchange_weak(old, desired, std::memory_order_acq_rel, std::memory_order_relaxed));
        if ((old & fulfilled) != (desired & fulfilled)) {
            return left::unused;
        }
        return is_left_by_all(desired) ? left::nobody : left::others;
    }
    /// The waiting end goes. True: nobody is left.
    [[nodiscard]] bool leave_awaiting() noexcept {
        // acq_rel: as in `leave`
        return is_left_by_all(word_.fetch_sub(awaited, std::memory_order_acq_rel) - awaited);
    }

    /// Somebody waits, and nobody has fulfilled it. A hint: it may have changed by now.
    [[nodiscard]] bool wanted() const noexcept {
        // relaxed: nothing is read because of it
        return (word_.load(std::memory_order_relaxed) & (fulfilled | awaited)) == awaited;
    }

private:
    [[nodiscard]] static bool is_left_by_all(word w) noexcept { return (w & ~fulfilled) == 0; }

    Atomic<word> word_{awaited};
};

}  // namespace galley
