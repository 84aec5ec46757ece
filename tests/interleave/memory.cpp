// SPDX-License-Identifier: BSL-1.0
#include "memory.hpp"

#include <algorithm>
#include <stdexcept>

namespace galley::interleave {

std::size_t memory::new_location(thread_index by, std::uint64_t value) {
    if (locations_.size() == most_locations) {
        throw std::length_error("interleave: more atomic variables than most_locations");
    }
    message first{.value = value};
    first.told = threads_[by].knows;
    locations_.push_back({{first}, {0}, {}});
    (void)write_plain(by, locations_.back().life);
    return locations_.size() - 1;
}

void memory::join_seen(view& into, const view& from) const {
    for (std::size_t i = 0; i < locations_.size(); ++i) {
        const auto& messages = locations_[i].messages;
        if (messages[into.seen[i]].position < messages[from.seen[i]].position) {
            into.seen[i] = from.seen[i];
        }
    }
}

void memory::join_all(view& into, const view& from) const {
    join_seen(into, from);
    for (std::size_t i = 0; i < most_threads; ++i) {
        into.clock[i] = std::max(into.clock[i], from.clock[i]);
    }
}

void memory::join(thread_index thread, thread_index by) { join_all(threads_[by].knows, threads_[thread].knows); }

// Coherence: not before what the thread knows of; sequential consistency: nor before what S has seen by now.
std::uint16_t memory::floor(thread_index t, std::size_t location, std::memory_order o) const {
    const auto& messages = locations_[location].messages;
    const std::uint16_t known = messages[threads_[t].knows.seen[location]].position;
    if (o != std::memory_order_seq_cst) {
        return known;
    }
    return std::max(known, messages[sequential_.seen[location]].position);
}

std::span<const message_index> memory::readable(thread_index t, std::size_t location, std::memory_order o) {
    const auto& order = locations_[location].order;
    return std::span{order}.subspan(floor(t, location, o));
}

std::span<const message_index> memory::changeable(thread_index t, std::size_t location, std::memory_order o) {
    choices_.clear();
    for (const message_index m : readable(t, location, o)) {
        if (!locations_[location].messages[m].followed) {
            choices_.push_back(m);
        }
    }
    return choices_;
}

void memory::saw(thread_index t, std::size_t location, message_index m, std::memory_order o) {
    threads_[t].knows.seen[location] = m;
    if (o == std::memory_order_seq_cst) {
        const auto& messages = locations_[location].messages;
        if (messages[sequential_.seen[location]].position < messages[m].position) {
            sequential_.seen[location] = m;
        }
    }
}

void memory::load(thread_index t, std::size_t location, message_index m, std::memory_order o) {
    tick(t);
    const view& told = locations_[location].messages[m].told;
    join_all(acquires(o) ? threads_[t].knows : threads_[t].to_acquire, told);
    saw(t, location, m, o);
}

message_index memory::insert(std::size_t location, message_index behind, std::uint64_t value) {
    auto& messages = locations_[location].messages;
    auto& order = locations_[location].order;
    const auto place = static_cast<std::size_t>(messages[behind].position) + 1;
    const auto added = static_cast<message_index>(messages.size());
    messages.push_back({.value = value});
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), added);
    for (std::size_t i = place; i < order.size(); ++i) {
        messages[order[i]].position = static_cast<std::uint16_t>(i);
    }
    return added;
}

void memory::tell(thread_index t, std::size_t location, message_index m, std::memory_order o) {
    tick(t);
    saw(t, location, m, o);
    join_all(locations_[location].messages[m].told, releases(o) ? threads_[t].knows : threads_[t].released);
}

void memory::store(thread_index t, std::size_t location, message_index behind, std::uint64_t value,
                   std::memory_order o) {
    tell(t, location, insert(location, behind, value), o);
}

void memory::modify(thread_index t, std::size_t location, message_index read, std::uint64_t value,
                    std::memory_order o) {
    load(t, location, read, o);
    const message_index added = insert(location, read, value);
    auto& messages = locations_[location].messages;
    messages[read].followed = true;
    messages[added].told = messages[read].told;  // it continues the release sequence
    tell(t, location, added, o);
}

void memory::fence(thread_index t, std::memory_order o) {
    tick(t);
    thread_state& self = threads_[t];
    if (acquires(o)) {
        join_all(self.knows, self.to_acquire);
    }
    if (o == std::memory_order_seq_cst) {
        join_seen(self.knows, sequential_);
        join_seen(sequential_, self.knows);
    }
    if (releases(o)) {
        self.released = self.knows;
    }
}

bool memory::read_plain(thread_index t, plain_history& h) {
    const bool ordered = h.written <= threads_[t].knows.clock[h.writer];
    h.read[t] = tick(t);
    return ordered;
}

bool memory::write_plain(thread_index t, plain_history& h) {
    const auto& clock = threads_[t].knows.clock;
    bool ordered = h.written <= clock[h.writer];
    for (std::size_t i = 0; i < most_threads; ++i) {
        ordered = ordered && h.read[i] <= clock[i];
    }
    h.writer = t;
    h.written = tick(t);
    return ordered;
}

}  // namespace galley::interleave
