// SPDX-License-Identifier: BSL-1.0
// The token through which any thread reaches a loop.
#pragma once

#include <galley/contract/callback.hpp>

#include <memory>
#include <utility>

namespace galley {

/// The part of a loop that foreign threads may touch: it outlives the loop for as long as a remote exists (POST-4).
/// All members are safe from any thread.
class mailbox {
public:
    mailbox() = default;
    mailbox(const mailbox&) = delete;
    mailbox& operator=(const mailbox&) = delete;
    virtual ~mailbox() = default;

    /// Puts `work` into the inbox and wakes the loop if it sleeps. False: the loop is closed, or this is a forked child
    /// (LIFE-8); `work` is untouched.
    /// Throws std::bad_alloc, and then nothing was posted.
    [[nodiscard]] virtual bool post(callback& work) = 0;
    virtual void stop() noexcept = 0;
    virtual void attach() noexcept = 0;  ///< one remote more
    virtual void detach() noexcept = 0;  ///< one less; the last one wakes the loop (LIFE-7)
};

/// A token that allows posting to a loop. While one exists, a loop with pending tasks waits instead of reporting a
/// deadlock (LIFE-1); it does not delay *completed* (LIFE-3). Copies are tokens of their own. Distinct remotes may be
/// used from any threads at once; one remote object is used by one thread at a time.
class remote {
public:
    explicit remote(std::shared_ptr<mailbox> box) noexcept : box_{std::move(box)} { box_->attach(); }
    remote(const remote& other) noexcept : box_{other.box_} {
        if (box_) {
            box_->attach();
        }
    }
    remote(remote&& other) noexcept = default;
    remote& operator=(remote other) noexcept {
        box_.swap(other.box_);
        return *this;
    }
    ~remote() {
        if (box_) {
            box_->detach();
        }
    }

    /// Hands a callback over to the loop's thread. It is called exactly once, in a round of its own turn (POST-1),
    /// after those that this thread posted before (POST-1), unless the loop is destroyed first. Never blocks on the
    /// loop (POST-2). Returns false if the loop is closed (POST-4), or belongs to the parent of this forked child
    /// (LIFE-8): nothing was posted. Throws std::bad_alloc with nothing posted.
    [[nodiscard]] bool post(callback work) const { return box_->post(work); }

    /// A post without callback: makes a waiting loop take another turn.
    [[nodiscard]] bool wake() const { return post(callback{}); }

    /// Requests a stop, as `loop::stop`; harmless when the loop is gone.
    void stop() const noexcept { box_->stop(); }

private:
    std::shared_ptr<mailbox> box_;
};

}  // namespace galley
