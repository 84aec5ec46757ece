// SPDX-License-Identifier: BSL-1.0
// Purpose: everything that foreign threads tell a loop, in one atomic word: posts, stop, whether the loop sleeps,
// whether it is closed.
//
// Whoever tells the loop something modifies the word, and learns by that same modification whether the loop sleeps and
// must be woken; the loop announces its sleep by modifying the word, and learns by that whether it was told anything.
// Of two modifications of one word, one comes first and the other sees it. So no wake-up is lost, whatever the memory
// model (W2, W3), there is no second flag that could be trampled or stick (W1, W7), and one relaxed load tells a busy
// loop that there is nothing to attend to.
//
// The word: the newest node's address (0: no posts), whose three lowest bits are free, and
//
//     bit       means                           set by                         removed by
//     sleeping  the loop waits, or is about to  the loop (try_sleep)           the first thread that tells it anything,
//                                                                              and then wakes it; or the loop (take)
//     stop      a stop was requested            any thread (stop)              the loop (take)
//     closed    the loop is gone                the loop's destructor (close)  nobody: from then on there are no posts
//                                                                              and no sleep
//
// Thread safety: push, stop, nudge: any thread. try_sleep, take, close: the loop's thread. idle: any.
// Invariants:
//  1. `sleeping` stands with no other bit and no node: whoever sets one of those removes it in the same modification.
//  2. Nodes are linked from the newest to the oldest. A push only needs to know the newest node's address and reads
//     nothing through it, and nodes leave all at once; so a node that comes back at the same address meanwhile (ABA)
//     does no harm.
//  3. All changes are read-modify-write operations, thus each continues the release sequences of all before it: whoever
//     acquires the word after a change happens after everything that was told before.
// Complexity: O(1), lock-free for everybody (wait-free for the loop); take is O(1), and putting the posts in order
//     O(posts).
// Rules: POST-1 (once, in order), POST-2, POST-3 (one wake-up per sleep), POST-4 (refused once
//     closed), WAIT-3, LIFE-2, LIFE-7.
#pragma once

#include <galley/fast/post_node.hpp>

#include <atomic>
#include <cstdint>

namespace galley::fast {

/// `Atomic` is std::atomic, or what explores all interleavings in its place.
template <template <class> class Atomic = std::atomic>
class basic_inbox {
    using word = std::uintptr_t;
    using node = basic_post_node<Atomic>;
    static constexpr word sleeping = 1;
    static constexpr word stop_requested = 2;
    static constexpr word closed = 4;
    static constexpr word flags = sleeping | stop_requested | closed;
    static_assert(alignof(node) > flags);

public:
    basic_inbox() noexcept = default;
    basic_inbox(const basic_inbox&) = delete;
    basic_inbox& operator=(const basic_inbox&) = delete;
    ~basic_inbox() { destroy_nodes(node_of(word_.load(std::memory_order_relaxed))); }  // relaxed: nobody else is left

    /// What the sender of something has to do next.
    enum class sent : std::uint8_t { nothing_to_do, must_wake, refused };

    /// Hands nodes over, which are linked from the newest to the oldest, unless the inbox is closed.
    [[nodiscard]] sent push(node& newest, node& oldest) noexcept {
        word old = word_.load(std::memory_order_relaxed);  // relaxed: a guess, which the exchange verifies
        word desired = 0;
        do {
            if ((old & closed) != 0) {
                return sent::refused;
            }
            oldest.next = node_of(old);
            desired = reinterpret_cast<word>(&newest) | (old & stop_requested);
            // release: the nodes' contents come before it. relaxed on failure: a guess again.
        } while (!word_.compare_exchange_weak(old, desired, std::memory_order_release, std::memory_order_relaxed));
        return wake_after(old);
    }

    /// Requests a stop; harmless if it is closed.
    [[nodiscard]] sent stop() noexcept { return tell(stop_requested); }

    /// Tells nothing but that something outside of the inbox has changed, which the loop shall look at.
    [[nodiscard]] sent nudge() noexcept { return tell(0); }

    /// Nothing was told since the latest take. A hint to other threads; exact for what this thread has told.
    [[nodiscard]] bool idle() const noexcept {
        // relaxed: what the loop overlooks now it finds in its next iteration, or when it announces its sleep.
        return word_.load(std::memory_order_relaxed) == 0;
    }

    /// Announces that the loop is going to sleep. False: there is something to take, and the loop must not sleep. After
    /// true, whatever is told brings a wake; what was told by `nudge` before is visible to the caller.
    [[nodiscard]] bool try_sleep() noexcept {
        word expected = 0;
        // acquire: what a nudge tells of, its sender did before; it must be seen by whoever reads it again now
        // (LIFE-7). relaxed on failure: the take that follows acquires.
        return word_.compare_exchange_strong(expected, sleeping, std::memory_order_acquire, std::memory_order_relaxed);
    }

    struct taken {
        node* newest;  ///< linked to the oldest
        bool stop;
    };
    /// Takes everything, and ends the sleep.
    [[nodiscard]] taken take() noexcept {
        const word old = word_.exchange(0, std::memory_order_acquire);  // acquire: the nodes' contents
        return {node_of(old), (old & stop_requested) != 0};
    }

    /// Takes what is left and refuses everything from now on.
    [[nodiscard]] taken close() noexcept {
        const word old = word_.exchange(closed, std::memory_order_acquire);  // acquire: the nodes' contents
        return {node_of(old), (old & stop_requested) != 0};
    }

private:
    [[nodiscard]] static node* node_of(word w) noexcept { return reinterpret_cast<node*>(w & ~flags); }
    [[nodiscard]] static sent wake_after(word old) noexcept {
        return (old & sleeping) != 0 ? sent::must_wake : sent::nothing_to_do;
    }

    [[nodiscard]] sent tell(word flag) noexcept {
        word old = word_.load(std::memory_order_relaxed);  // relaxed: a guess, which the exchange verifies
        // It must be a modification even where the value stays: a mere load might see the word as it was before the
        // loop announced its sleep, while the loop still sees what this thread changed as it was before (W3). release:
        // what was changed comes before it; relaxed on failure: a guess again.
        while (!word_.compare_exchange_weak(old, (old & ~sleeping) | flag, std::memory_order_release,
                                            std::memory_order_relaxed)) {
        }
        return wake_after(old);
    }

    alignas(64) Atomic<word> word_{0};  // a cache line of its own: posters write it all the time
};

using inbox = basic_inbox<>;

}  // namespace galley::fast
