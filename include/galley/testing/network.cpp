// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/network.hpp>

#include <galley/testing/virtual_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>
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
    std::size_t owed{};  ///< bytes that came, or are on their way here, and were not read
    bool ended{};        ///< the peer's last byte has arrived
    bool finished{};     ///< nothing more is written here, or there is nobody to read it

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

/// Where connections wait to be accepted.
struct network::door {
    std::shared_ptr<doors> all;
    std::uint16_t port{};
    int descriptor{};
    std::deque<int> waiting{};
};

class network::stream_socket final : public virtual_file {
public:
    stream_socket(std::shared_ptr<end> e, std::shared_ptr<ends> all, std::shared_ptr<doors> d) noexcept
        : end_{std::move(e)}, ends_{std::move(all)}, doors_{std::move(d)} {}

    [[nodiscard]] bool attempt(operation& op) override {
        end& e = *end_;
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
    /// The peer reads what was written, and the end; what it writes from then on is nobody's.
    void closed() override {
        end_->finish();
        if (const auto there = end_->peer.lock()) there->later([](end& e) { e.finished = true; });
    }
    [[nodiscard]] std::string name() const override {
        return "a stream, descriptor " + std::to_string(end_->descriptor);
    }

private:
    static bool is_wait(io kind) noexcept { return kind == io::readable || kind == io::writable; }
    static bool moved(operation& op, std::size_t count) noexcept {
        return done(op, 0, static_cast<std::int64_t>(count));
    }

    [[nodiscard]] bool connect(operation& op) {
        end& e = *end_;
        switch (e.now) {
            case end::state::fresh:
                e.now = end::state::connecting;
                e.later([all = ends_, at = doors_, port = port_of(op)](end& self) { arrive(self, all, at, port); });
                return false;
            case end::state::connecting: return e.failure != 0 && done(op, e.failure, 0);
            default: return done(op, e.failure, 0);
        }
    }
    [[nodiscard]] static std::uint16_t port_of(const operation& op) noexcept {
        sockaddr_in6 address{};  // its port lies where that of sockaddr_in does
        std::memcpy(&address, op.buffer, std::min(op.size, sizeof address));
        return ntohs(address.sin6_port);
    }
    static void arrive(end& e, const std::shared_ptr<ends>& all, const std::shared_ptr<doors>& at, std::uint16_t port) {
        const auto found = at->find(port);
        const auto there = found == at->end() ? nullptr : found->second.lock();
        if (there == nullptr) {
            e.failure = ECONNREFUSED;
            return;
        }
        const auto other = open_end(e.around, e.way, all, at);
        other->peer = e.weak_from_this();
        e.peer = other;
        e.now = other->now = end::state::connected;
        there->waiting.push_back(other->descriptor);
        e.around.outside.changed(there->descriptor);
    }

    const std::shared_ptr<end> end_;
    const std::shared_ptr<ends> ends_;
    const std::shared_ptr<doors> doors_;
};

class network::listening_socket final : public virtual_file {
public:
    listening_socket(std::shared_ptr<door> d, world& w) noexcept : door_{std::move(d)}, around_{w} {}

    [[nodiscard]] bool attempt(operation& op) override {
        if (op.kind == io::readable) return !door_->waiting.empty() && done(op, 0, 0);
        if (op.kind != io::accept) return done(op, EINVAL, 0);
        if (door_->waiting.empty()) return false;
        const int taken = door_->waiting.front();
        door_->waiting.pop_front();
        return done(op, 0, taken);
    }
    void closed() override {
        door_->all->erase(door_->port);
        for (const int each : door_->waiting) static_cast<void>(around_.outside.close(each));
    }
    [[nodiscard]] std::string name() const override {
        return "a listening socket, port " + std::to_string(door_->port);
    }

private:
    const std::shared_ptr<door> door_;
    world& around_;
};

network::network(world& w, const link& each)
    : world_{w}, link_{each}, ends_{std::make_shared<ends>()}, doors_{std::make_shared<doors>()} {}

std::shared_ptr<network::end> network::open_end(world& w, const link& l, const std::shared_ptr<ends>& all,
                                                const std::shared_ptr<doors>& at) {
    auto opened = std::make_shared<end>(w, l);
    opened->descriptor = w.outside.open(std::make_unique<stream_socket>(opened, all, at));
    (*all)[opened->descriptor] = opened;
    return opened;
}

std::shared_ptr<network::end> network::find(int descriptor) const noexcept {
    const auto found = ends_->find(descriptor);
    return found == ends_->end() ? nullptr : found->second.lock();
}

int network::socket() { return open_end(world_, link_, ends_, doors_)->descriptor; }

std::pair<int, int> network::connected() {
    const auto one = open_end(world_, link_, ends_, doors_);
    const auto other = open_end(world_, link_, ends_, doors_);
    one->peer = other;
    other->peer = one;
    one->now = other->now = end::state::connected;
    return {one->descriptor, other->descriptor};
}

int network::listen(std::uint16_t port) {
    if (doors_->contains(port)) throw std::invalid_argument("galley::testing: somebody listens on that port");
    const auto opened = std::make_shared<door>();
    opened->all = doors_;
    opened->port = port;
    opened->descriptor = world_.outside.open(std::make_unique<listening_socket>(opened, world_));
    (*doors_)[port] = opened;
    return opened->descriptor;
}

void network::reset(int descriptor) {
    const auto one = find(descriptor);
    if (one == nullptr || one->now != end::state::connected) return;
    one->fail(ECONNRESET);
    if (const auto other = one->peer.lock()) other->fail(ECONNRESET);
}

void network::end_writing(int descriptor) {
    if (const auto one = find(descriptor)) one->finish();
}

}  // namespace galley::testing
