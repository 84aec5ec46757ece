// SPDX-License-Identifier: BSL-1.0
// Both loops' inboxes behind one face, each used as its loop uses it.
#pragma once

#include <galley/fast/receiving_end.hpp>
#include <galley/ref/inbox.hpp>

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
    explicit fast_inbox(std::shared_ptr<waker> w) : end_{std::make_shared<fast::mailbox>(std::move(w))} {}

    [[nodiscard]] const std::shared_ptr<fast::mailbox>& box() const noexcept { return end_.box(); }
    [[nodiscard]] bool idle() const noexcept {
        return end_.nothing_came() && !end_.stop_requested() && end_.arrived().empty();
    }
    [[nodiscard]] bool has_remotes() const noexcept { return end_.box()->remotes() > 0; }
    [[nodiscard]] bool fall_asleep(bool only_for_remotes) { return end_.fall_asleep(only_for_remotes); }
    template <class Run>
    bool take(Run run) {
        end_.recycle();
        end_.awake();
        while (fast::post_node* const node = end_.arrived().pop_front()) {
            run(node->work);
            end_.spend(*node);
        }
        const bool stop = end_.stop_requested();
        end_.consume_stop();
        return stop;
    }
    void close() { end_.close(); }

private:
    fast::receiving_end end_;
};

}  // namespace galley::fuzz
