// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/run/sim.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace galley::spec {

namespace {

constexpr std::int64_t sum_limit = std::int64_t{1} << 62;

void add(std::int64_t& sum, std::int64_t amount) noexcept { sum = std::min(sum + amount, sum_limit); }

}  // namespace

/// The program's end of a channel. Its bytes are counted, but there are none.
class simulation::end_of_channel final : public testing::virtual_file {
public:
    explicit end_of_channel(channel& c) noexcept : channel_{c} {}

    [[nodiscard]] bool attempt(operation& op) override {
        channel& c = channel_;
        if (c.failure != 0) {
            return done(op, c.failure, 0);
        }
        switch (op.kind) {
            case io::read:
                if (c.arrived > 0) {
                    return done(op, 0, take(c.arrived, op.size));
                }
                return c.ended && done(op, 0, 0);
            case io::readable: return (c.arrived > 0 || c.ended) && done(op, 0, 0);
            case io::write: return c.room > 0 && done(op, 0, take(c.room, op.size));
            case io::writable: return c.room > 0 && done(op, 0, 0);
            case io::accept:
            case io::connect:
                if (c.peers > 0) {
                    --c.peers;
                    return done(op, 0, -1);  // there is no descriptor that somebody might close
                }
                return false;
        }
        return false;
    }
    [[nodiscard]] std::string name() const override { return "a channel"; }

private:
    [[nodiscard]] static std::int64_t take(std::int64_t& from, std::size_t most) noexcept {
        const std::int64_t count = std::min(static_cast<std::int64_t>(most), from);
        from -= count;
        return count;
    }

    channel& channel_;
};

simulation::simulation(const scenario& s, world_listener& listener) : listener_{listener} {
    channels_.reserve(s.channels.size());  // they are referred to
    for (const std::int64_t room : s.channels) {
        channels_.push_back({.room = room});
        descriptors_.push_back(driver_.open(std::make_unique<end_of_channel>(channels_.back())));
    }
    for (const world_entry& entry : s.world) {
        driver_.at(instant{duration{entry.at}}, [this, &entry] { deliver(entry); });
    }
}

void simulation::deliver(const world_entry& entry) {
    listener_.delivering(delivered_++);
    switch (entry.what) {
        case world_verb::stop: listener_.stop(); return;
        case world_verb::post: listener_.post(entry.operands[0]); return;
        case world_verb::wake: listener_.wake(); return;
        case world_verb::jump: burn(duration{entry.operands[0]}); return;
        default: break;
    }
    const auto number = static_cast<std::size_t>(entry.operands[0]);
    if (!driver_.is_open(descriptors_[number])) {
        return;
    }
    channel& c = channels_[number];
    switch (entry.what) {
        case world_verb::data: add(c.arrived, entry.operands[1]); break;
        case world_verb::end: c.ended = true; break;
        case world_verb::break_: c.failure = static_cast<int>(entry.operands[1]); break;
        case world_verb::room: add(c.room, entry.operands[1]); break;
        case world_verb::peer: add(c.peers, 1); break;
        default: break;
    }
    driver_.changed(descriptors_[number]);
}

}  // namespace galley::spec
