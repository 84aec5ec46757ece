// SPDX-License-Identifier: BSL-1.0
// The variables of explored programs: `atomic` stands in for std::atomic in the code under test.
#pragma once

#include "execution.hpp"

#include <bit>
#include <concepts>
#include <cstring>
#include <type_traits>

namespace galley::interleave {

/// As std::atomic, for what fits into 8 bytes; each operation is a point where another thread may go first.
template <class T>
class atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
    using at = std::source_location;
    using order = std::memory_order;

public:
    atomic() : atomic(T{}) {}
    atomic(T value) : where_{execution::current().new_location(raw(value))} {}  // NOLINT: implicit, as std::atomic
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;
    ~atomic() { execution::current().end_location(where_); }

    [[nodiscard]] T load(order o = order::seq_cst, at from = at::current()) const {
        return value(execution::current().load(where_, o, from));
    }
    void store(T desired, order o = order::seq_cst, at from = at::current()) {
        execution::current().store(where_, raw(desired), o, from);
    }
    T exchange(T desired, order o = order::seq_cst, at from = at::current()) {
        return modify([=](T) { return desired; }, "exchange", o, from);
    }
    T fetch_add(T n, order o = order::seq_cst, at from = at::current()) {
        return modify([=](T old) { return static_cast<T>(old + n); }, "fetch_add", o, from);
    }
    T fetch_sub(T n, order o = order::seq_cst, at from = at::current()) {
        return modify([=](T old) { return static_cast<T>(old - n); }, "fetch_sub", o, from);
    }
    T fetch_or(T bits, order o = order::seq_cst, at from = at::current()) {
        return modify([=](T old) { return static_cast<T>(old | bits); }, "fetch_or", o, from);
    }
    T fetch_and(T bits, order o = order::seq_cst, at from = at::current()) {
        return modify([=](T old) { return static_cast<T>(old & bits); }, "fetch_and", o, from);
    }
    bool compare_exchange_strong(T& expected, T desired, order success, order failing, at from = at::current()) {
        return compare_exchange(expected, desired, success, failing, false, from);
    }
    /// May fail for no reason, as often as the limits say.
    bool compare_exchange_weak(T& expected, T desired, order success, order failing, at from = at::current()) {
        return compare_exchange(expected, desired, success, failing, true, from);
    }

private:
    static std::uint64_t raw(T value) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof(T));
        return bits;
    }
    static T value(std::uint64_t bits) {
        T result;
        std::memcpy(&result, &bits, sizeof(T));
        return result;
    }
    bool compare_exchange(T& expected, T desired, order success, order failing, bool weak, const at& from) {
        std::uint64_t bits = raw(expected);
        const bool done =
            execution::current().compare_exchange(where_, bits, raw(desired), success, failing, weak, from);
        expected = value(bits);
        return done;
    }
    template <class Change>
    T modify(Change change, const char* operation, order o, const at& from) {
        return value(execution::current().modify(
            where_, [&](std::uint64_t old) { return raw(change(value(old))); }, operation, o, from));
    }

    std::size_t where_;
};

inline void fence(std::memory_order o, std::source_location from = std::source_location::current()) {
    execution::current().fence(o, from);
}

/// A variable that is not atomic: two accesses, one of them a write, must be ordered by happens-before, and none may
/// come after its end. It can stand where a T was: then reports do not say where it was used.
template <class T>
class plain {
    using at = std::source_location;

public:
    plain() : plain(T{}) {}
    plain(T value) : value_{value} { execution::current().write_plain(history_, {}); }  // NOLINT: implicit, as a T
    plain(const plain& other) : plain(other.get({})) {}
    plain& operator=(const plain& other) { return *this = other.get({}); }
    plain& operator=(T value) {
        set(value, {});
        return *this;
    }
    ~plain() { execution::current().end_plain(history_); }
    operator T() const { return get({}); }  // NOLINT: implicit, as a T

    [[nodiscard]] T get(at from = at::current()) const {
        execution::current().read_plain(history_, from);
        return value_;
    }
    void set(T value, at from = at::current()) {
        execution::current().write_plain(history_, from);
        value_ = value;
    }

private:
    T value_;
    mutable plain_history history_{};
};

/// What a loop sleeps on: sticky, and consumed by the wait. It orders nothing, so that nobody relies on it.
class token {
public:
    token() : where_{execution::current().new_token()} {}
    token(const token&) = delete;
    token& operator=(const token&) = delete;
    void set() { execution::current().set_token(set_, where_); }
    void wait() { execution::current().await_token(set_, where_); }

private:
    bool set_{};
    std::size_t where_;
};

}  // namespace galley::interleave
