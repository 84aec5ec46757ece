// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/run/sim.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <tuple>
#include <utility>

namespace galley::spec {

namespace {

constexpr std::int64_t sum_limit = std::int64_t{1} << 62;

void add(std::int64_t& sum, std::int64_t amount) noexcept { sum = std::min(sum + amount, sum_limit); }

}  // namespace

/// Set: true, by any thread; cleared by the driver's `wait`. Orders nothing else: what a poster wrote is read under the
/// inbox's own rules.
class sim_driver::token final : public waker {
public:
    void wake() noexcept override { set_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool consume() noexcept { return set_.exchange(false, std::memory_order_relaxed); }

private:
    std::atomic<bool> set_{false};
};

sim_driver::sim_driver(const scenario& s, world_listener& listener)
    : scenario_{s}, listener_{listener}, token_{std::make_shared<token>()} {
    channels_.reserve(s.channels.size());
    for (const std::int64_t room : s.channels) {
        channels_.push_back(channel{.room = room});
    }
}

std::shared_ptr<waker> sim_driver::get_waker() noexcept { return token_; }

bool sim_driver::exhausted() const noexcept { return next_entry_ == scenario_.world.size() && completions_.empty(); }

/// True if the operation is complete, with its result.
bool sim_driver::attempt(channel& c, operation& op) noexcept {
    const auto done = [&op](int error, std::int64_t count) {
        op.result = {io_result::status::done, error, count};
        return true;
    };
    if (c.closed) {
        return done(EBADF, 0);
    }
    if (c.failure != 0) {
        return done(c.failure, 0);
    }
    const auto size = static_cast<std::int64_t>(op.size);
    switch (op.kind) {
        case io::read:
            if (c.arrived > 0) {
                const std::int64_t count = std::min(size, c.arrived);
                c.arrived -= count;
                return done(0, count);
            }
            return c.ended && done(0, 0);
        case io::readable: return (c.arrived > 0 || c.ended) && done(0, 0);
        case io::write:
            if (c.room > 0) {
                const std::int64_t count = std::min(size, c.room);
                c.room -= count;
                return done(0, count);
            }
            return false;
        case io::writable: return c.room > 0 && done(0, 0);
        case io::accept:
        case io::connect:
            if (c.peers > 0) {
                --c.peers;
                return done(0, -1);  // there is no descriptor that somebody might close
            }
            return false;
    }
    return false;
}

bool sim_driver::start(operation& op) noexcept {
    op.order = ++started_;
    channel& c = channels_[static_cast<std::size_t>(op.descriptor)];
    if (attempt(c, op)) {
        return true;
    }
    c.in_flight.push_back(&op);
    return false;
}

void sim_driver::cancel(operation& op) noexcept {
    if (std::erase(channels_[static_cast<std::size_t>(op.descriptor)].in_flight, &op) > 0) {
        op.result = {io_result::status::cancelled, 0, 0};
        complete(op, now_);
    }
}

int sim_driver::close(int descriptor) noexcept {
    channel& c = channels_[static_cast<std::size_t>(descriptor)];
    if (c.closed) {
        return EBADF;
    }
    c.closed = true;
    for (operation* const op : std::exchange(c.in_flight, {})) {
        op->result = {io_result::status::done, ECANCELED, 0};
        complete(*op, now_);
    }
    return 0;
}

void sim_driver::shut() noexcept {
    shut_ = true;  // the world has stopped, too
    for (channel& c : channels_) {
        for (operation* const op : std::exchange(c.in_flight, {})) {
            op->result = {io_result::status::cancelled, 0, 0};
            complete(*op, now_);
        }
    }
}

void sim_driver::ask(operation_list& done) noexcept {
    deliver_due();
    report(done);
}

void sim_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    if (!token_->consume() && completions_.empty() && !shut_) {
        if (next_entry_ < scenario_.world.size()) {
            const instant next{duration{scenario_.world[next_entry_].at}};
            until = until ? std::min(*until, next) : next;
        }
        now_ = std::max(now_, until.value_or(now_));
    }
    ask(done);
    static_cast<void>(token_->consume());  // last: what the script posts in here wakes this wait, not the next (WAIT-3)
}

void sim_driver::deliver_due() {
    while (!shut_ && next_entry_ < scenario_.world.size()) {
        const world_entry& entry = scenario_.world[next_entry_];
        if (instant{duration{entry.at}} > now_) {
            return;
        }
        listener_.delivering(next_entry_++);
        apply(entry);
    }
}

void sim_driver::apply(const world_entry& entry) {
    const instant time{duration{entry.at}};
    switch (entry.what) {
        case world_verb::stop: listener_.stop(); return;
        case world_verb::post: listener_.post(entry.operands[0]); return;
        case world_verb::wake: listener_.wake(); return;
        case world_verb::jump: burn(duration{entry.operands[0]}); return;
        default: break;
    }
    channel& c = channels_[static_cast<std::size_t>(entry.operands[0])];
    if (c.closed) {
        return;
    }
    switch (entry.what) {
        case world_verb::data: add(c.arrived, entry.operands[1]); break;
        case world_verb::end: c.ended = true; break;
        case world_verb::break_: c.failure = static_cast<int>(entry.operands[1]); break;
        case world_verb::room: add(c.room, entry.operands[1]); break;
        case world_verb::peer: add(c.peers, 1); break;
        default: break;
    }
    changed(c, time);
}

/// The operations in flight attempt again: reads first (IO-4), each kind in start order.
void sim_driver::changed(channel& c, instant time) {
    for (const bool reads : {true, false}) {
        std::erase_if(c.in_flight, [&](operation* op) {
            if (is_read(op->kind) != reads || !attempt(c, *op)) {
                return false;
            }
            complete(*op, time);
            return true;
        });
    }
}

/// READY-1: by completion time, reads before writes, start order.
void sim_driver::report(operation_list& done) {
    const auto place = [](const completion& c) { return std::tuple{c.time, !is_read(c.op->kind), c.op->order}; };
    std::ranges::sort(completions_, {}, place);
    for (const completion& c : completions_) {
        done.push_back(*c.op);
    }
    completions_.clear();
}

}  // namespace galley::spec
