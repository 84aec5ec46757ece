// SPDX-License-Identifier: BSL-1.0
// The recycler of coroutine frames: what is given back serves again, for what has the same size class, on the thread
// where it was given back; and whoever holds a block holds all of it alone. So what comes and goes in a program costs
// no allocation once there was one of it.
#include <fuzz/support/live_heap.hpp>
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/kernel/frame_pool.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

namespace pool = galley::frame_pool;
using galley::fuzz::allocations;
using galley::fuzz::live_blocks;

namespace {

constexpr std::size_t largest = pool::class_bytes * pool::class_count;

std::size_t rounded_up(std::size_t size) {
    return (size + pool::class_bytes - 1) / pool::class_bytes * pool::class_bytes;
}

class frame_pool : public ::testing::Test {
protected:
    void SetUp() override {
        if (GALLEY_POOL_FRAMES == 0) {
            GTEST_SKIP() << "every block comes from operator new, so that sanitizers see a use after free";
        }
    }
};

}  // namespace

TEST_F(frame_pool, a_block_serves_again_for_its_size_class_the_latest_first) {
    for (std::size_t size = 1; size <= largest; ++size) {
        void* const first = pool::allocate(size);
        void* const second = pool::allocate(size);
        pool::deallocate(first, size);
        pool::deallocate(second, size);
        EXPECT_EQ(pool::allocate(rounded_up(size)), second) << size;
        EXPECT_EQ(pool::allocate(rounded_up(size) - pool::class_bytes + 1), first) << size;
        pool::deallocate(first, size);
        pool::deallocate(second, size);
    }
}

TEST_F(frame_pool, a_block_that_was_given_back_on_another_thread_serves_that_one) {
    void* const block = pool::allocate(100);
    void* there = nullptr;
    std::thread{[&] {
        pool::deallocate(block, 100);
        there = pool::allocate(100);
        pool::deallocate(there, 100);  // the thread's end frees it
    }}.join();
    EXPECT_EQ(there, block);
}

TEST_F(frame_pool, a_thread_keeps_so_many_of_a_class_and_no_more) {
    std::thread{[] {
        for (const std::size_t size : {std::size_t{64}, largest}) {
            std::vector<void*> blocks(3 * pool::most_free);
            for (void*& block : blocks) {
                block = pool::allocate(size);
            }
            const std::size_t before = live_blocks();
            for (void* const block : blocks) {
                pool::deallocate(block, size);
            }
            EXPECT_EQ(before - live_blocks(), blocks.size() - pool::most_free) << size;
        }
    }}.join();
}

// Under sanitizers as well.
TEST(frame_pool_blocks, are_as_large_as_asked_for_and_nobody_elses) {
    struct held {
        unsigned char* memory;
        std::size_t size;
    };
    for (int time = 0; time < 2; ++time) {  // new ones, then used ones
        std::vector<held> all;
        for (std::size_t size = 1; size <= largest + 2 * pool::class_bytes; ++size) {
            all.push_back({static_cast<unsigned char*>(pool::allocate(size)), size});
            std::memset(all.back().memory, static_cast<int>(all.size() % 251), size);
        }
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto mark = static_cast<unsigned char>((i + 1) % 251);
            for (std::size_t at = 0; at < all[i].size; ++at) {
                ASSERT_EQ(all[i].memory[at], mark) << "byte " << at << " of " << all[i].size;
            }
            pool::deallocate(all[i].memory, all[i].size);
        }
    }
}

namespace {

galley::task<int> is_called() {
    co_await galley::yield();
    co_return 1;
}
galley::task<> sleeps() { co_await galley::sleep_for(std::chrono::nanoseconds{1}); }
galley::task<> comes_and_goes(std::size_t* in_the_end) {
    for (int time = 0; time < 100; ++time) {
        const std::size_t before = allocations();
        static_cast<void>(co_await is_called());
        auto handle = co_await galley::spawn_here(is_called());
        static_cast<void>(co_await handle.join());
        static_cast<void>(co_await galley::try_timeout(std::chrono::hours{1}, sleeps()));
        *in_the_end = allocations() - before;
    }
}

}  // namespace

TEST_F(frame_pool, calls_spawns_joins_and_timeouts_allocate_nothing_once_warm) {
    galley::fast::loop loop;
    std::size_t in_the_end = 1;
    galley::run(loop, comes_and_goes(&in_the_end));
    EXPECT_EQ(in_the_end, 0U);
}
