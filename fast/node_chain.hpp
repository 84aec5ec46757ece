// SPDX-License-Identifier: BSL-1.0
// Purpose: the nodes of posts that are handed over together, before they are: linked from the newest to the oldest, as
// the inbox takes them.
//
// Thread safety: one thread, whose own it is.
// Invariants: nodes that are not released go back to the pool, with empty callbacks.
// Complexity: O(1) but `fill` and `empty_into`, which are O(nodes).
// Rules: POST-4, POST-5.
#pragma once

#include <galley/fast/node_pool.hpp>
#include <galley/fast/post_node.hpp>

#include <atomic>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
class basic_node_chain {
    using node = basic_post_node<Atomic>;

public:
    explicit basic_node_chain(basic_node_pool<Atomic>& pool) noexcept : pool_{pool} {}
    basic_node_chain(const basic_node_chain&) = delete;
    basic_node_chain& operator=(const basic_node_chain&) = delete;
    ~basic_node_chain() {
        if (newest_ != nullptr) {
            pool_.give_back(*newest_, *oldest_);
        }
    }

    void push(node& n) noexcept {
        if (newest_ == nullptr) {
            oldest_ = &n;
        }
        n.next = std::exchange(newest_, &n);
    }
    /// Moves a callback into each node, the last into the newest. There must be as many.
    template <std::size_t Count>
    void fill(std::span<callback, Count> works) noexcept {
        for_each_with(works, [](callback& held, callback& work) noexcept { held = std::move(work); });
    }
    /// Moves them back.
    template <std::size_t Count>
    void empty_into(std::span<callback, Count> works) noexcept {
        for_each_with(works, [](callback& held, callback& work) noexcept { work = std::move(held); });
    }
    [[nodiscard]] node& newest() const noexcept { return *newest_; }
    [[nodiscard]] node& oldest() const noexcept { return *oldest_; }
    /// They have another owner now.
    void release() noexcept { newest_ = nullptr; }

private:
    template <std::size_t Count, class Pair>
    void for_each_with(std::span<callback, Count> works, Pair with) noexcept {
        node* n = newest_;
        for (callback& work : works | std::views::reverse) {
            with(n->work, work);
            n = n->next;
        }
    }

    basic_node_pool<Atomic>& pool_;
    node* newest_{};
    node* oldest_{};  ///< meaningful if there is a newest
};

}  // namespace galley::fast
