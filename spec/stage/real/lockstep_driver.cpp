// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/real/lockstep_driver.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

#include <unistd.h>

namespace galley::spec {

namespace {

/// A channel's direction, or what is not about a channel.
int direction(const world_entry& e) noexcept {
    return concerns_channel(e.what) ? static_cast<int>(2 * e.operands[0]) + (e.what == world_verb::room ? 1 : 0) : -1;
}

}  // namespace

lockstep_driver::lockstep_driver(const scenario& s, driver& inner, real_channels& channels, world_listener& outside,
                                 problem_list& problems)
    : scenario_{s},
      inner_{inner},
      channels_{channels},
      outside_{outside},
      problems_{problems},
      bell_{make_pipe()},
      bell_rings_{io::readable, bell_[0].get(), nullptr, 0, [](operation&) noexcept {}} {}

void lockstep_driver::rescue() noexcept {
    // relaxed: the wake below, through the kernel, comes after it for whoever is woken
    rescued_.store(true, std::memory_order_relaxed);
    inner_.get_waker()->wake();
    static_cast<void>(ring());  // should it be the waker that is broken
}

bool lockstep_driver::exhausted() const noexcept {
    return next_entry_ == scenario_.world.size() && completions_.empty();
}

// ---- operations ----------------------------------------------------------------------------------------------------

bool lockstep_driver::start(operation& op) noexcept {
    const bool at_once = inner_.start(op) || look(now_, &op);
    if (at_once) {
        drain_after(op);
    }
    return at_once;
}

void lockstep_driver::cancel(operation& op) noexcept {
    if (std::ranges::find(completions_, &op, &completion::op) == completions_.end()) {  // for the loop it is in flight
        inner_.cancel(op);
        static_cast<void>(look(now_, nullptr));
    }
}

int lockstep_driver::close(int descriptor) noexcept {
    const int error = inner_.close(descriptor);
    static_cast<void>(look(now_, nullptr));
    return error;
}

void lockstep_driver::shut() noexcept {
    shut_ = true;  // the world has stopped, too
    inner_.shut();
    static_cast<void>(look(now_, nullptr));
}

/// Asks the inner driver. True if `awaited` is among what it reports; that one is not kept for the loop.
bool lockstep_driver::look(instant time, const operation* awaited) {
    operation_list reported;
    inner_.ask(reported);
    operation_list rest;
    bool found = false;
    while (operation* const op = reported.pop_front()) {
        if (op == awaited) {
            found = true;
        } else {
            rest.push_back(*op);
        }
    }
    keep(rest, time);
    return found;
}

void lockstep_driver::keep(operation_list& reported, instant time) {
    while (operation* const op = reported.pop_front()) {
        if (op == &bell_rings_) {
            bell_is_reported_ = true;
            continue;
        }
        drain_after(*op);
        completions_.push_back({time, op});
    }
}

/// The world reads what is written, so that there is room for the next write. The world thread rests meanwhile.
void lockstep_driver::drain_after(const operation& op) {
    if (const int channel = channels_.find(op.descriptor); op.kind == io::write && channel >= 0) {
        channels_.drain(static_cast<std::size_t>(channel));
    }
}

/// As the sim driver: by completion time, reads before writes, start order (READY-1).
void lockstep_driver::report(operation_list& done) {
    const auto place = [](const completion& c) { return std::tuple{c.time, !is_read(c.op->kind), c.op->order}; };
    std::ranges::sort(completions_, {}, place);
    for (const completion& c : std::exchange(completions_, {})) {
        done.push_back(*c.op);
    }
}

// ---- the world -----------------------------------------------------------------------------------------------------

void lockstep_driver::ask(operation_list& done) noexcept {
    deliver_due(false);
    report(done);
}

void lockstep_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    const bool idle = completions_.empty() && !shut_ && due() == nullptr;
    if (idle) {
        if (next_entry_ < scenario_.world.size()) {
            const instant next{duration{scenario_.world[next_entry_].at}};
            until = until ? std::min(*until, next) : next;
        }
        now_ = std::max(now_, until.value_or(now_));
    }
    if (due() == nullptr) {  // a timer, or what is there already
        operation_list reported;
        inner_.wait(epoch, reported);
        keep(reported, now_);
    }
    deliver_due(idle);
    report(done);
}

