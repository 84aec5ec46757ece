// SPDX-License-Identifier: BSL-1.0
// Purpose: the loop's end of its mailbox: how a loop learns what other threads have told it, when it may sleep, and
// when it may say that nobody will tell it anything any more.
//
// An iteration asks in this order: attend; is a stop requested, has anything arrived? If there is nothing to do at all:
// nothing_comes, for a verdict; then fall_asleep, the wait, awake.
//
// Thread safety: the loop's thread.
// Invariants:
//  1. What was told is in the mailbox, or here: a stop until it is consumed, a post until it is taken out of `arrived`.
//  2. The sleep is announced only from fall_asleep, when that returns true, to awake.
// Complexity: O(1), but attend, which is O(posts that came).
// Rules: LIFE-2, LIFE-5, LIFE-7, POST-1, WAIT-1, WAIT-3.
#pragma once

#include <galley/fast/mailbox.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace galley::fast {

template <template <class> class Atomic = std::atomic>
class basic_receiving_end {
    using mailbox = basic_mailbox<Atomic>;
    using inbox = basic_inbox<Atomic>;
    using node = basic_post_node<Atomic>;

public:
    explicit basic_receiving_end(std::shared_ptr<mailbox> box) noexcept : mailbox_{std::move(box)} {}

    [[nodiscard]] const std::shared_ptr<mailbox>& box() const noexcept { return mailbox_; }

    /// Nothing was told since the latest `attend`.
    [[nodiscard]] bool nothing_came() const noexcept { return mailbox_->box().idle(); }
    /// Takes over what other threads have told.
    void attend() noexcept {
        inbox& box = mailbox_->box();
        if (!box.idle()) {
            const auto told = box.take();
            arrived_.append_reversed(told.newest);
            stop_requested_ |= told.stop;
        }
    }

    [[nodiscard]] bool stop_requested() const noexcept { return stop_requested_; }
    void consume_stop() noexcept { stop_requested_ = false; }

    /// Has come, and is not collected.
    [[nodiscard]] basic_post_list<Atomic>& arrived() noexcept { return arrived_; }
    [[nodiscard]] const basic_post_list<Atomic>& arrived() const noexcept { return arrived_; }
    /// Takes back the node of a callback that has run.
    void spend(node& n) noexcept {
        n.work.reset();
        spent_.push_back(n);
    }
    /// Gives the nodes that were spent to the posters.
    void recycle() noexcept { mailbox_->recycle(spent_); }

    /// True: nothing was told, and nothing can be told any more, says `sources_are_gone`, which hears whether no remote
    /// is left. Attends after that: the last source may have told something before it went (LIFE-7).
    template <class Judge>
    [[nodiscard]] bool nothing_comes(Judge sources_are_gone) noexcept {
        const bool gone = sources_are_gone(mailbox_->remotes() == 0);
        attend();
        return gone && !stop_requested_ && arrived_.empty();
    }

    /// Announces that the loop is going to wait. False: it must not. Something was told meanwhile (WAIT-1, WAIT-3), or
    /// only remotes could end the wait, and the last one went too early to find the loop asleep (LIFE-7).
    [[nodiscard]] bool fall_asleep(bool only_for_remotes) noexcept {
        if (!mailbox_->box().try_sleep()) {
            return false;
        }
        if (only_for_remotes && mailbox_->remotes() == 0) {
            awake();
            return false;
        }
        return true;
    }
    /// Ends the announcement, so that nobody wakes a loop that is awake.
    void awake() noexcept { attend(); }

    /// Refuses posts from now on. What has come before is never called (LIFE-5).
    void close() noexcept { arrived_.append_reversed(mailbox_->box().close().newest); }

private:
    std::shared_ptr<mailbox> mailbox_;
    bool stop_requested_{};  ///< taken from the inbox, not yet consumed
    basic_post_list<Atomic> arrived_;
    basic_post_list<Atomic> spent_;
};

using receiving_end = basic_receiving_end<>;

}  // namespace galley::fast
