// SPDX-License-Identifier: BSL-1.0
// Purpose: the control block of fast::loop: inbox, node pool, count of remotes and the driver's waker, held by every
// remote, so that a foreign thread may be in the middle of a post while the loop is being destroyed.
//
// Thread safety: post, stop, attach, detach, remotes: any thread. The others: the loop's thread only.
// Invariants:
//  1. A waiting loop is woken exactly by the first that tells it something after it announced
//     its sleep (see inbox.hpp).
//  2. The waker is never closed under a sender: this block shares it (L1, L2).
// Complexity: post O(posts), lock-free, no allocation once enough nodes go round.
// Rules: POST-1 to POST-5, WAIT-3, LIFE-2, LIFE-7.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/fork_guard.hpp>
#include <galley/contract/remote.hpp>
#include <galley/fast/inbox.hpp>
#include <galley/fast/node_cache.hpp>
#include <galley/fast/node_chain.hpp>
#include <galley/fast/node_pool.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
class basic_mailbox final : public galley::mailbox {
    using sent = typename basic_inbox<Atomic>::sent;
    using cache = basic_node_cache<Atomic>;
    using chain = basic_node_chain<Atomic>;
    using node = basic_post_node<Atomic>;

public:
    explicit basic_mailbox(std::shared_ptr<waker> w, galley::loop* of = nullptr)
        : galley::mailbox{of}, waker_{std::move(w)} {}

    [[nodiscard]] bool post(std::span<callback> works) override {
        if (works.size() == 1) [[likely]] {
            return post_these(works.first<1>());
        }
        return post_these(works);
    }
    [[nodiscard]] post_memory& reserve() override { return cache::mine().take(pool_); }
    [[nodiscard]] bool post(post_memory& memory, callback& work) noexcept override {
        chain nodes{pool_};
        nodes.push(static_cast<node&>(memory));
        return hand_over(nodes, std::span<callback, 1>{&work, 1});
    }
    // To the pool: this thread's own cache may never have been used, and would not know of the thread's end.
    void give_back(post_memory& memory) noexcept override {
        auto& n = static_cast<node&>(memory);
        pool_.give_back(n, n);
    }
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
    [[nodiscard]] basic_inbox<Atomic>& box() noexcept { return inbox_; }
    /// Takes back the nodes of callbacks that have run.
    void recycle(basic_post_list<Atomic>& spent) noexcept {
        if (!spent.empty()) {
            auto& last = *spent.back();
            pool_.give_back(*spent.release(), last);
        }
    }

private:
    // In line and for a known count, as all that is done for several is then nothing for the usual one.
    template <std::size_t Count>
    [[nodiscard, gnu::always_inline]] bool post_these(std::span<callback, Count> works) {
        chain nodes{pool_};
        cache& mine = cache::mine();
        for (std::size_t taken = 0; taken < works.size(); ++taken) {
            nodes.push(mine.take(pool_));
        }
        return hand_over(nodes, works);
    }
    template <std::size_t Count>
    [[nodiscard, gnu::always_inline]] bool hand_over(chain& nodes, std::span<callback, Count> works) noexcept {
        if (guard_.in_child()) [[unlikely]] {
            return false;  // nobody would call them there (LIFE-8)
        }
        nodes.fill(works);
        const sent what = inbox_.push(nodes.newest(), nodes.oldest());
        if (what == sent::refused) [[unlikely]] {
            nodes.empty_into(works);
            return false;
        }
        nodes.release();
        wake_if(what);
        return true;
    }
    void wake_if(sent what) noexcept {
        if (what == sent::must_wake) {
            waker_->wake();
        }
    }

    basic_inbox<Atomic> inbox_;
    basic_node_pool<Atomic> pool_;
    // How many remotes there are. A cache line of its own: it is not written by every post, and must not be in the line
    // that is. Changed by fetch_add (attach) and fetch_sub (detach) only, on any thread.
    alignas(64) Atomic<std::size_t> remotes_{0};
    const std::shared_ptr<waker> waker_;
    const fork_guard guard_;
};

extern template class basic_mailbox<std::atomic>;
using mailbox = basic_mailbox<>;

}  // namespace galley::fast
