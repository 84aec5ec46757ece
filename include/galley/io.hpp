// SPDX-License-Identifier: BSL-1.0
// read, write, accept, connect, readable, writable: one operation on a descriptor each, as an await.
//
// Descriptors must be in non-blocking mode and be closed through the loop (galley::descriptor does). Errors of the
// kernel are values; a cancelled operation throws `cancelled`, unless it had moved data before: then that is delivered
// (IO-3). Several operations of one direction on one descriptor are served in the order in which they were awaited.
#pragma once

#include <galley/contract/operation.hpp>
#include <galley/descriptor.hpp>
#include <galley/endpoint.hpp>
#include <galley/kernel/await.hpp>

#include <cstddef>
#include <span>
#include <system_error>

namespace galley {

/// What a transfer came to: `auto [error, n] = co_await read(...)`. Zero bytes without an error is the end of the file,
/// for a read that asked for some.
struct [[nodiscard]] transferred {
    std::error_code error;
    std::size_t count;
};

/// What an accept came to; the descriptor is the caller's to close, non-blocking and close-on-exec, -1 on error.
struct [[nodiscard]] accepted {
    std::error_code error;
    int descriptor;
};

/// What the awaits of operations have in common. The operation lives in here; so it lives in the awaiting frame, which
/// a loop that is being destroyed keeps until it has reaped all operations (LIFE-5).
template <class Derived>
class io_awaiter : public awaiter<Derived>, protected operation {
public:
    [[nodiscard]] bool begin() noexcept { return this->loop().start(*this); }
    [[nodiscard]] bool withdraw() noexcept override {
        this->loop().cancel(*this);
        return false;
    }

protected:
    io_awaiter(io what, int on, const void* data, std::size_t bytes) noexcept
        : operation{what, on, const_cast<void*>(data), bytes, &completed} {}
    ~io_awaiter() = default;

    /// The error of the operation; throws if it was cancelled.
    [[nodiscard]] std::error_code take_error() const {
        this->raise_if_cancelled();
        return errno_code(result.error);
    }

private:
    static void completed(operation& op) noexcept {
        const bool is_cancelled = op.result.how == io_result::status::cancelled;
        static_cast<io_awaiter&>(op).resume(cause::complete, is_cancelled ? delivery::cancelled : delivery::value);
    }
};

template <io What>
class [[nodiscard]] transfer_awaiter final : public io_awaiter<transfer_awaiter<What>> {
public:
    transfer_awaiter(int on, const std::byte* data, std::size_t bytes) noexcept
        : io_awaiter<transfer_awaiter>{What, on, data, bytes} {}
    [[nodiscard]] const char* kind() const noexcept override { return What == io::read ? "read" : "write"; }
    transferred await_resume() const { return {this->take_error(), static_cast<std::size_t>(this->result.count)}; }
};

template <io What>
class [[nodiscard]] readiness_awaiter final : public io_awaiter<readiness_awaiter<What>> {
public:
    explicit readiness_awaiter(int on) noexcept : io_awaiter<readiness_awaiter>{What, on, nullptr, 0} {}
    [[nodiscard]] const char* kind() const noexcept override { return What == io::readable ? "readable" : "writable"; }
    [[nodiscard]] std::error_code await_resume() const { return this->take_error(); }
};

class [[nodiscard]] accept_awaiter final : public io_awaiter<accept_awaiter> {
public:
    explicit accept_awaiter(int on) noexcept : io_awaiter{io::accept, on, nullptr, 0} { result.count = -1; }
    /// A connection that nobody took, as the task was destroyed first, is closed.
    ~accept_awaiter() {
        if (const int untaken = take(); untaken >= 0) {
            loop().close(untaken);
        }
    }
    [[nodiscard]] const char* kind() const noexcept override { return "accept"; }
    accepted await_resume() {
        const std::error_code error = take_error();
        return {error, take()};
    }

private:
    [[nodiscard]] int take() noexcept {
        const bool is_there = result.how == io_result::status::done && result.error == 0;
        return is_there ? static_cast<int>(std::exchange(result.count, -1)) : -1;
    }
};

namespace detail {
struct endpoint_holder {  // a base, so that it is there before the operation that points to it
    explicit endpoint_holder(const endpoint& e) noexcept : to{e} {}
    endpoint to;
};
}  // namespace detail

class [[nodiscard]] connect_awaiter final : detail::endpoint_holder, public io_awaiter<connect_awaiter> {
public:
    connect_awaiter(int on, const endpoint& e) noexcept
        : endpoint_holder{e}, io_awaiter{io::connect, on, to.data(), to.size()} {}
    [[nodiscard]] const char* kind() const noexcept override { return "connect"; }
    [[nodiscard]] std::error_code await_resume() const { return take_error(); }
};

/// What the verbs below give, to be awaited: a transfer of bytes, or a wait until one would not block.
template <io What>
using transfer = request<transfer_awaiter<What>, int, const std::byte*, std::size_t>;
template <io What>
using readiness = request<readiness_awaiter<What>, int>;

/// Reads what is there, or waits for something: at least one byte, at most `into.size()`; or the end (0).
inline transfer<io::read> read(int descriptor, std::span<std::byte> into) noexcept {
    return transfer<io::read>{descriptor, into.data(), into.size()};
}
/// Writes as much as there is room for, or waits for room: perhaps less than `from`. No SIGPIPE is raised.
inline transfer<io::write> write(int descriptor, std::span<const std::byte> from) noexcept {
    return transfer<io::write>{descriptor, from.data(), from.size()};
}
/// Takes one connection of a listening socket. Errors are the kernel's, accept(2): after EMFILE, say, the connection is
/// still there.
inline request<accept_awaiter, int> accept(int descriptor) noexcept { return request<accept_awaiter, int>{descriptor}; }
/// Connects a socket. After it was cancelled, or failed, the socket is good for nothing but being closed.
inline request<connect_awaiter, int, endpoint> connect(int descriptor, const endpoint& to) noexcept {
    return request<connect_awaiter, int, endpoint>{descriptor, to};
}
/// Waits until a read would not block; an end or an error counts, and is met by the read.
inline readiness<io::readable> readable(int descriptor) noexcept { return readiness<io::readable>{descriptor}; }
/// Waits until a write of at least one byte would not block; an error counts.
inline readiness<io::writable> writable(int descriptor) noexcept { return readiness<io::writable>{descriptor}; }

}  // namespace galley
