// SPDX-License-Identifier: BSL-1.0
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>

asio::awaitable<int> answer() {
    asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::nanoseconds{0}};
    co_await timer.async_wait(asio::use_awaitable);
    co_return 42;
}

int main() {
    asio::io_context context{1};
    int value = 0;
    asio::co_spawn(context, answer(), [&value](const std::exception_ptr&, int v) { value = v; });
    context.run();
    return value;
}
