// SPDX-License-Identifier: BSL-1.0
// What the outcome of a task or call is: exactly one of value, exception, cancelled (CANCEL-6).
#pragma once

#include <galley/contract/observer.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace galley {

/// Thrown out of an await that ended cancelled. Not a std::exception, so that `catch (const std::exception&)` does not
/// swallow a cancellation; it is level-triggered anyway (CANCEL-3): whoever catches it meets it again
/// at the next await.
struct cancelled final {};

namespace detail {

struct nothing {};
template <class T>
struct stored {
    using type = T;
};
template <class T>
struct stored<T&> {
    using type = std::remove_reference_t<T>*;
};
template <>
struct stored<void> {
    using type = nothing;
};

}  // namespace detail

template <class T>
class result;

/// What an outcome has whatever the value's type is: so that a task's end is found without knowing it.
class any_result {
public:
    any_result(const any_result&) = delete;
    any_result& operator=(const any_result&) = delete;

    [[nodiscard]] outcome kind() const noexcept { return kind_; }
    /// The exception of an outcome `exception`.
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return error_; }

protected:
    any_result() noexcept {}
    ~any_result() {
        if (kind_ == outcome::exception) [[unlikely]] {
            std::destroy_at(&error_);
        }
    }

    [[noreturn]] void raise() const {
        if (kind_ == outcome::exception) {
            std::rethrow_exception(error_);
        }
        throw cancelled{};
    }

private:
    template <class T>
    friend class result;
    friend class context;
    void set_outcome_cancelled() noexcept { kind_ = outcome::cancelled; }

    union {
        std::exception_ptr error_;
    };
    outcome kind_{outcome::none};
};

}  // namespace galley
