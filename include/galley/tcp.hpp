// SPDX-License-Identifier: BSL-1.0
// TCP: a listener, and the streams that it accepts or that tcp_connect makes.
#pragma once

#include <galley/io.hpp>
#include <galley/task.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace galley {

/// A TCP connection. Closed when it is destroyed. Move-only; loop thread only; must not outlive its loop. One task may
/// read while another writes.
class tcp_stream {
public:
    /// No connection: every operation fails with EBADF.
    tcp_stream() noexcept = default;
    /// Takes a connected socket, which is in non-blocking mode, and switches it to TCP_NODELAY: what is written leaves
    /// at once.
    explicit tcp_stream(descriptor socket) noexcept;

    /// At least one byte, or the end: no error and 0. A read that is short tells that nothing is left, which saves the
    /// next one a system call: so let there be more room than what usually comes.
    transfer<io::read> read(std::span<std::byte> into) const noexcept { return galley::read(socket_.get(), into); }
    /// At least one byte, perhaps not all.
    transfer<io::write> write(std::span<const std::byte> from) const noexcept {
        return galley::write(socket_.get(), from);
    }
    /// All of it, or an error and how many bytes had gone before. The stream must not move meanwhile. If it is
    /// cancelled, some may have gone.
    [[nodiscard]] task<transferred> write_all(std::span<const std::byte> from) const;

    /// Nothing more will be written: the other side reads the end. Reading goes on.
    std::error_code end_writing() noexcept;
    /// Whether small writes leave at once (TCP_NODELAY, as at first), or may wait to be sent together.
    std::error_code no_delay(bool at_once) noexcept;
    /// Closes it; what is in flight on it ends with ECANCELED.
    std::error_code close() noexcept { return socket_.close(); }

    [[nodiscard]] int native_handle() const noexcept { return socket_.get(); }

private:
    descriptor socket_{};
};

/// `auto [error, stream] = co_await ...`: a stream if there is no error.
struct [[nodiscard]] stream_result {
    stream_result(std::error_code e, tcp_stream s) noexcept : error{e}, stream{std::move(s)} {}
    std::error_code error;
    tcp_stream stream;
};

/// Accepts connections. Closed when it is destroyed; the same rules as for streams.
class tcp_listener {
public:
    /// Binds and listens. Port 0: the kernel chooses one. Throws std::system_error, naming the step that failed.
    tcp_listener(loop& l, const endpoint& at);

    /// The next connection. Errors are those of accept(2), such as EMFILE; connections that were given up before they
    /// were accepted are passed over. The listener must not move meanwhile.
    [[nodiscard]] task<stream_result> accept() const;

    /// The port on which it listens.
    [[nodiscard]] std::uint16_t local_port() const noexcept { return port_; }
    std::error_code close() noexcept { return socket_.close(); }
    [[nodiscard]] int native_handle() const noexcept { return socket_.get(); }

private:
    descriptor socket_;
    std::uint16_t port_{};
};

/// Connects. The task's loop will close the stream.
[[nodiscard]] task<stream_result> tcp_connect(endpoint to);

}  // namespace galley
