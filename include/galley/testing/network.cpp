// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/network.hpp>

#include <galley/testing/virtual_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include <netinet/in.h>

namespace galley::testing {

/// One end of a connection, or a socket that is none yet. It lives as long as its descriptor, and what is on its way.
struct network::end : std::enable_shared_from_this<network::end> {
    enum class state : std::uint8_t { fresh, connecting, connected };

    end(world& w, const link& l) noexcept : around{w}, way{l} {}

    world& around;
    const link way;
    int descriptor{};
    state now{};
    int failure{};              ///< of every operation from now on
    std::weak_ptr<end> peer{};  ///< expired: it was closed
    std::deque<std::byte> arrived{};
    std::size_t owed{};               ///< bytes that came, or are on their way here, and were not read
    bool ended{};                     ///< the peer's last byte has arrived
    bool finished{};                  ///< nothing more is written here, or there is nobody to read it
    std::uint16_t port{};             ///< that it is bound to; 0: none
    std::shared_ptr<door> listens{};  ///< it is a listening socket

    /// What `event` does to this end happens a latency from now.
    template <class F>
    void later(F event) {
        const instant then = saturating_add(around.outside.now(), way.latency);
        around.outside.at(then, [self = shared_from_this(), event] {
            event(*self);
            self->around.outside.changed(self->descriptor);
        });
    }
    [[nodiscard]] std::size_t part_of(std::size_t bytes) const {
        const std::size_t most = std::min(bytes, way.most);
        return way.unsure && most > 1 && around.choose(2) == 1 ? 1 : most;
    }
    [[nodiscard]] std::size_t free_there() const noexcept {
        const auto there = peer.lock();
        return there == nullptr ? way.room : way.room - std::min(way.room, there->owed);
    }

    std::size_t read(std::byte* into, std::size_t size) {
        const std::size_t count = part_of(std::min(size, arrived.size()));
        const auto last = arrived.begin() + static_cast<std::ptrdiff_t>(count);
        std::copy(arrived.begin(), last, into);
        arrived.erase(arrived.begin(), last);
        owed -= count;
        if (const auto there = peer.lock()) around.outside.changed(there->descriptor);
        return count;
    }
    std::size_t write(const std::byte* from, std::size_t size) {
        const std::size_t count = part_of(std::min(size, free_there()));
        if (const auto there = peer.lock()) {
            there->owed += count;
            there->later([bytes = std::vector<std::byte>(from, from + count)](end& e) {
                if (e.failure == 0) e.arrived.insert(e.arrived.end(), bytes.begin(), bytes.end());
            });
        }
        return count;
    }
    void finish() {
        if (std::exchange(finished, true)) return;
        if (const auto there = peer.lock()) there->later([](end& e) { e.ended = true; });
    }
    void fail(int error) {
        failure = error;
        arrived.clear();
        around.outside.changed(descriptor);
    }
};

/// Where connections wait to be accepted. There is one as long as its listening socket is open.
struct network::door {
    int descriptor{};
    std::deque<int> waiting{};
};

/// The sockets of a network, which know each other. It lives as long as any of them is open.
class network::fabric final : public sockets, public std::enable_shared_from_this<fabric> {
public:
    fabric(world& w, const link& each) noexcept : around_{w}, link_{each} {}

    [[nodiscard]] world& around() const noexcept { return around_; }
    [[nodiscard]] std::shared_ptr<end> open_end();
    [[nodiscard]] std::shared_ptr<end> find(int descriptor) const noexcept {
        const auto found = ends_.find(descriptor);
        return found == ends_.end() ? nullptr : found->second.lock();
    }
    void connect(end& e, std::uint16_t port);
    void close_door(const end& e);

    [[nodiscard]] int open(int) noexcept override {
        const int error = around_.outside.socket_fault();
        return error != 0 ? -error : open_end()->descriptor;
    }
    [[nodiscard]] int reuse_address(int socket) noexcept override { return find(socket) == nullptr ? EBADF : 0; }
    [[nodiscard]] int bind(int socket, const sockaddr* to, unsigned size) noexcept override;
    [[nodiscard]] int listen(int socket) noexcept override;
    [[nodiscard]] int local_port(int socket, std::uint16_t& port) noexcept override;
    [[nodiscard]] int no_delay(int socket, bool) noexcept override { return find(socket) == nullptr ? EBADF : 0; }
    [[nodiscard]] int end_writing(int socket) noexcept override;

private:
    [[nodiscard]] std::uint16_t free_port() const noexcept;

    world& around_;
    const link link_;
    std::map<int, std::weak_ptr<end>> ends_{};  ///< by descriptor
    std::map<std::uint16_t, std::weak_ptr<door>> doors_{};
};

namespace {

/// The port lies at the same place in addresses of both families.
std::uint16_t port_of(const void* address, std::size_t size) noexcept {
    sockaddr_in6 copy{};
    std::memcpy(&copy, address, std::min(size, sizeof copy));
    return ntohs(copy.sin6_port);
}

}  // namespace

class network::socket_file final : public virtual_file {
public:
    socket_file(std::shared_ptr<end> e, std::shared_ptr<fabric> f) noexcept
        : end_{std::move(e)}, fabric_{std::move(f)} {}

