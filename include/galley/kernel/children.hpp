// SPDX-License-Identifier: BSL-1.0
// What `task_group`, `when_all` and `when_any` have in common: tasks below one scope, whose end is awaited together.
#pragma once

#include <galley/kernel/context.hpp>
#include <galley/kernel/open_scope.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

namespace galley {

/// Counts children, remembers the one that settles the matter, cancels the rest, and tells the one who waits. Loop
/// thread only.
class children final : public task_owner {
public:
    enum class policy : std::uint8_t {
        group,  ///< the first failure cancels the rest; the body's failure counts too (TASK-6)
        all,    ///< the first failure cancels the rest
        any,    ///< the first child to end, however it ends, cancels the rest (TASK-7)
    };

    explicit children(policy p) noexcept : policy_{p} {}
    children(const children&) = delete;
    children& operator=(const children&) = delete;
    ~children();

    [[nodiscard]] open_scope& scope() noexcept { return scope_; }
    [[nodiscard]] const open_scope& scope() const noexcept { return scope_; }
    void started(std::size_t count) noexcept { left_ += count; }
    [[nodiscard]] std::size_t left() const noexcept { return left_; }
    /// Who is resumed, with what was judged, when the last child has ended.
    void set_waiter(suspension& waiter) noexcept { waiter_ = &waiter; }

    /// The body of a group ended otherwise than with a value.
    void body_failed(context& owner, std::exception_ptr error) noexcept;
    void body_cancelled() noexcept;

    /// Fixes what comes out: called when no child is left. Gives how the waiter's await ends.
    delivery judge() noexcept;
    [[nodiscard]] bool is_judged() const noexcept { return is_judged_; }

    /// Closes the scope and throws what was judged, unless it is a value or absorbed; true: a value.
    bool settle();

    /// The child that won; of policy `any`, once judged.
    [[nodiscard]] const context* winner() const noexcept { return remembered_; }

private:
    void child_ended(context& child) noexcept override;
    void note(context& child) noexcept;
    void tell_waiter() noexcept;
    [[nodiscard]] scope_outcome verdict() const noexcept;
    [[nodiscard]] bool failed() const noexcept;

    open_scope scope_{false, std::nullopt};
    std::size_t left_{};
    context* remembered_{};            ///< the first child to fail, or to end if the first wins; held
    std::exception_ptr body_error_{};  ///< until it comes out of the await
    suspension* waiter_{};
    policy policy_;
    bool child_cancelled_{};
    bool body_cancelled_{};
    bool is_judged_{};
    scope_outcome judged_{};
};

}  // namespace galley
