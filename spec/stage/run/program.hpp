// SPDX-License-Identifier: BSL-1.0
// A scenario at work: the objects that its tasks share, and the coroutines that interpret its statements.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/run/passing_time.hpp>
#include <spec/stage/run/recorder.hpp>

#include <galley/galley.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace galley::spec {

/// What `fail` throws.
struct failure {
    std::int64_t code;
};

/// Everything that the statements of all tasks refer to. It outlives the loop, since frames that the loop destroys
/// refer to it.
class program {
public:
    program(const scenario& s, recorder& r)
        : source{s},
          record{r},
          events(static_cast<std::size_t>(s.events)),
          semaphores(s.semaphores.size()),
          mutexes(static_cast<std::size_t>(s.mutexes)),
          queues(s.queues.size()),
          descriptors(s.channels.size()) {
        for (std::size_t i = 0; i != semaphores.size(); ++i) {
            semaphores[i].emplace(static_cast<std::uint64_t>(s.semaphores[i]));
        }
        for (std::size_t i = 0; i != queues.size(); ++i) {
            queues[i].emplace(static_cast<std::size_t>(s.queues[i]));
        }
    }

    struct owned_mutex {
        galley::mutex mutex{};
        std::optional<galley::mutex::guard> guard{};
        task_id owner{};
    };

    const scenario& source;
    recorder& record;
    galley::loop* loop{};
    passing_time* time{};

    std::vector<galley::event> events;  // these do not move: the vectors are made in their size
    std::vector<std::optional<semaphore>> semaphores;
    std::vector<owned_mutex> mutexes;
    std::vector<std::optional<queue<std::int64_t>>> queues;
    std::vector<int> descriptors;  ///< of the channels
    bool has_kernel{};             ///< descriptors are the kernel's: transfers need buffers, numbers are used again
    std::uint16_t port{1};         ///< where `connect` goes, on the loopback

    std::array<join_handle<std::int64_t>, 16> handles{};
    std::array<task_group*, 8> groups{};
    std::array<cancel_scope*, 8> scopes{};
    std::vector<remote> remotes{};
    std::vector<keep_alive> keep_alives{};
    std::mutex posting{};  ///< held from a post's number to its place in the inbox, if the world is a thread of its own
    std::uint64_t posts{};

    /// A callback that sets an event, with its number; and what runs when its turn comes.
    [[nodiscard]] callback setting(std::int64_t event_index);
};

/// Executes a routine, as a task of its own or as a call. What the task ends with is what its outermost routine told
/// the recorder last.
[[nodiscard]] task<std::int64_t> scenario_task(program& p, std::size_t routine);

}  // namespace galley::spec
