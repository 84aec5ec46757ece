// SPDX-License-Identifier: BSL-1.0
// A few threads for work that blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace galley {

/// Threads that take jobs in the order in which they were handed over, each one at a time (THREAD-5). The queue has no
/// limit of its own: a job is put there by a task that waits for it (to_thread.hpp), so it is as long as the crowd of
/// these; a `semaphore` in front of it is how a program keeps it shorter.
///
/// Its destruction, on any thread but its own, withdraws the jobs that have not begun, tells those that run to stop,
/// and waits until they have ended. All other members are safe from any thread. A forked child has none of the threads:
/// it is refused, and destroying its copy waits for nobody (LIFE-8).
class thread_pool {
    struct shop;

public:
    /// Something to be done once.
    class job {
    public:
        job() = default;
        job(const job&) = delete;
        job& operator=(const job&) = delete;
        virtual ~job() = default;
        virtual void run() noexcept = 0;
        /// It need not go on; on any thread, while it runs or after that.
        virtual void stop() noexcept = 0;
    };

    /// Throws std::invalid_argument for no threads, std::bad_alloc, and std::system_error if a thread cannot be
    /// started: those that were started have ended then.
    explicit thread_pool(std::size_t threads);
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;
    ~thread_pool();

    /// The one that `to_thread` uses if it is given none: made when it is first asked for, and destroyed as a static
    /// object is. It has as many threads as the machine can run at once, but no fewer than 4. Throws
    /// as the constructor does.
    [[nodiscard]] static thread_pool& common();

    /// A job that was handed over. When this goes, nobody waits for the job any more: it is withdrawn if it has not
    /// begun, else told to stop. It may outlive the pool.
    class ticket {
    public:
        ticket(ticket&&) noexcept = default;
        ticket& operator=(ticket&&) = delete;
        ~ticket();  ///< O(jobs that wait)

    private:
        friend class thread_pool;
        ticket(std::shared_ptr<shop> to, const std::shared_ptr<job>& work) noexcept
            : shop_{std::move(to)}, job_{work} {}

        std::shared_ptr<shop> shop_;
        std::weak_ptr<job> job_;  ///< the shop's, until it has been run or withdrawn
    };

    /// Throws std::bad_alloc, and std::logic_error in a forked child: nothing was handed over then. O(1).
    [[nodiscard]] ticket submit(std::shared_ptr<job> work);

private:
    std::shared_ptr<shop> shop_;
};

}  // namespace galley
