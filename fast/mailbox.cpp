// SPDX-License-Identifier: BSL-1.0
#include <fast/mailbox.hpp>

namespace galley::fast {

namespace {

/// This thread's free nodes. Trivial, so that a post needs no check whether they have been constructed.
constinit thread_local post_node* free_nodes = nullptr;
/// The thread is ending: what it still posts (destructors of other thread-local objects do) comes from the heap.
constinit thread_local bool thread_ends = false;

struct thread_cache {
    thread_cache() = default;
    thread_cache(const thread_cache&) = delete;
    thread_cache& operator=(const thread_cache&) = delete;
    ~thread_cache() {
        thread_ends = true;
        destroy_nodes(std::exchange(free_nodes, nullptr));
    }
    void hold(post_node* nodes) noexcept { free_nodes = nodes; }
};

/// A node for this thread when it has none left.
post_node* refill(node_pool& pool) {
    if (thread_ends) {
        return std::make_unique<post_node>().release();
    }
    static thread_local thread_cache
        cache;  // constructed here, at the first need, so that it is destroyed with the thread
    post_node* node = pool.take_all();
    if (node == nullptr) {
        node = std::make_unique<post_node>().release();
    }
    cache.hold(node->next);
    return node;
}

/// Back to the cache, for the next post of this thread.
void put_back(post_node* node) noexcept {
    if (thread_ends) {
        node->next = nullptr;
        destroy_nodes(node);
    } else {
        node->next = std::exchange(free_nodes, node);
    }
}

}  // namespace

bool mailbox::post(callback& work) {
    post_node* node = free_nodes;
    if (node != nullptr) [[likely]] {
        free_nodes = node->next;
    } else {
        node = refill(pool_);
    }
    node->work = std::move(work);
    const inbox::sent what = inbox_.push(*node);
    if (what == inbox::sent::refused) [[unlikely]] {
        work = std::move(node->work);
        put_back(node);
        return false;
    }
    wake_if(what);
    return true;
}

void mailbox::recycle(post_list& spent) noexcept {
    if (!spent.empty()) {
        post_node& last = *spent.back();
        pool_.give_back(*spent.release(), last);
    }
}

}  // namespace galley::fast
