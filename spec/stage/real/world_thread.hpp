// SPDX-License-Identifier: BSL-1.0
// Threads that real runs need besides the loop's: one that is the world, and one that watches for hangs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace galley::spec {

/// Does one job after another. `begin` and `finish` are called in turn, by one thread.
class world_thread {
public:
    world_thread() : thread_{[this](const std::stop_token& stop) { work(stop); }} {}

    void begin(std::function<void()> job) {
        const std::lock_guard lock{mutex_};
        job_ = std::move(job);
        changed_.notify_all();
    }
    /// Waits until the job is done.
    void finish() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !job_; });
    }

private:
    void work(const std::stop_token& stop) {
        std::unique_lock lock{mutex_};
        while (changed_.wait(lock, stop, [this] { return bool{job_}; })) {
            lock.unlock();
            job_();  // nobody changes it before it is done
            lock.lock();
            job_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::function<void()> job_;
    std::jthread thread_;  // last: it uses the others
};

/// Calls `rescue`, on a thread of its own, when `limit` has passed, and then every 100 ms, until it is destroyed.
class hang_watch {
public:
    hang_watch(std::chrono::milliseconds limit, std::function<void()> rescue)
        : rescue_{std::move(rescue)}, thread_{[this, limit](const std::stop_token& stop) { watch(stop, limit); }} {}

private:
    void watch(const std::stop_token& stop, std::chrono::milliseconds patience) {
        std::unique_lock lock{mutex_};
        for (;;) {
            if (ended_.wait_for(lock, stop, patience, [&stop] { return stop.stop_requested(); })) {
                return;
            }
            if (stop.stop_requested()) {
                return;
            }
            rescue_();
            patience = std::chrono::milliseconds{100};
        }
    }

    std::mutex mutex_;
    std::condition_variable_any ended_;
    std::function<void()> rescue_;
    std::jthread thread_;  // last: it uses the others
};

}  // namespace galley::spec
