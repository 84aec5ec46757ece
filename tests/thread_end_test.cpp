// SPDX-License-Identifier: BSL-1.0
// fast::mailbox keeps nodes for each thread that posts. A thread that ends keeps none, and may post until its very end:
// from the destructors of what is its own, which may run after the nodes have gone (POST-1, POST-4).
#include <fuzz/support/live_heap.hpp>
#include <galley/fast/mailbox.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace {

using galley::callback;
using galley::fast::mailbox;
using galley::fast::post_list;
using galley::fast::post_node;
using galley::fuzz::live_blocks;

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
                EXPECT_EQ(box.post({&work, 1}), open);
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
    const std::size_t before = live_blocks();
    {
        mailbox box{std::make_shared<no_waker>()};
        EXPECT_EQ(tokens_left_by_a_thread_that_posts_to(box, true), 1 + 2) << "a callback was lost";
    }
    EXPECT_EQ(live_blocks(), before) << "something was lost with the thread, or freed twice";
}

TEST(ThreadEnd, APostThatIsRefusedThereLeavesNothing) {
    const std::size_t before = live_blocks();
    {
        mailbox box{std::make_shared<no_waker>()};
        EXPECT_EQ(box.box().close().newest, nullptr);
        EXPECT_EQ(tokens_left_by_a_thread_that_posts_to(box, false), 1);
    }
    EXPECT_EQ(live_blocks(), before) << "something was lost with the thread, or freed twice";
}

}  // namespace
