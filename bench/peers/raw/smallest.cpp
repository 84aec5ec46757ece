// SPDX-License-Identifier: BSL-1.0
// What the language itself costs: a coroutine, and a duration.
#include <chrono>
#include <coroutine>
#include <exception>

struct routine {
    struct promise_type {
        routine get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        static std::suspend_always initial_suspend() noexcept { return {}; }
        static std::suspend_always final_suspend() noexcept { return {}; }
        void return_value(int v) { value = v; }
        [[noreturn]] static void unhandled_exception() { std::terminate(); }
        int value{};
    };
    std::coroutine_handle<promise_type> handle;
};

routine answer(std::chrono::nanoseconds after) {
    co_await std::suspend_always{};
    co_return after.count() == 0 ? 42 : 0;
}

int main() {
    const routine r = answer(std::chrono::seconds{0});
    while (!r.handle.done()) {
        r.handle.resume();
    }
    const int value = r.handle.promise().value;
    r.handle.destroy();
    return value;
}
