// SPDX-License-Identifier: BSL-1.0
// Purpose: what lock-free code takes besides its atomics, so that the same source can be explored: fields that threads
// hand to each other, and objects that each thread has one of.
//
// Code that is a template over its atomics means std::atomic in the library, where a field is just a T and an object of
// a thread is thread_local. What explores interleavings (tests/interleave) brings an atomic of its own, and specialises
// both for it: a field is then checked for races and for use after its end, and a thread need not be
// one of the system's.
//
// Thread safety: a field belongs to one thread at a time; an object of a thread to that one.
// Invariants: with std::atomic neither costs anything: the object is constant-initialised and trivially destroyed, so
//     that a use of it need not check whether it has been constructed.
// Complexity: O(1).
// Rules: none of its own.
#pragma once

#include <type_traits>

namespace galley::fast {

template <template <class> class Atomic, class T>
struct field_type {
    using type = T;
};
/// A T that is not atomic, and that is handed from thread to thread.
template <template <class> class Atomic, class T>
using field = typename field_type<Atomic, T>::type;

/// The one T of each thread. It has a member `end`, which is to be called when the thread ends.
template <template <class> class Atomic, class T>
class of_this_thread {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    [[nodiscard]] static T& get() noexcept { return object_; }
    /// Once called, `end` will be.
    static void end_with_thread() {
        static thread_local const ender at_end;
        (void)at_end;
    }

private:
    struct ender {
        ender() = default;
        ender(const ender&) = delete;
        ender& operator=(const ender&) = delete;
        ~ender() { object_.end(); }
    };
    static inline constinit thread_local T object_{};
};

}  // namespace galley::fast
