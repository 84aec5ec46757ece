// SPDX-License-Identifier: BSL-1.0
// fast::mailbox keeps nodes for each thread that posts. A thread that ends keeps none, and may post until its very end:
// from the destructors of what is its own, which may run after the nodes have gone (POST-1, POST-4).
#include <fast/mailbox.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <thread>

// What is allocated is counted; not under sanitizers, which look for leaks themselves.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define GALLEY_OWN_HEAP 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define GALLEY_OWN_HEAP 0
#endif
#endif
#ifndef GALLEY_OWN_HEAP
#define GALLEY_OWN_HEAP 1
#endif

namespace {
std::atomic<int> blocks{0};
}

#if GALLEY_OWN_HEAP
void* operator new(std::size_t size) {
    if (void* const memory = std::malloc(size)) {
        ++blocks;
        return memory;
    }
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept {
    blocks -= memory != nullptr ? 1 : 0;
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { ::operator delete(memory); }
#endif

namespace {

using galley::callback;
using galley::fast::mailbox;
using galley::fast::post_list;
using galley::fast::post_node;

struct no_waker : galley::waker {
    void wake() noexcept override {}
};

/// Speaks when its thread ends.
struct last_words {
    ~last_words() { say(); }
    std::function<void()> say;
};

/// What the loop does: takes the posts, ends them, gives their nodes back for all threads to use.
void run_posted(mailbox& box) {
    post_list arrived;
    arrived.append_reversed(box.box().take().newest);
    post_list spent;
    while (post_node* const node = arrived.pop_front()) {
        node->work = callback{};
        spent.push_back(*node);
    }
    box.recycle(spent);
}

/// A thread posts three callbacks, and, when they have run, two more at its end. How many tokens there are then: one,
/// and one in each callback that is left.
int tokens_left_by_a_thread_that_posts_to(mailbox& box, bool open) {
    const auto token = std::make_shared<int>(0);
    std::thread{[&] {
        const auto post = [&box, &token, open](int count) {
            for (int i = 0; i < count; ++i) {
                callback work{[mine = token] { ++*mine; }};
                EXPECT_EQ(box.post(work), open);
            }
        };
        // Constructed before the first post, thus destroyed after what the mailbox keeps for this thread.
        static thread_local last_words words;
        words.say = [post, &box, open] {
            if (open) {
                run_posted(box);
            }
            post(2);
        };
        post(3);
    }}.join();
    return static_cast<int>(token.use_count());
}

TEST(ThreadEnd, APostFromItIsKept) {
    const int before = blocks;
    {
        mailbox box{std::make_shared<no_waker>()};
        EXPECT_EQ(tokens_left_by_a_thread_that_posts_to(box, true), 1 + 2) << "a callback was lost";
    }
    EXPECT_EQ(blocks, before) << "something was lost with the thread, or freed twice";
}

TEST(ThreadEnd, APostThatIsRefusedThereLeavesNothing) {
    const int before = blocks;
    {
        mailbox box{std::make_shared<no_waker>()};
        EXPECT_EQ(box.box().close().newest, nullptr);
        EXPECT_EQ(tokens_left_by_a_thread_that_posts_to(box, false), 1);
    }
    EXPECT_EQ(blocks, before) << "something was lost with the thread, or freed twice";
}

}  // namespace
