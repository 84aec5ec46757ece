// SPDX-License-Identifier: BSL-1.0
// What a remote posts: a move-only callable, stored in place when it is small.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace galley {

/// A callable without arguments or result, moved into the loop's inbox and called there once. Callables of up to three
/// words that move without throwing are stored in place; larger ones are allocated. An empty callback is a *wake*: a
/// post that has no other effect than that the loop takes another turn. Not thread safe in itself; a
/// remote hands it over.
class callback {
    static constexpr std::size_t capacity = 3 * sizeof(void*);
    template <class F>
    static constexpr bool fits =
        sizeof(F) <= capacity && alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

    struct actions {
        void (*call)(void* self);
        void (*move)(void* from, void* to) noexcept;  // destroys `from`
        void (*destroy)(void* self) noexcept;
    };

    template <class F>
    struct in_place {
        static F& self(void* p) noexcept { return *std::launder(static_cast<F*>(p)); }
        static constexpr actions table{
            [](void* p) { self(p)(); },
            [](void* from, void* to) noexcept {
                ::new (to) F(std::move(self(from)));
                self(from).~F();
            },
            [](void* p) noexcept { self(p).~F(); },
        };
    };

    /// A callable too large to be in place. (Written out, as std::unique_ptr would pull <memory> into every program.)
    template <class F>
    struct boxed {
        explicit boxed(F&& f) : held{new F(std::move(f))} {}
        boxed(boxed&& other) noexcept : held{std::exchange(other.held, nullptr)} {}
        boxed& operator=(boxed&&) = delete;
        ~boxed() { delete held; }
        void operator()() { (*held)(); }
        F* held;
    };

public:
    callback() noexcept = default;

    /// Throws std::bad_alloc if the callable is large and memory is short.
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, callback> && std::is_invocable_v<std::remove_cvref_t<F>&>)
    callback(F&& f) {  // NOLINT(google-explicit-constructor): a callable is what posts take
        using callable = std::remove_cvref_t<F>;
        if constexpr (fits<callable>) {
            store<callable>(std::forward<F>(f));
        } else {
            store<boxed<callable>>(boxed<callable>{callable(std::forward<F>(f))});
        }
    }
    callback(callback&& other) noexcept { take(other); }
    callback& operator=(callback&& other) noexcept {
        if (this != &other) {
            clear();
            take(other);
        }
        return *this;
    }
    ~callback() { clear(); }

    [[nodiscard]] explicit operator bool() const noexcept { return actions_ != nullptr; }
    void operator()() { actions_->call(storage_); }

private:
    template <class F, class A>
    void store(A&& f) {
        ::new (static_cast<void*>(storage_)) F(std::forward<A>(f));
        actions_ = &in_place<F>::table;
    }
    void take(callback& other) noexcept {
        if (other.actions_ != nullptr) {
            other.actions_->move(other.storage_, storage_);
        }
        actions_ = std::exchange(other.actions_, nullptr);
    }
    void clear() noexcept {
        if (actions_ != nullptr) {
            std::exchange(actions_, nullptr)->destroy(storage_);
        }
    }

    const actions* actions_{};
    alignas(void*) std::byte storage_[capacity];
};

}  // namespace galley
