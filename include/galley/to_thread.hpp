// SPDX-License-Identifier: BSL-1.0
// Calls that block, on a thread of a pool.
#pragma once

#include <galley/completion.hpp>
#include <galley/kernel/await.hpp>
#include <galley/task.hpp>
#include <galley/thread_pool.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace galley {

namespace detail {

template <class F>
inline constexpr bool takes_stop_token = std::is_invocable_v<F&, std::stop_token>;

template <class F>
struct call_result : std::invoke_result<F&> {};
template <class F>
    requires takes_stop_token<F>
struct call_result<F> : std::invoke_result<F&, std::stop_token> {};

/// A callable, and whom to tell what it came to.
template <class F, class T>
class thread_job final : public thread_pool::job {
public:
    thread_job(F&& f, completer<T> tell) : f_{std::move(f)}, tell_{std::move(tell)} {}

    // The callable is gone before anybody is told, as a function's locals would be.
    void run() noexcept override {
        try {
            if constexpr (std::is_void_v<T>) {
                call();
                f_.reset();
                tell_.complete();
            } else if constexpr (std::is_reference_v<T>) {
                T result = call();
                f_.reset();
                tell_.complete(result);
            } else {
                T result = call();
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
    void stop() noexcept override { stop_.request_stop(); }

private:
    T call() {
        if constexpr (takes_stop_token<F>) {
            return (*f_)(stop_.get_token());
        } else {
            return (*f_)();
        }
    }
    [[nodiscard]] static std::stop_source make_stop_source() {
        if constexpr (takes_stop_token<F>) {
            return std::stop_source{};
        } else {
            return std::stop_source{std::nostopstate};
        }
    }

    std::optional<F> f_;
    completer<T> tell_;
    std::stop_source stop_{make_stop_source()};
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
