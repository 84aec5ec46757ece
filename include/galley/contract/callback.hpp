// SPDX-License-Identifier: BSL-1.0
// What a remote posts: a move-only callable, stored in place when it is small.
#pragma once

#include <cstddef>
#include <cstring>
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

    /// Null: there is nothing to do but to copy the bytes, as for nearly all that is posted.
    struct actions {
        void (*call)(void* self);
        void (*move)(void* from, void* to) noexcept;  // destroys `from`
        void (*destroy)(void* self) noexcept;
    };

    template <class F>
    struct in_place {
        static F& self(void* p) noexcept { return *std::launder(static_cast<F*>(p)); }
        static void call(void* p) { self(p)(); }
        static void move(void* from, void* to) noexcept {
            ::new (to) F(std::move(self(from)));
            self(from).~F();
        }
        static void destroy(void* p) noexcept { self(p).~F(); }
        static constexpr bool trivial = std::is_trivially_copyable_v<F>;
        static constexpr actions table{&call, trivial ? nullptr : &move, trivial ? nullptr : &destroy};
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
            reset();
            take(other);
        }
        return *this;
    }
    ~callback() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return actions_ != nullptr; }
    void operator()() { actions_->call(storage_); }
    /// Empty from now on.
    void reset() noexcept {
        const actions* const held = std::exchange(actions_, nullptr);
        if (held != nullptr && held->destroy != nullptr) {
            held->destroy(storage_);
        }
    }

private:
    template <class F, class A>
    void store(A&& f) {
        ::new (static_cast<void*>(storage_)) F(std::forward<A>(f));
        actions_ = &in_place<F>::table;
    }
    void take(callback& other) noexcept {
        actions_ = std::exchange(other.actions_, nullptr);
        if (actions_ == nullptr) {
            return;
        }
        if (actions_->move != nullptr) {
            actions_->move(other.storage_, storage_);
        } else {
            std::memcpy(storage_, other.storage_, capacity);
        }
    }
    const actions* actions_{};
    alignas(void*) std::byte storage_[capacity];
};

}  // namespace galley
