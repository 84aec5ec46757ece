// SPDX-License-Identifier: BSL-1.0
// A network that is scripted: latency, short transfers, back-pressure, resets.
#pragma once

#include <galley/contract/time.hpp>
#include <galley/testing/world.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

namespace galley::testing {

/// What a connection is like, in both directions.
struct link {
    duration latency{};           ///< from a write, a connect or an end until the other side sees it
    std::size_t room{64 * 1024};  ///< bytes on their way or unread; when there are so many, writers wait
    std::size_t most{std::numeric_limits<std::size_t>::max()};  ///< bytes that one transfer moves
    bool unsure{};  ///< a transfer of several bytes may move but one: the explorer decides
};

/// Streams between descriptors of a virtual driver, for all that goes over TCP: galley::tcp_listener, tcp_connect and
/// tcp_stream; and for galley::read, write, connect, accept, readable, writable. Bytes come in order, and once. An
/// address is but its port, and a port that nobody listens on refuses (ECONNREFUSED); who is not accepted before the
/// listener closes is reset. Of several networks in one world the last is the one in which sockets are made. Loop
/// thread only; may go before its descriptors.
class network {
public:
    explicit network(world& w, const link& each = {});

    /// Two ends of a connection that is there.
    [[nodiscard]] std::pair<int, int> connected();
    /// Both ends fail with ECONNRESET from now on; what was on its way is lost. No effect on what is not connected.
    void reset(int descriptor);

private:
    struct end;
    struct door;
    class fabric;
    class socket_file;

    std::shared_ptr<fabric> fabric_;
};

}  // namespace galley::testing
