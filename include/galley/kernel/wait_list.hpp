// SPDX-License-Identifier: BSL-1.0
// Waiters of the synchronisation primitives: FIFO, without allocation, by direct hand-over (SYNC-1).
#pragma once

#include <galley/contract/intrusive_list.hpp>
#include <galley/kernel/await.hpp>

#include <stdexcept>
#include <utility>

namespace galley {

/// Reported at the await of a task whose event, semaphore, mutex or queue was destroyed while it waited (SYNC-3).
struct broken_wait : std::logic_error {
    broken_wait() : std::logic_error("galley: what this task waited for was destroyed") {}
};

/// A waiter: its place in the list, and how to tell it.
class waiter {
public:
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    waiter* next{};
    waiter* previous{};

    /// Makes the task ready; what it waited for is its own from now on.
    virtual void serve(delivery with) noexcept = 0;

protected:
    waiter() = default;
    ~waiter() = default;
};

/// The waiters of one primitive, in the order in which they came.
class wait_list {
public:
    wait_list() = default;
    wait_list(const wait_list&) = delete;
    wait_list& operator=(const wait_list&) = delete;
    /// Destruction with waiters is an error: each of them is told (broken_wait).
    ~wait_list() {
        while (waiter* const w = list_.pop_front()) {
            w->serve(delivery::error);
        }
    }

    void add(waiter& w) noexcept { list_.push_back(w); }
    void remove(waiter& w) noexcept { list_.erase(w); }
    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    /// The first one, taken out, or null.
    [[nodiscard]] waiter* take_first() noexcept { return list_.pop_front(); }
    void serve_all() noexcept {
        while (waiter* const w = list_.pop_front()) {
            w->serve(delivery::value);
        }
    }

private:
    intrusive_list<waiter> list_;
};

/// Base of the primitives' awaiters: `Derived` gives `begin` and, if it registers, calls `wait_in`.
template <class Derived>
class list_awaiter : public awaiter<Derived>, public waiter {
public:
    [[nodiscard]] bool withdraw() noexcept override {
        std::exchange(list_, nullptr)->remove(*this);
        return true;
    }
    void serve(delivery with) noexcept override {
        list_ = nullptr;  // whoever serves has taken it out
        this->resume(cause::handover, with);
    }

protected:
    list_awaiter() = default;
    ~list_awaiter() {
        if (list_ != nullptr) {
            list_->remove(*this);
        }
    }
    /// Registers; gives what `begin` returns then.
    [[nodiscard]] bool wait_in(wait_list& list) noexcept {
        list_ = &list;
        list.add(*this);
        return false;
    }
    void raise_unless_served() const {
        this->raise_if_cancelled();
        if (this->with_ == delivery::error) [[unlikely]] {
            throw broken_wait{};
        }
    }

private:
    wait_list* list_{};  ///< while it waits there
};

}  // namespace galley
