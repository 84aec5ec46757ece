// SPDX-License-Identifier: BSL-1.0
// A network that is scripted: latency, short transfers, back-pressure, resets.
#pragma once

#include <galley/contract/time.hpp>
#include <galley/testing/world.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
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

/// Streams between descriptors of a virtual driver: for galley::read, write, connect, accept, readable, writable. Bytes
/// come in order, and once. Loop thread only; may go before its descriptors. What calls the kernel itself, as
/// tcp_connect, tcp_listener and end_writing of a tcp_stream do, does not know it.
class network {
public:
    explicit network(world& w, const link& each = {});

    /// Two ends of a connection that is there.
    [[nodiscard]] std::pair<int, int> connected();
    /// A socket to connect.
    [[nodiscard]] int socket();
    /// A socket that accepts what connects to `port`, at whatever address. Throws std::invalid_argument
    /// if there is one.
    [[nodiscard]] int listen(std::uint16_t port);

    /// Both ends fail with ECONNRESET from now on; what was on its way is lost. No effect on what is not connected.
    void reset(int descriptor);
    /// The other end reads what was written and then the end; writing here fails with EPIPE.
    void end_writing(int descriptor);

private:
    struct end;
    struct door;
    class stream_socket;
    class listening_socket;
    using ends = std::map<int, std::weak_ptr<end>>;
    using doors = std::map<std::uint16_t, std::weak_ptr<door>>;

    [[nodiscard]] static std::shared_ptr<end> open_end(world& w, const link& l, const std::shared_ptr<ends>& all,
                                                       const std::shared_ptr<doors>& at);
    [[nodiscard]] std::shared_ptr<end> find(int descriptor) const noexcept;

    world& world_;
    const link link_;
    std::shared_ptr<ends> ends_;    ///< by descriptor; sockets that connect add to them
    std::shared_ptr<doors> doors_;  ///< by port
};

}  // namespace galley::testing
