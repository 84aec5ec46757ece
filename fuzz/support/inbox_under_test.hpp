// SPDX-License-Identifier: BSL-1.0
// Both loops' inboxes behind one face, each used as its loop uses it.
#pragma once

#include <fast/mailbox.hpp>
#include <ref/inbox.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace galley::fuzz {

/// Only counts; nobody sleeps really.
struct counting_waker final : waker {
    void wake() noexcept override { ++wakes; }
    std::size_t wakes{};
};

/// The loop's side. `run` is called for each post that is taken, oldest first, with its callback.
class ref_inbox {
public:
    explicit ref_inbox(std::shared_ptr<waker> w) : box_{std::make_shared<ref::inbox>(std::move(w))} {}

    [[nodiscard]] const std::shared_ptr<ref::inbox>& box() const noexcept { return box_; }
    [[nodiscard]] bool idle() const { return box_->empty() && !box_->stop_requested(); }
    [[nodiscard]] bool has_remotes() const { return box_->has_remotes(); }
    [[nodiscard]] bool fall_asleep(bool only_for_remotes) { return box_->fall_asleep(only_for_remotes); }
    /// Ends the sleep. True: a stop was requested.
    template <class Run>
    bool take(Run run) {
        box_->awake();
        const bool stop = box_->stop_requested();
        if (stop) box_->consume_stop();
        for (ref::turn& turn : box_->take_all()) run(turn.posted);
        return stop;
    }
    void close() { box_->close(); }

private:
    std::shared_ptr<ref::inbox> box_;
};

class fast_inbox {
public:
    explicit fast_inbox(std::shared_ptr<waker> w) : box_{std::make_shared<fast::mailbox>(std::move(w))} {}

    [[nodiscard]] const std::shared_ptr<fast::mailbox>& box() const noexcept { return box_; }
    [[nodiscard]] bool idle() const noexcept { return box_->box().idle(); }
    [[nodiscard]] bool has_remotes() const noexcept { return box_->remotes() > 0; }
    [[nodiscard]] bool fall_asleep(bool only_for_remotes) {
        if (!box_->box().try_sleep()) return false;
        if (!only_for_remotes || has_remotes()) return true;
        attend();
        return false;
    }
    template <class Run>
    bool take(Run run) {
        box_->recycle(spent_);
        attend();
        while (fast::post_node* const node = arrived_.pop_front()) {
            run(node->work);
            node->work = callback{};
            spent_.push_back(*node);
        }
        return std::exchange(stop_, false);
    }
    void close() { arrived_.append_reversed(box_->box().close().newest); }

private:
    void attend() {
        const fast::inbox::taken told = box_->box().take();
        arrived_.append_reversed(told.newest);
        stop_ |= told.stop;
    }

    std::shared_ptr<fast::mailbox> box_;
    fast::post_list arrived_{};
    fast::post_list spent_{};
    bool stop_{};
};

}  // namespace galley::fuzz
