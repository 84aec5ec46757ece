// SPDX-License-Identifier: BSL-1.0
// The reference's inbox alone: who is refused sleep, who wakes whom, what a close refuses. Threads meet it in
// remote_test.cpp; the moments that they hit there by chance are hit here on purpose.
#include <galley/ref/inbox.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace galley::test {
namespace {

class counting_waker final : public waker {
public:
    void wake() noexcept override { ++wakes; }
    int wakes{};
};

class ref_inbox : public ::testing::Test {
protected:
    bool post(int number) {
        callback work{[this, number] { called.push_back(number); }};
        return box.post({&work, 1});
    }
    void call_all() {
        for (ref::turn& turn : box.take_all()) {
            turn.posted();
        }
    }

    std::shared_ptr<counting_waker> token{std::make_shared<counting_waker>()};
    ref::inbox box{token};
    std::vector<int> called;
};

// W8: what was told before the announcement must not be slept through, as nobody will wake for it any more.
TEST_F(ref_inbox, refuses_sleep_to_whoever_was_told) {
    EXPECT_TRUE(box.fall_asleep(false));
    box.awake();
    EXPECT_TRUE(post(1));
    EXPECT_FALSE(box.fall_asleep(false));
    EXPECT_FALSE(box.empty());
    call_all();
    EXPECT_TRUE(box.empty());
    box.stop();
    EXPECT_FALSE(box.fall_asleep(false));
    box.consume_stop();
    EXPECT_TRUE(box.fall_asleep(false));
    EXPECT_EQ(token->wakes, 0);
}

// LIFE-7
TEST_F(ref_inbox, sleeps_for_the_sake_of_remotes_only_while_there_are_any) {
    EXPECT_FALSE(box.fall_asleep(true));
    EXPECT_TRUE(box.fall_asleep(false)) << "a timer or an operation can come";
    box.awake();
    box.attach();
    box.attach();
    EXPECT_TRUE(box.fall_asleep(true));
    box.detach();
    EXPECT_EQ(token->wakes, 0);
    EXPECT_TRUE(box.has_remotes());
    box.detach();
    EXPECT_EQ(token->wakes, 1) << "perhaps nothing can come any more";
    EXPECT_FALSE(box.has_remotes());
}

// POST-3, WAIT-3
TEST_F(ref_inbox, the_first_to_tell_wakes_a_sleeper_and_only_once) {
    const std::array<std::function<void()>, 3> ways{[&] { EXPECT_TRUE(post(1)); }, [&] { box.stop(); },
                                                    [&] {
                                                        box.attach();
                                                        box.detach();
                                                    }};
    for (const auto& first : ways) {
        token->wakes = 0;
        ASSERT_TRUE(box.fall_asleep(false));
        first();
        EXPECT_EQ(token->wakes, 1);
        for (const auto& more : ways) {
            more();
        }
        EXPECT_EQ(token->wakes, 1);
        box.awake();
        box.consume_stop();
        call_all();
    }
    ASSERT_TRUE(box.fall_asleep(false));
    box.awake();
    EXPECT_TRUE(post(1));
    EXPECT_EQ(token->wakes, 1) << "who has woken by itself is not woken";
}

// POST-1, LIFE-2
TEST_F(ref_inbox, hands_over_each_post_once_in_order_and_keeps_a_stop_until_it_is_consumed) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(post(i));
    }
    box.stop();
    call_all();
    call_all();
    EXPECT_EQ(called, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_TRUE(box.stop_requested());
    EXPECT_TRUE(box.stop_requested());
    box.consume_stop();
    EXPECT_FALSE(box.stop_requested());
}

// POST-5
TEST_F(ref_inbox, takes_posts_that_are_made_together_or_refuses_them_together) {
    std::array<callback, 2> works{[this] { called.push_back(1); }, [this] { called.push_back(2); }};
    EXPECT_TRUE(box.post(works));
    call_all();
    EXPECT_EQ(called, (std::vector<int>{1, 2}));
    works = {[this] { called.push_back(3); }, [this] { called.push_back(4); }};
    box.close();
    EXPECT_FALSE(box.post(works));
    for (callback& work : works) {
        ASSERT_TRUE(static_cast<bool>(work));
        work();
    }
    EXPECT_EQ(called, (std::vector<int>{1, 2, 3, 4}));
}

// POST-4
TEST_F(ref_inbox, refuses_when_closed_and_leaves_the_callback_to_its_owner) {
    EXPECT_TRUE(post(1));
    box.close();
    callback work{[this] { called.push_back(2); }};
    EXPECT_FALSE(box.post({&work, 1}));
    ASSERT_TRUE(static_cast<bool>(work));
    work();
    call_all();
    EXPECT_EQ(called, (std::vector<int>{2, 1}));
}

}  // namespace
}  // namespace galley::test
