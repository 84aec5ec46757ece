// SPDX-License-Identifier: BSL-1.0
// Calls that block, on a thread of a pool.
#pragma once

#include <galley/completion.hpp>
#include <galley/kernel/await.hpp>
#include <galley/task.hpp>
#include <galley/thread_pool.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <version>

namespace galley {

namespace detail {

template <class F>
struct call_result : std::invoke_result<F&> {};

/// How a callable is called, and told to stop: not at all, if it takes no stop token.
template <class F>
class stoppable_call {
public:
    std::invoke_result_t<F&> operator()(F& f) const { return f(); }
    void stop() const noexcept {}
};

// libc++ has stop tokens from version 20, and before with -fexperimental-library only. Without them nothing takes one.
#ifdef __cpp_lib_jthread
template <class F>
concept takes_stop_token = std::invocable<F&, std::stop_token>;

template <takes_stop_token F>
struct call_result<F> : std::invoke_result<F&, std::stop_token> {};

template <takes_stop_token F>
class stoppable_call<F> {
public:
    std::invoke_result_t<F&, std::stop_token> operator()(F& f) const { return f(told_.get_token()); }
    void stop() noexcept { told_.request_stop(); }

private:
    std::stop_source told_;
};
#endif

/// A callable, and whom to tell what it came to.
template <class F, class T>
class thread_job final : public thread_pool::job {
public:
    thread_job(F&& f, completer<T> tell) : f_{std::move(f)}, tell_{std::move(tell)} {}

    // The callable is gone before anybody is told, as a function's locals would be.
    void run() noexcept override {
        try {
            if constexpr (std::is_void_v<T>) {
                call_(*f_);
                f_.reset();
                tell_.complete();
            } else if constexpr (std::is_reference_v<T>) {
                T result = call_(*f_);
                f_.reset();
                tell_.complete(result);
            } else {
                T result = call_(*f_);
                f_.reset();
                tell_.complete(std::move(result));
            }
        } catch (const cancelled&) {
            f_.reset();
            const completer<T> unused = std::move(tell_);
        } catch (...) {
            f_.reset();
            tell_.fail(std::current_exception());
        }
    }
    void stop() noexcept override { call_.stop(); }

private:
    std::optional<F> f_;
    completer<T> tell_;
    stoppable_call<F> call_;
};

}  // namespace detail

/// `co_await to_thread(pool, f)`: calls `f` on a thread of the pool, and gives what it gives, or throws what it throws
/// (THREAD-5). `f` may take a std::stop_token.
///
/// Cancelled, the await ends at once (THREAD-6): if the call has not begun it is withdrawn; one that runs is told by
/// its stop token and goes on, its value is dropped, and what it throws goes to the loop's failure handler. `cancelled`
/// does not: by that it says that it has given up, and whoever waits for it all the same gets broken_completion. So
/// what `f` refers to must outlive the call, not the await: give it what it needs, or await it in a `shield`, which
/// waits for its end.
///
/// Throws std::bad_alloc, or std::logic_error in a forked child, with nothing started; broken_completion, too, if the
/// pool is destroyed before the call begins.
template <class F, class T = typename detail::call_result<F>::type>
[[nodiscard]] task<T> to_thread(thread_pool& pool, F f) {
    context& self = co_await this_task();
    std::optional<thread_pool::ticket> ticket;  // the last to go: then a job that is withdrawn has nobody to tell
    completion<T> done{self.loop()};
    if (!self.cancelled_here()) {  // CANCEL-3: nothing is started; the await below says so
        ticket.emplace(pool.submit(std::make_shared<detail::thread_job<F, T>>(std::move(f), done.get_completer())));
    }
    co_return co_await done.wait();
}

/// The same, on the threads that all of the program shares (`thread_pool::common`).
template <class F, class T = typename detail::call_result<F>::type>
[[nodiscard]] task<T> to_thread(F f) {
    return to_thread(thread_pool::common(), std::move(f));
}

}  // namespace galley
