// SPDX-License-Identifier: BSL-1.0
// What is done to a socket and never waits. Operations, which may, are the driver's (operation.hpp).
#pragma once

#include <cstdint>

struct sockaddr;

namespace galley {

/// Makes stream sockets and says what becomes of them: the kernel, or a network that is simulated. All functions but
/// `open` return 0 or an errno value. Loop thread only; nothing here throws, and each is one call of the kernel's.
class sockets {
public:
    /// Those of this process, which need no loop.
    [[nodiscard]] static sockets& of_kernel() noexcept;

    sockets() = default;
    sockets(const sockets&) = delete;
    sockets& operator=(const sockets&) = delete;
    virtual ~sockets() = default;

    /// A new one for addresses of that family, in non-blocking mode and close-on-exec; or an errno value, negative.
    [[nodiscard]] virtual int open(int family) noexcept = 0;
    /// Its port may be listened on at once again, although old connections linger (tcp(7), TIME_WAIT).
    [[nodiscard]] virtual int reuse_address(int socket) noexcept = 0;
    /// Port 0: one is chosen.
    [[nodiscard]] virtual int bind(int socket, const sockaddr* to, unsigned size) noexcept = 0;
    [[nodiscard]] virtual int listen(int socket) noexcept = 0;
    /// Of one that is bound; no change of `port` on error.
    [[nodiscard]] virtual int local_port(int socket, std::uint16_t& port) noexcept = 0;
    /// Small writes leave at once (TCP_NODELAY), or wait to be sent together.
    [[nodiscard]] virtual int no_delay(int socket, bool at_once) noexcept = 0;
    /// The other side reads the end.
    [[nodiscard]] virtual int end_writing(int socket) noexcept = 0;
};

}  // namespace galley
