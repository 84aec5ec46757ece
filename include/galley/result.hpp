// SPDX-License-Identifier: BSL-1.0
// Where the outcome of a task or call is stored: exactly one of value, exception, cancelled (CANCEL-6).
#pragma once

#include <galley/observer.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace galley {

/// Thrown out of an await that ended cancelled. Not a std::exception, so that `catch (const std::exception&)` does not
/// swallow a cancellation; it is level-triggered anyway (CANCEL-3): whoever catches it meets it again at the next
/// await.
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

/// The outcome of a coroutine that gives a T (a value type, a reference, or void).
template <class T>
class result {
    using stored = typename detail::stored<T>::type;

public:
    result() noexcept {}
    result(const result&) = delete;
    result& operator=(const result&) = delete;
    ~result() { clear(); }

    [[nodiscard]] outcome kind() const noexcept { return kind_; }

    template <class... U>
    void set_value(U&&... value) noexcept(std::is_nothrow_constructible_v<stored, U...>) {
        clear();
        if constexpr (std::is_reference_v<T>) {
            std::construct_at(&value_, std::addressof(value)...);
        } else {
            std::construct_at(&value_, std::forward<U>(value)...);
        }
        kind_ = outcome::value;
    }
    void set_exception(std::exception_ptr error) noexcept {
        clear();
        std::construct_at(&error_, std::move(error));
        kind_ = outcome::exception;
    }
    void set_cancelled() noexcept {
        clear();
        kind_ = outcome::cancelled;
    }

    /// The exception of an outcome `exception`.
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return error_; }

    /// The value, moved out; or throws the exception, or `cancelled`.
    T take() {
        if (kind_ != outcome::value) [[unlikely]] {
            raise();
        }
        if constexpr (std::is_reference_v<T>) {
            return *value_;
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(value_);
        }
    }

private:
    [[noreturn]] void raise() {
        if (kind_ == outcome::exception) {
            std::rethrow_exception(error_);
        }
        throw cancelled{};
    }
    void clear() noexcept {
        if (kind_ == outcome::value) {
            std::destroy_at(&value_);
        } else if (kind_ == outcome::exception) {
            std::destroy_at(&error_);
        }
        kind_ = outcome::none;
    }

    outcome kind_{outcome::none};
    union {
        stored value_;
        std::exception_ptr error_;
    };
};

}  // namespace galley