/// The next entry, if its time has come.
const world_entry* lockstep_driver::due() const noexcept {
    if (shut_ || next_entry_ == scenario_.world.size()) {
        return nullptr;
    }
    const world_entry& next = scenario_.world[next_entry_];
    return instant{duration{next.at}} <= now_ ? &next : nullptr;
}

/// `blocking`: for what comes first, the loop's thread waits inside the inner driver.
void lockstep_driver::deliver_due(bool blocking) {
    while (const world_entry* const entry = due()) {
        if (entry->what == world_verb::jump) {
            outside_.delivering(next_entry_++);
            burn(duration{entry->operands[0]});
        } else {
            deliver(take_batch(), std::exchange(blocking, false));
        }
    }
}

std::span<const world_entry> lockstep_driver::take_batch() {
    const std::span all{scenario_.world};
    const std::size_t first = next_entry_;
    std::vector<int> directions;
    while (next_entry_ < all.size() && all[next_entry_].at == all[first].at &&
           all[next_entry_].what != world_verb::jump) {
        const int here = direction(all[next_entry_]);
        if (here >= 0 && std::ranges::find(directions, here) != directions.end()) {
            break;
        }
        directions.push_back(here);
        outside_.delivering(next_entry_++);
    }
    return all.subspan(first, next_entry_ - first);
}

void lockstep_driver::deliver(std::span<const world_entry> batch, bool blocking) {
    const bool for_io = std::ranges::any_of(batch, &concerns_channel, &world_entry::what);
    const instant time{duration{batch[0].at}};
    blocking = blocking && !rescued_.load(std::memory_order_relaxed);
    if (blocking && inner_.start(bell_rings_)) {
        problems_.add("the driver broke its promise: it called an empty pipe readable");
        blocking = false;
    }
    thread_.begin([this, batch, rings = blocking && for_io] {
        for (const world_entry& entry : batch) {
            perform(entry);
        }
        if (rings && !ring()) {
            problems_.add("the world could not ring");
        }
    });
    operation_list reported;
    if (blocking) {
        inner_.wait(std::nullopt, reported);
    }
    thread_.finish();
    keep(reported, time);
    if (blocking && rescued_.load(std::memory_order_relaxed)) {
        problems_.add("hang: the driver's wait did not end at " + describe(batch) + "\n" + (tell_ ? tell_() : ""));
    }
    static_cast<void>(look(time, nullptr));
    if (blocking) {
        silence_bell(batch, for_io);
    }
}

bool lockstep_driver::ring() noexcept {
    const char tone{};
    return ::write(bell_[1].get(), &tone, 1) == 1;
}

/// If it was rung, the driver was asked since.
void lockstep_driver::silence_bell(std::span<const world_entry> batch, bool was_rung) {
    if (!std::exchange(bell_is_reported_, false)) {
        if (was_rung) {
            problems_.add("the driver broke its promise: asked after " + describe(batch) +
                          ", it does not report an operation that is ready (WAIT-3)");
        }
        inner_.cancel(bell_rings_);
        static_cast<void>(look(now_, &bell_rings_));
    }
    for (char tone{}; ::read(bell_[0].get(), &tone, 1) == 1;) {
    }
}

std::string lockstep_driver::describe(std::span<const world_entry> batch) const {
    std::string text = "what the world did at " + std::to_string(batch[0].at) + " ns:";
    for (const world_entry& entry : batch) {
        text += " entry " + std::to_string(&entry - scenario_.world.data()) + " (" +
                std::string{info(entry.what).name} + ")";
    }
    return text;
}

/// On the world thread.
void lockstep_driver::perform(const world_entry& entry) {
    switch (entry.what) {
        case world_verb::stop: return outside_.stop();
        case world_verb::post: return outside_.post(entry.operands[0]);
        case world_verb::wake: return outside_.wake();
        default: break;
    }
    channels_.perform(entry);
    channels_.settle(static_cast<std::size_t>(entry.operands[0]));
}

}  // namespace galley::spec
