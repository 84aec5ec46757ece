// SPDX-License-Identifier: BSL-1.0
// Waiters of the synchronisation primitives: FIFO, without allocation, by direct hand-over (SYNC-1).
#pragma once

#include <galley/kernel/await.hpp>
#include <galley/kernel/chain.hpp>

#include <stdexcept>

namespace galley {

/// Reported at the await of a task whose event, semaphore, mutex or queue was destroyed while it waited (SYNC-3).
struct broken_wait : std::logic_error {
    broken_wait() : std::logic_error("galley: what this task waited for was destroyed") {}
};

namespace detail {
/// Throws what an await that has not brought what it is for ended with.
[[noreturn]] void throw_unserved(delivery with);
}  // namespace detail

/// A waiter: what its task waits for, and its place in the list.
class waiter : public suspension, public chain_link {
public:
    /// Makes the task ready; what it waited for is its own from now on. For whoever has taken it out of the list.
    void serve(delivery with) noexcept {
        next = nullptr;
        owns_ = with == delivery::value;
        this->resume(cause::handover, with);
    }
    [[nodiscard]] bool withdraw() noexcept override {
        leave_list();
        return true;
    }

protected:
    waiter() noexcept { next = nullptr; }
    ~waiter() {
        if (next != nullptr) [[unlikely]] {
            leave_list();
        }
    }
    /// A primitive may note here as well that what is awaited was free.
    bool owns_{};

private:
    void leave_list() noexcept {
        unlink();
        next = nullptr;  // in no list
    }
};

/// The waiters of one primitive, in the order in which they came.
class wait_list {
public:
    wait_list() = default;
    wait_list(const wait_list&) = delete;
    wait_list& operator=(const wait_list&) = delete;
    /// Destruction with waiters is an error: each of them is told (broken_wait).
    ~wait_list() {
        while (waiter* const w = take_first()) {
            w->serve(delivery::error);
        }
    }

    void add(waiter& w) noexcept { w.link_before(waiters_); }
    [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }
    /// The first one, taken out, to be served; or null.
    [[nodiscard]] waiter* take_first() noexcept {
        if (waiters_.empty()) {
            return nullptr;
        }
        auto& first = static_cast<waiter&>(*waiters_.next);
        first.unlink();
        return &first;
    }
    void serve_all() noexcept {
        while (waiter* const w = take_first()) {
            w->serve(delivery::value);
        }
    }

private:
    chain waiters_;
};

/// Base of the primitives' awaiters: `Derived` gives `begin` and, if it registers, calls `wait_in`.
template <class Derived>
class list_awaiter : public awaiter<Derived, waiter> {
protected:
    list_awaiter() = default;
    ~list_awaiter() = default;
    /// Registers; gives what `begin` returns then.
    [[nodiscard]] bool wait_in(wait_list& list) noexcept {
        list.add(*this);
        return false;
    }
    void raise_unless_served() const {
        if (this->with_ != delivery::value) [[unlikely]] {
            detail::throw_unserved(this->with_);
        }
    }
};

}  // namespace galley
