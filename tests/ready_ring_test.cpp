// SPDX-License-Identifier: BSL-1.0
// The ready queue of fast::loop against a plain vector: order, snapshots, growth in the middle of a round, and what
// happens when memory is short.
#include "loop_fixture.hpp"

#include <fuzz/support/live_heap.hpp>
#include <galley/fast/ready_buffer.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <numeric>
#include <span>
#include <vector>

namespace {

using galley::ready_entry;
using galley::fast::ready_buffer;
}  // namespace

// Array allocations, which only the buffer makes here, can be made to fail; not under sanitizers, which bring a heap of
// their own.
#if GALLEY_COUNTED_HEAP
namespace {
bool short_of_memory = false;
}
void* operator new[](std::size_t size) {
    if (short_of_memory) {
        throw std::bad_alloc{};
    }
    return ::operator new(size);
}
void operator delete[](void* memory) noexcept { ::operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { ::operator delete(memory); }
#endif

namespace {

ready_entry entry(std::size_t number) {
    return {[](void*) noexcept {}, reinterpret_cast<void*>(static_cast<std::uintptr_t>(number))};
}
std::size_t number(ready_entry e) { return static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(e.argument)); }

/// The seam as galley::loop has it.
struct queue {
    ready_entry* put{};
    ready_entry* put_end{};
    ready_buffer buffer{put, put_end};

    void schedule(ready_entry e) {
        if (put < put_end) {
            *put++ = e;
        } else {
            buffer.push(e);
        }
    }
    std::vector<std::size_t> take() {
        if (buffer.size() == 1) {
            return {number(buffer.take_only())};
        }
        std::vector<std::size_t> numbers;
        for (const ready_entry& e : buffer.take_round()) {
            numbers.push_back(number(e));
        }
        return numbers;
    }
};

TEST(ReadyBuffer, LendsAndTakesBack) {
    ready_entry* put = nullptr;
    ready_entry* put_end = nullptr;
    {
        const ready_buffer buffer{put, put_end};
        EXPECT_NE(put, put_end);
        EXPECT_EQ(buffer.size(), 0U);
    }
    EXPECT_EQ(put, nullptr);
    EXPECT_EQ(put_end, nullptr);
}

/// What is appended while nothing is lent, as under an observer, is in its round all the same.
TEST(ReadyBuffer, NeedNotLend) {
    queue q;
    std::vector<std::size_t> expected;
    for (const std::size_t count : {0U, 1U, 63U, 64U, 200U, 1U}) {
        for (const bool lends : {false, true}) {
            q.buffer.lend(lends);
            EXPECT_EQ(q.put_end != nullptr, lends);
            for (std::size_t i = 0; i != count; ++i) {
                q.schedule(entry(i));
                expected.push_back(i);
            }
        }
        EXPECT_EQ(q.take(), expected);
        expected.clear();
    }
}

/// READY-2: what is appended while a round runs is in the next one, and the round stays what it was, however much the
/// queue grows meanwhile.
TEST(ReadyBuffer, ARoundIsASnapshot) {
    for (std::size_t meanwhile : {0U, 1U, 2U, 63U, 64U, 65U, 1000U}) {
        for (const std::size_t reserve : {0U, 3000U}) {
            queue q;
            for (std::size_t i = 0; i != 50; ++i) {
                q.schedule(entry(i));
            }
            const std::span<const ready_entry> round = q.buffer.take_round();
            if (reserve != 0) {
                q.buffer.reserve_tasks(reserve);
            }
            for (std::size_t i = 0; i != meanwhile; ++i) {
                q.schedule(entry(1000 + i));
            }
            ASSERT_EQ(round.size(), 50U);
            for (std::size_t i = 0; i != 50; ++i) {
                ASSERT_EQ(number(round[i]), i);
            }
            const std::vector<std::size_t> next = q.take();
            ASSERT_EQ(next.size(), meanwhile);
            for (std::size_t i = 0; i != meanwhile; ++i) {
                ASSERT_EQ(next[i], 1000 + i);
            }
            EXPECT_EQ(q.buffer.size(), 0U);
        }
    }
}

/// Entries for which nobody had reserved room may have taken a callback's.
TEST(ReadyBuffer, ACallbackFindsRoomBehindWhateverIsThere) {
    for (const std::size_t others : {63U, 64U, 65U, 128U}) {
        queue q;
        std::vector<std::size_t> expected;
        for (std::size_t i = 0; i != others; ++i) {
            q.schedule(entry(i));
            expected.push_back(i);
        }
        expected.push_back(others);
        EXPECT_TRUE(q.buffer.push_callback(entry(others)));
        EXPECT_LE(q.put, q.put_end);
        EXPECT_EQ(q.take(), expected);
    }
}

#if GALLEY_COUNTED_HEAP
/// Room that was reserved is there without allocating, in every round from then on, whatever callbacks do.
TEST(ReadyBuffer, ReservedRoomNeedsNoMemory) {
    for (const std::size_t tasks : {1U, 63U, 64U, 65U, 200U, 5000U}) {
        for (std::size_t callbacks : {0U, 1U, 70U, 10'000U}) {
            queue q;
            q.buffer.reserve_tasks(tasks);
            short_of_memory = true;
            for (int round = 0; round != 5; ++round) {
                std::size_t accepted = 0;
                for (std::size_t i = 0; i != callbacks; ++i) {
                    accepted += q.buffer.push_callback(entry(i)) ? 1U : 0U;
                }
                for (std::size_t i = 0; i != tasks; ++i) {
                    ASSERT_NE(q.put, q.put_end) << "a task's entry had no room";
                    q.schedule(entry(i));
                }
                ASSERT_EQ(q.take().size(), tasks + accepted);
            }
            short_of_memory = false;
            EXPECT_TRUE(callbacks == 0 || q.buffer.push_callback(entry(0))) << "with memory, callbacks have room";
        }
    }
}

TEST(ReadyBuffer, AFailedReserveChangesNothing) {
    queue q;
    q.schedule(entry(1));
    q.schedule(entry(2));
    short_of_memory = true;
    EXPECT_THROW(q.buffer.reserve_tasks(1000), std::bad_alloc);
    short_of_memory = false;
    EXPECT_EQ(q.buffer.size(), 2U);
    EXPECT_EQ(q.take(), (std::vector<std::size_t>{1, 2}));
    q.buffer.reserve_tasks(1000);
    for (std::size_t i = 0; i != 1000; ++i) {
        ASSERT_NE(q.put, q.put_end);
        q.schedule(entry(i));
    }
    EXPECT_EQ(q.take().size(), 1000U);
}

using FastLoop = galley::test::on_loop<galley::fast::loop>;

/// POST-1: a post for which the queue has no room waits until a round has made some.
TEST_F(FastLoop, PostsWaitForRoomInTheirOrder) {
    constexpr int posts = 1000;
    std::vector<int> called;
    const auto body = [](galley::loop* own, std::vector<int>* to) -> galley::task<void> {
        const galley::remote remote = own->get_remote();
        for (int i = 0; i != posts; ++i) {
            EXPECT_TRUE(remote.post([to, i] { to->push_back(i); }));
        }
        short_of_memory = true;
        while (static_cast<int>(to->size()) != posts) {
            const std::size_t before = to->size();
            co_await galley::yield();  // to the end of this round
            co_await galley::yield();
            if (to->size() == before) {
                break;
            }
        }
        short_of_memory = false;
    };
    galley::run(loop, body(&loop, &called));
    std::vector<int> expected(posts);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(called, expected);
}
#endif

RC_GTEST_PROP(ReadyBuffer, BehavesAsAQueueOfRounds, ()) {
    queue q;
    std::vector<std::size_t> model;
    std::size_t next = 0;
    const int length = *rc::gen::inRange(1, 400);
    for (int i = 0; i != length; ++i) {
        switch (*rc::gen::inRange(0, 5)) {
            case 0: q.buffer.reserve_tasks(*rc::gen::inRange<std::size_t>(0, 600)); break;
            case 1:
                RC_ASSERT(q.take() == model);
                model.clear();
                break;
            case 2:
                RC_ASSERT(q.buffer.push_callback(entry(next)));
                model.push_back(next++);
                break;
            default:
                for (auto burst = *rc::gen::inRange(0, 100); burst != 0; --burst) {
                    q.schedule(entry(next));
                    model.push_back(next++);
                }
        }
        RC_ASSERT(q.buffer.size() == model.size());
        RC_ASSERT(q.buffer.waiting().size() == model.size());
    }
    RC_ASSERT(q.take() == model);
}

}  // namespace
