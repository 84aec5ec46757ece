// SPDX-License-Identifier: BSL-1.0
// Purpose: the control block of fast::loop: inbox, node pool, count of remotes and the driver's waker, held by every
// remote, so that a foreign thread may be in the middle of a post while the loop is being destroyed.
//
// Thread safety: post, stop, attach, detach, remotes: any thread. The others: the loop's thread only.
// Invariants:
//  1. A waiting loop is woken exactly by the first that tells it something after it announced its sleep (see
//  inbox.hpp).
//  2. The waker is never closed under a sender: this block shares it (L1, L2).
// Complexity: post O(1), lock-free, no allocation once enough nodes go round.
// Rules: POST-1 to POST-4, WAIT-3, LIFE-2, LIFE-7.
#pragma once

#include <fast/inbox.hpp>
#include <fast/node_pool.hpp>
#include <galley/driver.hpp>
#include <galley/remote.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace galley::fast {

class mailbox final : public galley::mailbox {
public:
    explicit mailbox(std::shared_ptr<waker> w) noexcept : waker_{std::move(w)} {}

    [[nodiscard]] bool post(callback& work) override;
    void stop() noexcept override { wake_if(inbox_.stop()); }
    void attach() noexcept override {
        remotes_.fetch_add(
            1, std::memory_order_relaxed);  // relaxed: whoever attaches holds a remote, or is the loop's thread
    }
    void detach() noexcept override {
        // release: what this remote has posted comes before it is gone (LIFE-7)
        if (remotes_.fetch_sub(1, std::memory_order_release) == 1) {
            wake_if(inbox_.nudge());
        }
    }

    /// To be read before the inbox: what the last remote posted before it went is then seen there (LIFE-7).
    [[nodiscard]] std::size_t remotes() const noexcept {
        return remotes_.load(std::memory_order_acquire);  // acquire: pairs with detach
    }
    [[nodiscard]] inbox& box() noexcept { return inbox_; }
    /// Takes back the nodes of callbacks that have run.
    void recycle(post_list& spent) noexcept;

private:
    void wake_if(inbox::sent what) noexcept {
        if (what == inbox::sent::must_wake) {
            waker_->wake();
        }
    }

    inbox inbox_;
    node_pool pool_;
    // A cache line of its own: it is not written by every post, and must not be in the line that is. Changed by
    // fetch_add and fetch_sub only.
    alignas(64) std::atomic<std::size_t> remotes_{0};
    const std::shared_ptr<waker> waker_;
};

}  // namespace galley::fast
