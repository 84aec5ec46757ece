// SPDX-License-Identifier: BSL-1.0
// Raw: what the work costs with nothing around it. No driver, no clock, no cancellation, no outcome, no task tree, no
// budget, no other threads; but first in, first out, recycled frames, and the same coroutines.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>
#include <vector>

namespace galley_bench::raw {

/// A ready queue of a capacity that is a power of two.
template <class T>
class ring {
public:
    explicit ring(std::size_t capacity) : slots_(capacity), mask_{capacity - 1} {}
    void push(T entry) noexcept { slots_[tail_++ & mask_] = entry; }
    [[nodiscard]] T pop() noexcept { return slots_[head_++ & mask_]; }
    [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
    [[nodiscard]] bool full() const noexcept { return tail_ - head_ == slots_.size(); }
    /// Twice the room. No bigger than needed, as all of it goes round through the caches.
    void grow() {
        ring twice{2 * slots_.size()};
        while (!empty()) {
            twice.push(pop());
        }
        *this = std::move(twice);
    }

private:
    std::vector<T> slots_;
    std::size_t mask_;
    std::size_t head_{};
    std::size_t tail_{};
};

using ready_queue = ring<std::coroutine_handle<>>;

/// Runs until nothing is ready.
inline void drain(ready_queue& ready) {
    while (!ready.empty()) {
        ready.pop().resume();
    }
}

/// Recycled frames: a free list for each multiple of 32 bytes.
struct recycled {
    [[nodiscard]] static void* operator new(std::size_t size) {
        free_block*& list = lists[index(size)];
        if (list == nullptr) [[unlikely]] {
            return ::operator new((index(size) + 1) * step);
        }
        return std::exchange(list, list->next);
    }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_block*& list = lists[index(size)];
        list = ::new (memory) free_block{list};
    }

private:
    struct free_block {
        free_block* next;
    };
    static constexpr std::size_t step = 32;
    [[nodiscard]] static std::size_t index(std::size_t size) noexcept { return (size - 1) / step; }
    static inline constinit thread_local free_block* lists[64]{};
};

/// A coroutine that is awaited as a call: lazy; caller and callee resume each other by symmetric transfer.
template <class T>
class call {
public:
    struct promise_type : recycled {
        struct back {
            static bool await_ready() noexcept { return false; }
            static std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
                return h.promise().caller;
            }
            static void await_resume() noexcept {}
        };
        call get_return_object() noexcept { return call{handle::from_promise(*this)}; }
        static std::suspend_always initial_suspend() noexcept { return {}; }
        static back final_suspend() noexcept { return {}; }
        void return_value(T v) noexcept { value = v; }
        [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
        std::coroutine_handle<> caller{};
        T value{};
    };

    call(call&& other) noexcept : callee_{std::exchange(other.callee_, {})} {}
    call& operator=(call&&) = delete;
    ~call() {
        if (callee_) {
            callee_.destroy();
        }
    }
    static bool await_ready() noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        callee_.promise().caller = caller;
        return callee_;
    }
    T await_resume() noexcept { return callee_.promise().value; }

private:
    using handle = std::coroutine_handle<promise_type>;
    explicit call(handle h) noexcept : callee_{h} {}
    handle callee_;
};

/// Waits for a number of jobs; who waits goes through the ready queue.
class latch {
public:
    latch(ready_queue& ready, std::size_t count) noexcept : ready_{&ready}, left_{count} {}
    void count_down() noexcept {
        if (--left_ == 0 && waiter_) {
            ready_->push(waiter_);
        }
    }
    [[nodiscard]] bool await_ready() const noexcept { return left_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
    static void await_resume() noexcept {}

private:
    ready_queue* ready_;
    std::size_t left_;
    std::coroutine_handle<> waiter_{};
};

/// A coroutine that goes through the ready queue by itself. Owned by the object.
template <class T>
class job {
public:
    struct promise_type : recycled {
        struct tell {
            static bool await_ready() noexcept { return false; }
            static void await_suspend(std::coroutine_handle<promise_type> h) noexcept {
                if (latch* const l = h.promise().done; l != nullptr) {
                    l->count_down();
                }
            }
            static void await_resume() noexcept {}
        };
        job get_return_object() noexcept { return job{handle::from_promise(*this)}; }
        static std::suspend_always initial_suspend() noexcept { return {}; }
        static tell final_suspend() noexcept { return {}; }
        void return_value(T v) noexcept { value = v; }
        [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
        latch* done{};
        T value{};
    };

    job(job&& other) noexcept : self_{std::exchange(other.self_, {})} {}
    job& operator=(job&&) = delete;
    ~job() {
        if (self_) {
            self_.destroy();
        }
    }
    void start(ready_queue& ready, latch* done = nullptr) noexcept {
        self_.promise().done = done;
        ready.push(self_);
    }
    [[nodiscard]] bool ended() const noexcept { return self_.done(); }
    [[nodiscard]] T value() const noexcept { return self_.promise().value; }

private:
    using handle = std::coroutine_handle<promise_type>;
    explicit job(handle h) noexcept : self_{h} {}
    handle self_;
};

/// `co_await yield{ready}`.
struct yield {
    explicit yield(ready_queue& r) noexcept : ready{&r} {}
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { ready->push(h); }
    static void await_resume() noexcept {}
    ready_queue* ready;
};

}  // namespace galley_bench::raw
