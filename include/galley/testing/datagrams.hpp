// SPDX-License-Identifier: BSL-1.0
// Datagrams, as of UDP, that may be lost.
#pragma once

#include <galley/contract/time.hpp>
#include <galley/testing/world.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <utility>

namespace galley::testing {

/// What becomes of datagrams.
struct datagram_way {
    duration latency{};    ///< from a write until the other side has it
    std::size_t room{16};  ///< unread datagrams; what comes when there are so many is lost
    bool unsure{};         ///< each may be lost: the explorer decides
};

/// Connected pairs of datagram sockets on a virtual driver, for galley::read, write, readable and writable: each write
/// is a datagram, each read takes one, of which what does not fit is lost. Nobody is told of what was lost. Loop thread
/// only; may go before its descriptors.
class datagrams {
public:
    explicit datagrams(world& w, const datagram_way& way = {}) noexcept : world_{w}, way_{way} {}

    [[nodiscard]] std::pair<int, int> connected();
    /// The next so many that are written there are lost, beside those that would be anyway.
    void lose(int descriptor, std::size_t count);

private:
    struct end;
    class datagram_socket;

    [[nodiscard]] std::shared_ptr<end> open_end();

    world& world_;
    const datagram_way way_;
    std::map<int, std::weak_ptr<end>> ends_{};  ///< by descriptor
};

}  // namespace galley::testing
