// SPDX-License-Identifier: BSL-1.0
// The C++ memory model as a machine: what each thread may still read of each atomic location.
//
// Every location has its modification order, a list of messages. A thread has a *view*: for each location the latest
// message that it knows of, below which it may not read any more (coherence), and a vector clock of what happened
// before (races). A release puts the thread's view into the message; an acquire that reads the message joins it. A
// store takes any place in the modification order after what its thread knows of, so the order of execution is not
// taken for the modification order; a read-modify-write takes the place just behind what it read, and
// nothing comes in between.
//
// Sequentially consistent accesses and fences are executed in the order S; one more view, of what all of them have
// seen, says what a later one must not miss ([atomics.order] 4, each of its four cases).
//
// Sources: ISO C++20 [atomics.order], [intro.races]; views as in J. Kang, C.-K. Hur, O. Lahav, V. Dreyer: "A promising
// semantics for relaxed-memory concurrency" (POPL 2017), without promises: a thread never reads what is written later,
// so load buffering is not explored. S agrees with happens-before here, which C++20 does not ask of mixed accesses.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace galley::interleave {

inline constexpr std::size_t most_threads = 5;  ///< the one that sets up and looks at the end is thread 0
inline constexpr std::size_t most_locations = 12;

using thread_index = std::uint8_t;
using message_index = std::uint16_t;

[[nodiscard]] constexpr bool acquires(std::memory_order o) noexcept {
    return o == std::memory_order_acquire || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}
[[nodiscard]] constexpr bool releases(std::memory_order o) noexcept {
    return o == std::memory_order_release || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}

/// What a thread knows, or a message tells.
struct view {
    std::array<message_index, most_locations> seen{};  ///< 0: the initial value
    std::array<std::uint16_t, most_threads> clock{};
};

/// A variable that is not atomic: who touched it last, to find races.
struct plain_history {
    thread_index writer{};
    std::uint16_t written{};
    std::array<std::uint16_t, most_threads> read{};
    bool gone{};  ///< its life is over
};

/// One execution's memory. Not thread safe: its threads are the explorer's. Throws std::length_error beyond its limits.
class memory {
public:
    [[nodiscard]] std::size_t new_location(thread_index by, std::uint64_t value);
    /// A new thread knows what its starter knows; a joined one tells the joiner all.
    void start(thread_index thread, thread_index by) { threads_[thread] = threads_[by]; }
    void join(thread_index thread, thread_index by);

    /// The messages that a load may read.
    [[nodiscard]] std::span<const message_index> readable(thread_index t, std::size_t location, std::memory_order o);
    /// The messages behind which a store may come, or on which a read-modify-write may work.
    [[nodiscard]] std::span<const message_index> changeable(thread_index t, std::size_t location, std::memory_order o);
    [[nodiscard]] message_index messages(std::size_t location) const {
        return static_cast<message_index>(locations_[location].messages.size());
    }
    /// The variable as a piece of storage: its making, its uses and its end are to be in order.
    [[nodiscard]] plain_history& life(std::size_t location) { return locations_[location].life; }
    [[nodiscard]] std::uint64_t value(std::size_t location, message_index m) const {
        return locations_[location].messages[m].value;
    }

    void load(thread_index t, std::size_t location, message_index m, std::memory_order o);
    void store(thread_index t, std::size_t location, message_index behind, std::uint64_t value, std::memory_order o);
    void modify(thread_index t, std::size_t location, message_index read, std::uint64_t value, std::memory_order o);
    void fence(thread_index t, std::memory_order o);

    /// False: a race with an access that did not happen before.
    [[nodiscard]] bool read_plain(thread_index t, plain_history& h);
    [[nodiscard]] bool write_plain(thread_index t, plain_history& h);

private:
    struct message {
        std::uint64_t value{};
        std::uint16_t position{};  ///< in the modification order
        bool followed{};           ///< a read-modify-write read it: nothing may come between the two
        view told{};
    };
    struct location {
        std::vector<message> messages{};  ///< in the order of execution
        std::vector<message_index> order{};
        plain_history life{};
    };
    struct thread_state {
        view knows{};
        view to_acquire{};  ///< what relaxed loads have read; an acquire fence takes it over
        view released{};    ///< what was known at the latest release fence; relaxed stores tell it
    };

    void join_seen(view& into, const view& from) const;
    void join_all(view& into, const view& from) const;
    [[nodiscard]] std::uint16_t floor(thread_index t, std::size_t location, std::memory_order o) const;
    [[nodiscard]] message_index insert(std::size_t location, message_index behind, std::uint64_t value);
    void saw(thread_index t, std::size_t location, message_index m, std::memory_order o);
    void tell(thread_index t, std::size_t location, message_index m, std::memory_order o);
    std::uint16_t tick(thread_index t) { return ++threads_[t].knows.clock[t]; }

    std::vector<location> locations_{};
    std::array<thread_state, most_threads> threads_{};
    view sequential_{};  ///< what sequentially consistent accesses, and what came before such fences, have seen
    std::vector<message_index> choices_{};
};

}  // namespace galley::interleave
