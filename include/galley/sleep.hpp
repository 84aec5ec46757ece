// SPDX-License-Identifier: BSL-1.0
// sleep_for, sleep_until, yield.
#pragma once

#include <galley/contract/time.hpp>
#include <galley/contract/timer.hpp>
#include <galley/kernel/await.hpp>
#include <galley/kernel/deadline.hpp>

#include <chrono>

namespace galley {

/// Waits for a deadline. Never early (TIME-2); a deadline that is not ahead still lets the next collect pass (TIME-6).
class [[nodiscard]] sleep_awaiter final : public awaiter<sleep_awaiter>, private timer {
public:
    explicit sleep_awaiter(deadline d) noexcept : timer{&fired}, deadline_{d} {}
    ~sleep_awaiter() {
        if (is_started()) {
            loop().cancel(static_cast<timer&>(*this));
        }
    }

    [[nodiscard]] bool begin() {
        loop().start(static_cast<timer&>(*this), deadline_.on(loop()));
        return false;
    }
    [[nodiscard]] bool withdraw() noexcept override { return loop().cancel(static_cast<timer&>(*this)); }
    [[nodiscard]] const char* kind() const noexcept override { return "sleep"; }
    void await_resume() const { raise_if_cancelled(); }

private:
    static void fired(timer& t) noexcept { static_cast<sleep_awaiter&>(t).resume(cause::timer); }

    deadline deadline_;
};

/// Sleeps for at least `d`; zero or less still lets one collect pass.
template <class Rep, class Period>
request<sleep_awaiter, deadline> sleep_for(std::chrono::duration<Rep, Period> d) noexcept {
    return request<sleep_awaiter, deadline>{d};
}
/// Sleeps until the loop's clock has reached `t`.
inline request<sleep_awaiter, deadline> sleep_until(instant t) noexcept { return request<sleep_awaiter, deadline>{t}; }

namespace detail {

/// What every task is resumed from whose yield was cancelled when its budget was used up: it is ready, so nothing ever
/// changes here.
class yield_suspension final : public suspension {
public:
    constexpr yield_suspension() noexcept : suspension{delivery::cancelled} {}
    [[nodiscard]] bool withdraw() noexcept override { return false; }
    [[nodiscard]] const char* kind() const noexcept override { return "yield"; }
};
inline constinit yield_suspension cancelled_yield;

}  // namespace detail

/// `co_await yield()`: everything that is ready goes first (READY-5). It is never withdrawn, as the task is ready; so
/// it needs no suspension of its own.
class [[nodiscard]] yield_awaiter final {
public:
    yield_awaiter() = default;

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <task_promise Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
        context& task = frame.promise().task();
        if (task.cancelled_here()) [[unlikely]] {
            cancelled_ = true;
            return task.satisfied(detail::cancelled_yield);
        }
        return task.yield();
    }
    void await_resume() const {
        if (cancelled_) [[unlikely]] {
            detail::throw_cancelled();
        }
    }

private:
    bool cancelled_{};
};
inline yield_awaiter yield() noexcept { return {}; }

/// `co_await now()`: the clock, as a relative deadline would read it.
class now final : public immediate<now> {
public:
    now() = default;
    [[nodiscard]] instant await_resume() const noexcept { return task_->loop().now(); }
};

}  // namespace galley
