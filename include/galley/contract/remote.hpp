// SPDX-License-Identifier: BSL-1.0
// The token through which any thread reaches a loop.
#pragma once

#include <galley/contract/callback.hpp>

#include <memory>
#include <span>
#include <utility>

namespace galley {

class loop;

/// The memory of one post, as the mailbox that it came from knows it.
struct post_memory {};

/// The part of a loop that foreign threads may touch: it outlives the loop for as long as a remote exists (POST-4).
/// All members are safe from any thread.
class mailbox {
public:
    /// `of`: the loop, if it is one's.
    explicit mailbox(loop* of = nullptr) noexcept : loop_{of} {}
    mailbox(const mailbox&) = delete;
    mailbox& operator=(const mailbox&) = delete;
    virtual ~mailbox() = default;

    /// Puts `works`, which are not none, into the inbox, and wakes the loop if it sleeps. False: the loop is closed, or
    /// this is a forked child (LIFE-8); `works` are untouched.
    /// Throws std::bad_alloc, and then nothing was posted.
    [[nodiscard]] virtual bool post(std::span<callback> works) = 0;

    /// Memory for one post. Throws std::bad_alloc.
    [[nodiscard]] virtual post_memory& reserve() = 0;
    /// As `post` of one, in memory that came from `reserve`, and is given up by this.
    [[nodiscard]] virtual bool post(post_memory& memory, callback& work) noexcept = 0;
    /// What was reserved is not needed.
    virtual void give_back(post_memory& memory) noexcept = 0;

    virtual void stop() noexcept = 0;
    virtual void attach() noexcept = 0;  ///< one remote more
    virtual void detach() noexcept = 0;  ///< one less; the last one wakes the loop (LIFE-7)

    [[nodiscard]] loop* owner() const noexcept { return loop_; }

private:
    loop* loop_;
};

/// One post whose memory was taken beforehand: what must be told later can be told then, however little memory there
/// is. It is no remote, and keeps no loop waiting: whoever posts with it, from any thread, holds a remote until it has
/// (LIFE-7). Moves only.
class reserved_post {
public:
    /// Throws std::bad_alloc.
    explicit reserved_post(std::shared_ptr<mailbox> box) : box_{std::move(box)}, memory_{&box_->reserve()} {}
    reserved_post(reserved_post&& other) noexcept
        : box_{std::move(other.box_)}, memory_{std::exchange(other.memory_, nullptr)} {}
    reserved_post& operator=(reserved_post&&) = delete;
    ~reserved_post() {
        if (memory_ != nullptr) {
            box_->give_back(*memory_);
        }
    }

    /// As `remote::post`, once, and it cannot fail for want of memory. False: refused, and `work` is untouched.
    [[nodiscard]] bool post(callback& work) noexcept { return box_->post(*std::exchange(memory_, nullptr), work); }

private:
    std::shared_ptr<mailbox> box_;
    post_memory* memory_;
};

/// A token that allows posting to a loop. While one exists, a loop with pending tasks waits instead of reporting a
/// deadlock (LIFE-1); it does not delay *completed* (LIFE-3). Copies are tokens of their own. Distinct remotes may be
/// used from any threads at once; one remote object is used by one thread at a time.
///
/// An inbox has no bound: a poster, which never waits for the loop (POST-2), fills the memory if the loop is stopped or
/// does not keep up. Who wants a bound brings it: a semaphore that is acquired before each post, say, and released by
/// the callback, in its destructor, as a loop that goes calls nothing.
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
    [[nodiscard]] bool post(callback work) const { return box_->post({&work, 1}); }

    /// Several posts at once: all of them, in this order and with nothing between them, or none (POST-5), and then
    /// `works` are untouched. Costs one modification of the inbox, and at most one wake-up.
    [[nodiscard]] bool post_all(std::span<callback> works) const { return works.empty() || box_->post(works); }

    /// A post without callback: makes a waiting loop take another turn.
    [[nodiscard]] bool wake() const { return post(callback{}); }

    /// For a post that cannot fail (THREAD-2). Throws std::bad_alloc.
    [[nodiscard]] reserved_post reserve() const { return reserved_post{box_}; }

    /// Requests a stop, as `loop::stop`; harmless when the loop is gone.
    void stop() const noexcept { box_->stop(); }

    /// The loop that it leads to. To be used in what was posted to it, and there only: elsewhere it may be gone.
    [[nodiscard]] loop* target() const noexcept { return box_->owner(); }

private:
    std::shared_ptr<mailbox> box_;
};

}  // namespace galley
