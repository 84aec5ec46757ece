// SPDX-License-Identifier: BSL-1.0
// What the outcome of a task or call is: exactly one of value, exception, cancelled (CANCEL-6).
#pragma once

#include <galley/contract/observer.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace galley {

/// Thrown out of an await that ended cancelled. Not a std::exception, so that `catch (const std::exception&)` does not
/// swallow a cancellation; it is level-triggered anyway (CANCEL-3): whoever catches it meets it again
/// at the next await.
struct cancelled final {};

/// Thrown by a join, `when_all` or `when_any` if the task that was awaited ended cancelled, while the awaiting one is
/// not cancelled itself.
struct task_cancelled : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return "galley: the awaited task was cancelled"; }
};

namespace detail {

[[noreturn]] void throw_cancelled();
[[noreturn]] void throw_task_cancelled();
/// Inside of a handler: whether what it handles is `cancelled`.
[[nodiscard]] bool handles_cancelled() noexcept;

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

/// A value that is aligned more strictly than a pointer, in a place that is not: so that its slot stands where those of
/// all others do (context::slot).
template <class T>
class realigned {
public:
    template <class... U>
    explicit realigned(U&&... value) noexcept(std::is_nothrow_constructible_v<T, U...>) {
        ::new (place()) T(std::forward<U>(value)...);
    }
    realigned(realigned&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        requires std::move_constructible<T>
        : realigned{std::move(other.get())} {}
    realigned(const realigned&) = delete;
    realigned& operator=(const realigned&) = delete;
    ~realigned() { get().~T(); }
    operator T&&() && noexcept { return std::move(get()); }  // NOLINT(google-explicit-constructor): it is the value

private:
    [[nodiscard]] void* place() noexcept {
        void* at = room_;
        std::size_t size = sizeof room_;
        return std::align(alignof(T), sizeof(T), at, size);
    }
    [[nodiscard]] T& get() noexcept { return *std::launder(static_cast<T*>(place())); }

    alignas(void*) std::byte room_[sizeof(T) + alignof(T) - alignof(void*)];
};
template <class T>
    requires(!std::is_reference_v<T> && alignof(T) > alignof(void*))
struct stored<T> {
    using type = realigned<T>;
};

/// Whether a coroutine may have such a variable: its frame comes from an operator new that hears of no alignment.
template <class T>
inline constexpr bool fits_frames = alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__;
template <class T>
    requires std::is_void_v<T> || std::is_reference_v<T>
inline constexpr bool fits_frames<T> = true;

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
