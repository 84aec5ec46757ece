// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/datagrams.hpp>

#include <galley/testing/virtual_file.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

namespace galley::testing {

/// It lives as long as its descriptor, and what is on its way there.
struct datagrams::end {
    end(world& w, const datagram_way& each) noexcept : around{w}, way{each} {}

    world& around;
    const datagram_way way;
    int descriptor{};
    std::weak_ptr<end> peer{};  ///< expired: it was closed
    std::deque<std::vector<std::byte>> arrived{};
    std::size_t to_lose{};  ///< of what is written here

    void send(std::vector<std::byte> bytes) {
        const auto there = peer.lock();
        if (there == nullptr || is_lost()) return;
        around.outside.at(saturating_add(around.outside.now(), way.latency), [there, bytes = std::move(bytes)] {
            if (there->arrived.size() == there->way.room) return;
            there->arrived.push_back(bytes);
            there->around.outside.changed(there->descriptor);
        });
    }

private:
    [[nodiscard]] bool is_lost() {
        if (to_lose == 0) return way.unsure && around.choose(2) == 1;
        --to_lose;
        return true;
    }
};

class datagrams::datagram_socket final : public virtual_file {
public:
    explicit datagram_socket(std::shared_ptr<end> e) noexcept : end_{std::move(e)} {}

    [[nodiscard]] bool attempt(operation& op) override {
        switch (op.kind) {
            case io::read: return !end_->arrived.empty() && take(op);
            case io::readable: return !end_->arrived.empty() && done(op, 0, 0);
            case io::writable: return done(op, 0, 0);
            case io::write: {
                const auto* const first = static_cast<const std::byte*>(op.buffer);
                end_->send({first, first + op.size});
                return done(op, 0, static_cast<std::int64_t>(op.size));
            }
            default: return done(op, EOPNOTSUPP, 0);
        }
    }
    [[nodiscard]] std::string name() const override {
        return "a datagram socket, descriptor " + std::to_string(end_->descriptor);
    }

private:
    bool take(operation& op) {
        const std::vector<std::byte> first = std::move(end_->arrived.front());
        end_->arrived.pop_front();
        const std::size_t count = std::min(first.size(), op.size);
        std::copy_n(first.begin(), count, static_cast<std::byte*>(op.buffer));
        return done(op, 0, static_cast<std::int64_t>(count));
    }

    const std::shared_ptr<end> end_;
};

std::shared_ptr<datagrams::end> datagrams::open_end() {
    auto opened = std::make_shared<end>(world_, way_);
    opened->descriptor = world_.outside.open(std::make_unique<datagram_socket>(opened));
    ends_[opened->descriptor] = opened;
    return opened;
}

std::pair<int, int> datagrams::connected() {
    const auto one = open_end();
    const auto other = open_end();
    one->peer = other;
    other->peer = one;
    return {one->descriptor, other->descriptor};
}

void datagrams::lose(int descriptor, std::size_t count) {
    const auto found = ends_.find(descriptor);
    const auto there = found == ends_.end() ? nullptr : found->second.lock();
    if (there != nullptr) there->to_lose += count;
}

}  // namespace galley::testing
