// SPDX-License-Identifier: BSL-1.0
// What other threads may touch: a mutex and a list.
#pragma once

#include <galley/contract/driver.hpp>
#include <galley/contract/fork_guard.hpp>
#include <galley/contract/ready.hpp>
#include <galley/contract/remote.hpp>

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

namespace galley::ref {

/// An entry of the ready queue: a task's step, or else a posted callback.
struct turn {
    ready_entry step{};
    callback posted{};
};

/// The inbox of a ref::loop, shared with its remotes, and with them outliving it (POST-4). Everything is under one
/// mutex, so that each call is one indivisible step and there is no order to argue about; a poster may wait for another
/// poster, never for the loop's work (POST-2). It is one mutex for all inboxes, so that a fork can hold it: in the
/// child there is nobody to finish what another thread was in the middle of, or to unlock it (LIFE-8).
class inbox final : public mailbox {
public:
    /// Throws std::bad_alloc if there is no memory for the handlers of fork(2), which the first one installs.
    explicit inbox(std::shared_ptr<waker> w, galley::loop* of = nullptr);

    [[nodiscard]] bool post(std::span<callback> works) override {
        std::list<turn> turns(works.size());
        return take_in(turns, works);
    }
    [[nodiscard]] post_memory& reserve() override { return *std::make_unique<reserved>().release(); }
    [[nodiscard]] bool post(post_memory& memory, callback& work) noexcept override {
        const std::unique_ptr<reserved> owned{&static_cast<reserved&>(memory)};
        return take_in(owned->one, {&work, 1});
    }
    void give_back(post_memory& memory) noexcept override {
        const std::unique_ptr<reserved> owned{&static_cast<reserved&>(memory)};
    }
    void stop() noexcept override {
        const std::lock_guard lock{mutex_};
        stop_ = true;
        wake_if_sleeping();
    }
    void attach() noexcept override {
        const std::lock_guard lock{mutex_};
        ++remotes_;
    }
    void detach() noexcept override {
        const std::lock_guard lock{mutex_};
        if (--remotes_ == 0) {
            wake_if_sleeping();  // LIFE-7: perhaps nothing can come any more
        }
    }

    // --- the loop's side

    [[nodiscard]] bool stop_requested() const {
        const std::lock_guard lock{mutex_};
        return stop_;
    }
    void consume_stop() {
        const std::lock_guard lock{mutex_};
        stop_ = false;
    }
    [[nodiscard]] bool empty() const {
        const std::lock_guard lock{mutex_};
        return posts_.empty();
    }
    [[nodiscard]] bool has_remotes() const {
        const std::lock_guard lock{mutex_};
        return remotes_ > 0;
    }
    [[nodiscard]] std::list<turn> take_all() noexcept {
        const std::lock_guard lock{mutex_};
        return std::exchange(posts_, {});
    }
    /// Announces sleep, unless there is something that must not be slept through (WAIT-1, WAIT-3): a post, a stop, or,
    /// if remotes are all that the loop could wait for, that they are gone. Whoever comes later finds the announcement,
    /// and wakes.
    [[nodiscard]] bool fall_asleep(bool only_for_remotes) {
        const std::lock_guard lock{mutex_};
        const bool for_nobody = only_for_remotes && remotes_ == 0;
        sleeping_ = posts_.empty() && !stop_ && !for_nobody;
        return sleeping_;
    }
    void awake() {
        const std::lock_guard lock{mutex_};
        sleeping_ = false;
    }
    /// From now on posts are refused (LIFE-5).
    void close() {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }

private:
    struct reserved : post_memory {
        std::list<turn> one = std::list<turn>(1);
    };

    /// There are as many turns as works. False: refused, and both are left.
    [[nodiscard]] bool take_in(std::list<turn>& turns, std::span<callback> works) noexcept {
        if (guard_.in_child()) {
            return false;  // nobody would call it there (LIFE-8)
        }
        const std::lock_guard lock{mutex_};
        if (closed_) {
            return false;
        }
        std::ranges::transform(works, turns.begin(), [](callback& work) { return turn{.posted = std::move(work)}; });
        posts_.splice(posts_.end(), turns);  // POST-1: arrival order, so in order for each thread
        wake_if_sleeping();
        return true;
    }
    void wake_if_sleeping() noexcept {
        if (std::exchange(sleeping_, false)) {
            waker_->wake();
        }
    }

    static std::mutex mutex_;
    std::list<turn> posts_;
    std::size_t remotes_{};
    bool stop_{};
    bool sleeping_{};
    bool closed_{};
    const std::shared_ptr<waker> waker_;
    const fork_guard guard_;
};

}  // namespace galley::ref
