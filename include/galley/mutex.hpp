// SPDX-License-Identifier: BSL-1.0
// Mutual exclusion across awaits.
#pragma once

#include <galley/kernel/wait_list.hpp>

#include <utility>

namespace galley {

/// A mutex between tasks of one loop; needed only where a critical section awaits. Loop thread only. Not recursive.
/// Must not be destroyed while a task waits (SYNC-3).
class mutex {
public:
    /// Owns the mutex until it goes.
    class [[nodiscard]] guard {
    public:
        explicit guard(mutex& m) noexcept : mutex_{&m} {}
        guard(guard&& other) noexcept : mutex_{std::exchange(other.mutex_, nullptr)} {}
        guard& operator=(guard&& other) noexcept {
            guard{std::move(other)}.swap(*this);
            return *this;
        }
        ~guard() {
            if (mutex_ != nullptr) {
                mutex_->unlock();
            }
        }

    private:
        void swap(guard& other) noexcept { std::swap(mutex_, other.mutex_); }
        mutex* mutex_;
    };

    class [[nodiscard]] awaiter_type final : public list_awaiter<awaiter_type> {
    public:
        explicit awaiter_type(mutex& m) noexcept : mutex_{&m} {}
        /// A task that owns the mutex already, but is destroyed before it is resumed, gives it back.
        ~awaiter_type() {
            if (owns_) {
                mutex_->unlock();
            }
        }
        [[nodiscard]] bool begin() noexcept {
            if (mutex_->locked_) {
                return wait_in(mutex_->waiters_);
            }
            mutex_->locked_ = owns_ = true;
            return true;
        }
        [[nodiscard]] const char* kind() const noexcept override { return "lock"; }
        guard await_resume() {
            raise_unless_served();
            owns_ = false;
            return guard{*mutex_};
        }

    private:
        mutex* mutex_;
    };

    /// `auto guard = co_await m.lock();` FIFO (SYNC-1).
    request<awaiter_type, mutex&> lock() noexcept { return request<awaiter_type, mutex&>{*this}; }
    [[nodiscard]] bool locked() const noexcept { return locked_; }

private:
    void unlock() noexcept {
        if (waiter* const first = waiters_.take_first()) {
            first->serve(delivery::value);  // handed over: it stays locked
        } else {
            locked_ = false;
        }
    }

    bool locked_{};
    wait_list waiters_;
};

}  // namespace galley
