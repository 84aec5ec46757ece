// SPDX-License-Identifier: BSL-1.0
// A scope of the tree that one task has open for a while.
#pragma once

#include <galley/contract/observer.hpp>
#include <galley/contract/timer.hpp>
#include <galley/kernel/context.hpp>
#include <galley/kernel/deadline.hpp>
#include <galley/kernel/scope_tree.hpp>

#include <optional>

namespace galley {

/// What is open of a `cancel_scope`, or of what else runs tasks below it. Used once. Loop thread only.
class open_scope : public scope_node, private timer {
public:
    /// Shielded: what encloses it cannot cancel what is inside (CANCEL-3). With a deadline it cancels itself then.
    open_scope(bool shielded, std::optional<deadline> d) noexcept
        : scope_node{kind::scope, shielded}, timer{&expired}, deadline_{d} {}
    /// A scope that is still open when it goes belongs to a task that is being destroyed with its loop, and the tree
    /// was taken apart as a whole.
    ~open_scope() {
        if (owner_ != nullptr) [[unlikely]] {
            abandon();
        }
    }

    /// Cancels what is inside, from anywhere on the loop's thread; before it is opened: as soon as it is. False if it
    /// was cancelled through this function or its deadline before.
    bool cancel() noexcept { return scope_node::cancel(); }

    [[nodiscard]] scope_id id() const noexcept { return id_; }
    [[nodiscard]] context* owner() const noexcept { return owner_; }
    [[nodiscard]] bool is_open() const noexcept { return owner_ != nullptr; }

    /// Opens it as the innermost scope of `task`. Throws std::logic_error if it is open; std::bad_alloc if its timer
    /// cannot be started: it is closed then.
    void open(context& task);
    /// What a body's end means here (CANCEL-5).
    [[nodiscard]] scope_outcome outcome_of(outcome body) const noexcept {
        return body == outcome::value ? scope_outcome::value : outcome_without_value(body);
    }
    void close(scope_outcome how) noexcept;

private:
    [[nodiscard]] scope_outcome outcome_without_value(outcome body) const noexcept;
    static void expired(timer& t) noexcept { static_cast<open_scope&>(t).cancel(); }
    void start_timer(loop& l);
    void abandon() noexcept;

    context* owner_{};
    scope_id id_{};
    std::optional<deadline> deadline_;
};

}  // namespace galley
