// SPDX-License-Identifier: BSL-1.0
// Purpose: the ready queue of fast::loop. Two buffers of equal size: entries are appended to one while the round that
// was taken from the other runs. Taking a round is the swap of the two, so a round's snapshot (READY-2) costs nothing
// per entry. (A ring was rejected: each append and each take would have to look for the wrap, and a snapshot needs an
// end mark.)
//
// The buffer being filled is lent to the base class galley::loop, which appends with one store (see loop::schedule); so
// what is filled is not a member here but the distance from the buffer's beginning to the lent `put`.
//
// Thread safety: none; the loop's thread only.
// Invariants:
//  1. `put` lies in the buffer being filled; `put_end` is its end, or null while nothing is lent.
//  2. Both buffers have, from the next swap on, room for `task_room_` entries of tasks besides the callbacks in the one
//     that is filled. A task is in the queue at most once (READY-4) and enters anew what it has left, so tasks never
//     run out of room. There is room for one callback more, so that callbacks go on, one a round, if memory is short
//     for long.
//  3. A round's entries stay where they are until the next round is taken, even if the buffers grow meanwhile.
// Complexity: append and take O(1), amortised; memory 32 bytes per reserved entry.
// Rules: READY-1, READY-2.
#pragma once

#include <galley/contract/ready.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace galley::fast {

class ready_buffer {
    using entries = std::unique_ptr<ready_entry[]>;

public:
    /// Lends its memory through these two, which must outlive it.
    ready_buffer(ready_entry*& put, ready_entry*& put_end) : put_{put}, put_end_{put_end} { grow(0); }
    ready_buffer(const ready_buffer&) = delete;
    ready_buffer& operator=(const ready_buffer&) = delete;
    ~ready_buffer() { put_ = put_end_ = nullptr; }

    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(put_ - filled_.get()); }
    /// Of what is filled. What lends `put` compares it itself, which is a load less than `size`.
    [[nodiscard]] const ready_entry* begin() const noexcept { return filled_.get(); }
    [[nodiscard]] std::span<const ready_entry> waiting() const noexcept { return {filled_.get(), put_}; }

    /// Lends its memory, as at first, or does not.
    void lend(bool lends) noexcept {
        lends_ = lends;
        lend_from(size());
    }

    /// Room for this many tasks. Throws std::bad_alloc with nothing changed.
    void reserve_tasks(std::size_t tasks) {
        if (tasks > task_room_) {
            if (tasks + callbacks_ >= capacity_) {
                grow(tasks + callbacks_ + 1);
            }
            task_room_ = tasks;
        }
    }

    /// Appends a callback's entry. False: that needs memory and there is none; it is not the first of the round, and
    /// will not need any after it.
    [[nodiscard, gnu::always_inline]] inline bool push_callback(ready_entry entry) noexcept {
        if (task_room_ + callbacks_ >= capacity_ || size() == capacity_) [[unlikely]] {
            if (!try_to_grow()) {
                return false;
            }
        }
        ++callbacks_;
        *put_++ = entry;
        return true;
    }

    /// Appends what was not lent the room for it. Throws std::bad_alloc if nobody has reserved it.
    void push(ready_entry entry) {
        if (size() == capacity_) {
            grow(capacity_ + 1);
        }
        *put_++ = entry;
    }

    /// Takes what is ready as a round. It is valid until the next call.
    [[nodiscard]] std::span<const ready_entry> take_round() noexcept {
        ready_entry* const end = put_;
        std::swap(filled_, running_);
        if (grown_) [[unlikely]] {
            filled_ = std::move(grown_);
        }
        lend_from(0);
        callbacks_ = 0;
        return {running_.get(), end};
    }

    /// Takes a round that consists of one entry: no need to swap, and the same cache line is filled again.
    [[nodiscard]] ready_entry take_only() noexcept {
        const ready_entry only = *filled_.get();
        put_ = filled_.get();
        callbacks_ = 0;
        return only;
    }

private:
    static constexpr std::size_t first_capacity = 64;

    void lend_from(std::size_t size) noexcept {
        put_ = filled_.get() + size;
        put_end_ = lends_ ? filled_.get() + capacity_ : nullptr;
    }

    // Not in line, so that an append saves no registers for it.
    [[nodiscard, gnu::noinline]] bool try_to_grow() noexcept {
        try {
            grow(capacity_ + 1);
        } catch (const std::bad_alloc&) {
            return false;
        }
        return true;
    }
    /// Strong guarantee: both allocations come first.
    void grow(std::size_t least) {
        const std::size_t capacity = std::max({least, 2 * capacity_, first_capacity});
        entries to_fill = std::make_unique_for_overwrite<ready_entry[]>(capacity);
        entries to_follow = std::make_unique_for_overwrite<ready_entry[]>(capacity);
        const std::size_t size = this->size();
        std::copy_n(filled_.get(), size, to_fill.get());
        filled_ = std::move(to_fill);
        grown_ = std::move(to_follow);
        capacity_ = capacity;
        lend_from(size);
    }

    ready_entry*& put_;
    ready_entry*& put_end_;
    entries filled_;
    entries running_;
    entries grown_;            ///< after growing: what is filled after `filled_`, as `running_` is too small
    std::size_t capacity_{};   ///< of `filled_` and of what follows it
    std::size_t callbacks_{};  ///< in the buffer that is filled
    std::size_t task_room_{};
    bool lends_{true};
};

}  // namespace galley::fast
