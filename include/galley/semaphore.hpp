// SPDX-License-Identifier: BSL-1.0
// A counting semaphore.
#pragma once

#include <galley/kernel/wait_list.hpp>

#include <cstdint>

namespace galley {

/// Permits that tasks take and give back. Loop thread only. Must not be destroyed while a task waits (SYNC-3).
class semaphore {
public:
    explicit semaphore(std::uint64_t permits) noexcept : permits_{permits} {}

    class [[nodiscard]] awaiter_type final : public list_awaiter<awaiter_type> {
    public:
        explicit awaiter_type(semaphore& s) noexcept : semaphore_{&s} {}
        /// A task that has its permit, but is destroyed before it is resumed, gives it back.
        ~awaiter_type() {
            if (owns_) {
                semaphore_->release();
            }
        }
        [[nodiscard]] bool begin() noexcept {
            owns_ = semaphore_->try_acquire();
            return owns_ || wait_in(semaphore_->waiters_);
        }
        [[nodiscard]] const char* kind() const noexcept override { return "acquire"; }
        void await_resume() {
            raise_unless_served();
            owns_ = false;
        }

    private:
        semaphore* semaphore_;
    };

    /// `co_await s.acquire()`: takes a permit, waiting FIFO (SYNC-1). A waiter that is cancelled loses none (SYNC-2).
    request<awaiter_type, semaphore&> acquire() noexcept { return request<awaiter_type, semaphore&>{*this}; }
    /// Takes a permit if one is free; that is only so when nobody waits.
    [[nodiscard]] bool try_acquire() noexcept {
        if (permits_ == 0) {
            return false;
        }
        --permits_;
        return true;
    }
    /// Hands a permit to the first that waits, or adds it. O(1).
    void release() noexcept {
        if (waiter* const first = waiters_.take_first()) {
            first->serve(delivery::value);
        } else {
            ++permits_;
        }
    }
    [[nodiscard]] std::uint64_t permits() const noexcept { return permits_; }

private:
    std::uint64_t permits_;
    wait_list waiters_;
};

}  // namespace galley
