// SPDX-License-Identifier: BSL-1.0
// A bounded FIFO between tasks.
#pragma once

#include <galley/kernel/wait_list.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace galley {

/// Items in the order in which they were put; putters wait while it is full, getters while it is empty, both FIFO
/// (SYNC-1). Loop thread only. Must not be destroyed while a task waits (SYNC-3). All room is allocated at the start.
/// Throws std::invalid_argument for a capacity of 0, std::bad_alloc.
template <class T>
class queue {
    static_assert(std::is_nothrow_move_constructible_v<T>,
                  "an item that fails to move between two tasks would be lost");

public:
    explicit queue(std::size_t capacity) : capacity_{capacity}, slots_(capacity) {
        if (capacity == 0) {
            throw std::invalid_argument("galley::queue: the capacity must be at least 1");
        }
    }

    class [[nodiscard]] get_awaiter final : public list_awaiter<get_awaiter> {
    public:
        explicit get_awaiter(queue& q) noexcept : queue_{&q} {}
        [[nodiscard]] bool begin() noexcept {
            if (queue_->size_ > 0) {
                queue_->take_front(item_);
                return true;
            }
            return queue_->closed_ || this->wait_in(queue_->getters_);
        }
        [[nodiscard]] const char* kind() const noexcept override { return "get"; }
        std::optional<T> await_resume() {
            this->raise_unless_served();
            return std::move(item_);
        }
        /// The item is the getter's from here on.
        void hand_over(T&& item) noexcept {
            item_.emplace(std::move(item));
            this->serve(delivery::value);
        }

    private:
        queue* queue_;
        std::optional<T> item_{};
    };

    class [[nodiscard]] put_awaiter final : public list_awaiter<put_awaiter> {
    public:
        put_awaiter(queue& q, T&& item) noexcept : queue_{&q}, item_{&item} {}
        [[nodiscard, gnu::always_inline]] bool begin() noexcept {
            if (queue_->closed_) {
                return true;
            }
            accepted_ = queue_->accept(*item_);
            return accepted_ || this->wait_in(queue_->putters_);
        }
        [[nodiscard]] const char* kind() const noexcept override { return "put"; }
        bool await_resume() const {
            this->raise_unless_served();
            return accepted_;
        }
        /// Its item moves in.
        void move_in() noexcept {
            queue_->push(*item_);
            accepted_ = true;
            this->serve(delivery::value);
        }

    private:
        queue* queue_;
        T* item_;
        bool accepted_{};
    };

    /// `co_await q.get()`: the first item; nothing once the queue is closed and drained. A getter that is cancelled
    /// loses no item (SYNC-2).
    request<get_awaiter, queue&> get() noexcept { return request<get_awaiter, queue&>{*this}; }

    /// `co_await q.put(std::move(item))`: true, or false if the queue is closed: then the item is still the caller's,
    /// as it is if the await ends cancelled. It is moved from only when it is accepted, and referred to until then: so
    /// this cannot be spawned; spawn a coroutine that owns the item.
    request<put_awaiter, queue&, T&&> put(T&& item) noexcept {
        return request<put_awaiter, queue&, T&&>{*this, std::move(item)};
    }

    /// No more items: getters drain what is there and then see the end; putters that wait see it now (SYNC-3). Again:
    /// no effect.
    void close() noexcept {
        closed_ = true;
        getters_.serve_all();
        putters_.serve_all();
    }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    [[nodiscard]] bool accept(T& item) noexcept {
        if (waiter* const first = getters_.take_first()) {  // a getter waits: so nothing is stored
            static_cast<get_awaiter*>(first)->hand_over(std::move(item));
            return true;
        }
        if (size_ == capacity_) {
            return false;
        }
        push(item);
        return true;
    }
    /// The place that follows in the ring.
    [[nodiscard]] std::size_t after(std::size_t place) const noexcept { return place + 1 == capacity_ ? 0 : place + 1; }
    void push(T& item) noexcept {
        slots_[back_].emplace(std::move(item));
        back_ = after(back_);
        ++size_;
    }
    void take_front(std::optional<T>& into) noexcept {
        std::optional<T>& slot = slots_[front_];
        into.emplace(std::move(*slot));
        slot.reset();
        front_ = after(front_);
        --size_;
        if (waiter* const first = putters_.take_first()) {
            static_cast<put_awaiter*>(first)->move_in();
        }
    }

    std::size_t capacity_;
    std::vector<std::optional<T>> slots_;  ///< a ring
    std::size_t front_{};                  ///< of the first item
    std::size_t back_{};                   ///< of the next one to come
    std::size_t size_{};
    bool closed_{};
    wait_list getters_;
    wait_list putters_;
};

}  // namespace galley
