// SPDX-License-Identifier: BSL-1.0
// Calls from other threads, for loops that can be woken by another thread, but have no queue for what it wants: a
// vector under a mutex, as libev's documentation proposes ("Queueing").
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace galley_bench {

class locked_queue {
public:
    /// Any thread. True: it was empty, and the loop must be woken; else somebody has seen to that.
    [[nodiscard]] bool push(void (*run)(void*), void* argument) {
        const std::scoped_lock lock{mutex_};
        calls_.push_back({run, argument});
        return calls_.size() == 1;
    }
    /// The loop's thread: runs what is there.
    void run_all() {
        {
            const std::scoped_lock lock{mutex_};
            std::swap(calls_, running_);
        }
        for (const call& c : running_) {
            c.run(c.argument);
        }
        running_.clear();
    }

private:
    struct call {
        void (*run)(void*);
        void* argument;
    };
    std::mutex mutex_;
    std::vector<call> calls_;
    std::vector<call> running_;
};

}  // namespace galley_bench
