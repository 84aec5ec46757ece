// SPDX-License-Identifier: BSL-1.0
// An address with a port.
#pragma once

#include <cstdint>
#include <string_view>

#include <netinet/in.h>

namespace galley {

/// An IPv4 or IPv6 address with a port. A value; any thread.
class endpoint {
public:
    /// `address` is a literal such as "127.0.0.1", "::1", "0.0.0.0": names are not looked up, as that blocks; IPv6
    /// zones ("%eth0") are not known. Throws std::invalid_argument for anything else.
    endpoint(std::string_view address, std::uint16_t port);

    [[nodiscard]] int family() const noexcept { return address_.any.sa_family; }
    [[nodiscard]] const sockaddr* data() const noexcept { return &address_.any; }
    [[nodiscard]] socklen_t size() const noexcept {
        return family() == AF_INET ? sizeof address_.v4 : sizeof address_.v6;
    }

private:
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    } address_;
};

}  // namespace galley