    [[nodiscard]] bool attempt(operation& op) override {
        end& e = *end_;
        if (e.listens != nullptr) return attempt_at_door(op, *e.listens);
        if (op.kind == io::accept) return done(op, EINVAL, 0);
        if (op.kind == io::connect) return connect(op);
        if (e.failure != 0) return done(op, is_wait(op.kind) ? 0 : e.failure, 0);
        if (e.now != end::state::connected) return done(op, ENOTCONN, 0);
        switch (op.kind) {
            case io::read:
                if (e.arrived.empty()) return (e.ended || op.size == 0) && done(op, 0, 0);
                return moved(op, e.read(static_cast<std::byte*>(op.buffer), op.size));
            case io::write:
                if (e.finished) return done(op, EPIPE, 0);
                if (e.free_there() == 0 && op.size > 0) return false;
                return moved(op, e.write(static_cast<const std::byte*>(op.buffer), op.size));
            case io::readable: return (!e.arrived.empty() || e.ended) && done(op, 0, 0);
            default: return (e.finished || e.free_there() > 0) && done(op, 0, 0);
        }
    }
    /// The peer reads what was written, and the end; what it writes from then on is nobody's. Who waits at a door that
    /// is closed is reset.
    void closed() override {
        if (end_->listens != nullptr) fabric_->close_door(*end_);
        end_->finish();
        if (const auto there = end_->peer.lock()) there->later([](end& e) { e.finished = true; });
    }
    [[nodiscard]] std::string name() const override {
        if (end_->listens != nullptr) return "a listening socket, port " + std::to_string(end_->port);
        return "a stream, descriptor " + std::to_string(end_->descriptor);
    }

private:
    static bool is_wait(io kind) noexcept { return kind == io::readable || kind == io::writable; }
    static bool moved(operation& op, std::size_t count) noexcept {
        return done(op, 0, static_cast<std::int64_t>(count));
    }
    static bool attempt_at_door(operation& op, door& d) {
        if (op.kind == io::readable) return !d.waiting.empty() && done(op, 0, 0);
        if (op.kind != io::accept) return done(op, EINVAL, 0);
        if (d.waiting.empty()) return false;
        const int taken = d.waiting.front();
        d.waiting.pop_front();
        return done(op, 0, taken);
    }

    [[nodiscard]] bool connect(operation& op) {
        end& e = *end_;
        switch (e.now) {
            case end::state::fresh:
                e.now = end::state::connecting;
                e.later([all = fabric_, port = port_of(op.buffer, op.size)](end& self) { all->connect(self, port); });
                return false;
            case end::state::connecting: return e.failure != 0 && done(op, e.failure, 0);
            default: return done(op, e.failure, 0);
        }
    }

    const std::shared_ptr<end> end_;
    const std::shared_ptr<fabric> fabric_;
};

// ---- fabric --------------------------------------------------------------------------------------------------------

std::shared_ptr<network::end> network::fabric::open_end() {
    auto opened = std::make_shared<end>(around_, link_);
    opened->descriptor = around_.outside.open(std::make_unique<socket_file>(opened, shared_from_this()));
    ends_[opened->descriptor] = opened;
    return opened;
}

/// What is asked for has come to the port.
void network::fabric::connect(end& e, std::uint16_t port) {
    const auto found = doors_.find(port);
    const auto there = found == doors_.end() ? nullptr : found->second.lock();
    if (there == nullptr) {
        e.failure = ECONNREFUSED;
        return;
    }
    const auto other = open_end();
    other->peer = e.weak_from_this();
    e.peer = other;
    e.now = other->now = end::state::connected;
    there->waiting.push_back(other->descriptor);
    around_.outside.changed(there->descriptor);
}

void network::fabric::close_door(const end& e) {
    doors_.erase(e.port);
    for (const int each : e.listens->waiting) {
        if (const auto peer = find(each)->peer.lock()) peer->fail(ECONNRESET);
        static_cast<void>(around_.outside.close(each));
    }
}

std::uint16_t network::fabric::free_port() const noexcept {
    std::uint16_t port = 49152;  // where those begin that nobody asks for by number
    while (doors_.contains(port)) ++port;
    return port;
}

int network::fabric::bind(int socket, const sockaddr* to, unsigned size) noexcept {
    const auto e = find(socket);
    if (e == nullptr) return EBADF;
    const std::uint16_t port = port_of(to, size);
    if (doors_.contains(port)) return EADDRINUSE;
    e->port = port != 0 ? port : free_port();
    return 0;
}

int network::fabric::listen(int socket) noexcept {
    const auto e = find(socket);
    if (e == nullptr) return EBADF;
    if (e->now != end::state::fresh) return EINVAL;
    if (e->port == 0) e->port = free_port();
    if (doors_.contains(e->port)) return EADDRINUSE;
    e->listens = std::make_shared<door>();
    e->listens->descriptor = socket;
    doors_[e->port] = e->listens;
    return 0;
}

int network::fabric::local_port(int socket, std::uint16_t& port) noexcept {
    const auto e = find(socket);
    if (e == nullptr) return EBADF;
    port = e->port;
    return 0;
}

int network::fabric::end_writing(int socket) noexcept {
    const auto e = find(socket);
    if (e == nullptr) return EBADF;
    if (e->now != end::state::connected) return ENOTCONN;
    e->finish();
    return 0;
}

// ---- network -------------------------------------------------------------------------------------------------------

network::network(world& w, const link& each) : fabric_{std::make_shared<fabric>(w, each)} { w.outside.use(fabric_); }

std::pair<int, int> network::connected() {
    const auto one = fabric_->open_end();
    const auto other = fabric_->open_end();
    one->peer = other;
    other->peer = one;
    one->now = other->now = end::state::connected;
    return {one->descriptor, other->descriptor};
}

void network::reset(int descriptor) {
    const auto one = fabric_->find(descriptor);
    if (one == nullptr || one->now != end::state::connected) return;
    one->fail(ECONNRESET);
    if (const auto other = one->peer.lock()) other->fail(ECONNRESET);
}

}  // namespace galley::testing
