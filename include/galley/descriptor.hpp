// SPDX-License-Identifier: BSL-1.0
// A descriptor that is closed by the loop that uses it.
#pragma once

#include <galley/contract/loop.hpp>

#include <system_error>
#include <utility>

namespace galley {

/// The error_code of an errno value; 0 is no error.
[[nodiscard]] inline std::error_code errno_code(int error) noexcept { return {error, std::system_category()}; }

/// Owns a file descriptor that a loop's operations use. It is closed through the loop, which must know (IO-6): a number
/// that is closed behind its back and reused would be taken for the old one. Move-only; loop thread only; must not
/// outlive the loop, but may die with it, in a frame.
class descriptor {
public:
    descriptor() noexcept = default;
    /// Takes `number` over; -1 is none.
    descriptor(loop& l, int number) noexcept : loop_{&l}, number_{number} {}
    descriptor(descriptor&& other) noexcept : loop_{other.loop_}, number_{other.release()} {}
    descriptor& operator=(descriptor&& other) noexcept {
        descriptor old{std::move(other)};
        std::swap(loop_, old.loop_);
        std::swap(number_, old.number_);
        return *this;
    }
    ~descriptor() { static_cast<void>(close()); }

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    /// Who closes it; only of one that is there.
    [[nodiscard]] loop& get_loop() const noexcept { return *loop_; }

    /// Gives it up without closing it; the loop goes on to take the number for this file.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

    /// Closes it now; what is in flight on it ends with ECANCELED. An error here is about data written earlier,
    /// close(2); it is closed in any case. No error if there is nothing to close.
    std::error_code close() noexcept { return errno_code(number_ < 0 ? 0 : loop_->close(release())); }

private:
    loop* loop_{};
    int number_{-1};
};

}  // namespace galley
