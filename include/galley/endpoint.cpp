// SPDX-License-Identifier: BSL-1.0
#include <galley/endpoint.hpp>

#include <stdexcept>
#include <string>

#include <arpa/inet.h>

namespace galley {

endpoint::endpoint(std::string_view address, std::uint16_t port) : address_{} {
    const std::string literal{address};
    address_.v6 = sockaddr_in6{};
    if (::inet_pton(AF_INET6, literal.c_str(), &address_.v6.sin6_addr) == 1) {
        address_.v6.sin6_family = AF_INET6;
        address_.v6.sin6_port = htons(port);
        return;
    }
    address_.v4 = sockaddr_in{};
    if (::inet_pton(AF_INET, literal.c_str(), &address_.v4.sin_addr) == 1) {
        address_.v4.sin_family = AF_INET;
        address_.v4.sin_port = htons(port);
        return;
    }
    throw std::invalid_argument("galley::endpoint: '" + literal +
                                "' is not an IPv4 or IPv6 address (names are not looked up)");
}

}  // namespace galley
