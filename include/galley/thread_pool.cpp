// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/fork_guard.hpp>
#include <galley/thread_pool.hpp>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace galley {

using job_ref = std::shared_ptr<thread_pool::job>;

/// What the pool and its threads share. Everything but the threads themselves is under the mutex. No job is run, told
/// or destroyed under it: what a job does may come back to the pool.
struct thread_pool::shop {
    struct worker {
        std::thread thread{};
        job_ref at{};
    };

    explicit shop(std::size_t threads) : workers(threads) {}

    void work(worker& self) noexcept {
        while (take_next(self)) {
            self.at->run();
            const job_ref done = put_away(self);
        }
    }
    /// False: the pool closes.
    [[nodiscard]] bool take_next(worker& self) noexcept {
        std::unique_lock lock{mutex};
        something_to_do.wait(lock, [this] { return closing || !waiting.empty(); });
        if (closing) {
            return false;
        }
        self.at = std::move(waiting.front());
        waiting.pop_front();
        return true;
    }
    [[nodiscard]] job_ref put_away(worker& self) noexcept {
        const std::lock_guard lock{mutex};
        return std::exchange(self.at, nullptr);
    }
    /// False: it has begun, or was withdrawn.
    [[nodiscard]] bool withdraw(const job& work) noexcept {
        std::list<job_ref> withdrawn;
        const std::lock_guard lock{mutex};
        const auto place = std::ranges::find(waiting, &work, &job_ref::get);
        if (place == waiting.end()) {
            return false;
        }
        withdrawn.splice(withdrawn.end(), waiting, place);
        return true;
    }
    void close() noexcept {
        std::list<job_ref> withdrawn;
        {
            const std::lock_guard lock{mutex};
            closing = true;
            withdrawn.swap(waiting);
        }
        something_to_do.notify_all();
        withdrawn.clear();
        for (worker& w : workers) {
            if (const job_ref running = what_runs(w)) {
                running->stop();
            }
        }
        for (worker& w : workers) {
            if (w.thread.joinable()) {
                w.thread.join();
            }
        }
    }
    [[nodiscard]] job_ref what_runs(const worker& w) noexcept {
        const std::lock_guard lock{mutex};
        return w.at;
    }

    fork_guard guard{};
    std::mutex mutex{};
    std::condition_variable something_to_do{};
    std::list<job_ref> waiting{};
    std::vector<worker> workers;
    bool closing{};
    // In a forked child:
    std::shared_ptr<shop> itself{};
    shop* next_left{};
};

thread_pool::thread_pool(std::size_t threads) : shop_{std::make_shared<shop>(threads)} {
    if (threads == 0) {
        throw std::invalid_argument("galley::thread_pool: it must have a thread");
    }
    try {
        for (shop::worker& w : shop_->workers) {
            w.thread = std::thread{[&w, s = shop_.get()] { s->work(w); }};
        }
    } catch (...) {
        shop_->close();
        throw;
    }
}

thread_pool::~thread_pool() {
    if (!shop_->guard.in_child()) {
        shop_->close();
        return;
    }
    // A copy cannot be taken apart: its threads are not here to be joined, and one of them may hold the mutex. So it
    // stays, where a leak checker finds it.
    static shop* left_alone;
    shop_->itself = shop_;
    shop_->next_left = std::exchange(left_alone, shop_.get());
}

thread_pool& thread_pool::common() {
    static thread_pool pool{std::max<std::size_t>(4, std::thread::hardware_concurrency())};
    return pool;
}

thread_pool::ticket thread_pool::submit(job_ref work) {
    if (shop_->guard.in_child()) {
        throw std::logic_error("galley::thread_pool: a forked child has no threads of its parent's pool");
    }
    ticket t{shop_, work};
    std::list<job_ref> one;
    one.push_back(std::move(work));
    {
        const std::lock_guard lock{shop_->mutex};
        shop_->waiting.splice(shop_->waiting.end(), one);
    }
    shop_->something_to_do.notify_one();
    return t;
}

thread_pool::ticket::~ticket() {
    if (shop_ == nullptr || shop_->guard.in_child()) {
        return;
    }
    if (const job_ref job = job_.lock(); job != nullptr && !shop_->withdraw(*job)) {
        job->stop();
    }
}

}  // namespace galley
