// SPDX-License-Identifier: BSL-1.0
// What a coroutine gives, and where it comes to.
#pragma once

#include <galley/kernel/frame.hpp>
#include <galley/kernel/result.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace galley {

/// The place for a value of type T; none for void.
template <class T>
struct value_place {
    using stored = typename detail::stored<T>::type;

protected:
    value_place() noexcept {}
    ~value_place() {}  // NOLINT(modernize-use-equals-default): whoever knows whether there is a value destroys it
    union {
        stored value_;
    };
};
template <>
struct value_place<void> {
    using stored = detail::nothing;
};

/// The outcome of a coroutine that gives a T (a value type, a reference, or void), and the slot that it comes to.
template <class T>
class result : public call_slot, protected value_place<T> {
    using typename value_place<T>::stored;

public:
    template <class... U>
    void set_value(U&&... value) noexcept(std::is_nothrow_constructible_v<stored, U...>) {
        drop_value();
        if constexpr (std::is_reference_v<T>) {
            std::construct_at(&this->value_, std::addressof(value)...);
        } else if constexpr (!std::is_void_v<T>) {
            std::construct_at(&this->value_, std::forward<U>(value)...);
        }
        kind_ = outcome::value;
    }
    void set_exception(std::exception_ptr error) noexcept {
        drop_value();
        std::construct_at(&error_, std::move(error));
        kind_ = outcome::exception;
    }
    void set_cancelled() noexcept {
        drop_value();
        kind_ = outcome::cancelled;
    }

    /// The value, moved out; or throws the exception, or `cancelled`.
    T take() {
        if (kind_ != outcome::value) [[unlikely]] {
            raise();
        }
        if constexpr (std::is_reference_v<T>) {
            return *this->value_;
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(this->value_);
        }
    }

protected:
    explicit result(promise_base* callee) noexcept : call_slot{callee} {}
    result(promise_base* callee, of_task t) noexcept : call_slot{callee, t} {}
    ~result() { drop_value(); }

private:
    /// There is one already if a destructor threw after `co_return`.
    void drop_value() noexcept {
        if constexpr (!std::is_trivially_destructible_v<stored>) {
            if (kind_ == outcome::value) [[unlikely]] {
                std::destroy_at(&this->value_);
                kind_ = outcome::none;
            }
        }
    }
};

}  // namespace galley
