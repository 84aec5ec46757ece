// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/real/free_world.hpp>
#include <spec/stage/real/real_run.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace galley::spec {

free_world::free_world(const scenario& s, real_channels& channels, world_listener& outside, std::optional<remote> stops)
    : scenario_{s},
      channels_{channels},
      outside_{outside},
      stops_{std::move(stops)},
      bell_{make_pipe()},
      thread_{[this](const std::stop_token& stop) { work(stop); }} {}

void free_world::finish() {
    thread_.request_stop();
    bell_[1] = owned_descriptor{};  // its other end is readable from now on
    thread_.join();
}

void free_world::work(const std::stop_token& stop) {
    const auto begin = std::chrono::steady_clock::now();
    std::mutex nobody_else;
    std::condition_variable_any never;
    for (const world_entry& entry : scenario_.world) {
        const auto at = begin + std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds{entry.at}, last_moment);
        std::unique_lock lock{nobody_else};
        never.wait_until(lock, stop, at, [] { return false; });  // sleeps, unless the run is over
        perform(entry);
    }
    stops_.reset();
    keep_draining(stop);
}

void free_world::perform(const world_entry& entry) {
    switch (entry.what) {
        case world_verb::stop: return stops_->stop();
        case world_verb::post: return outside_.post(entry.operands[0]);
        case world_verb::wake: return outside_.wake();
        default: return channels_.perform(entry);
    }
}

void free_world::keep_draining(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::vector<pollfd> polled{{bell_[0].get(), POLLIN, 0}};
        for (const int far : channels_.far_ends()) {
            polled.push_back({far, POLLIN, 0});
        }
        ::poll(polled.data(), polled.size(), -1);
        for (std::size_t c = 0; c < scenario_.channels.size(); ++c) {
            channels_.drain(c);
        }
    }
}

}  // namespace galley::spec
