// SPDX-License-Identifier: BSL-1.0
// All programs of an alphabet before all judges: on every core, in shards that need not be judged twice.
#pragma once

#include <spec/stage/generate/enumerate.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

namespace galley::spec {

/// How far an exhaustion has come, in programs.
struct exhaustion_progress {
    std::size_t all{};
    std::size_t judged{};
    std::size_t remembered{};  ///< judged by an earlier run
    std::size_t left_out{};    ///< of shards that a sample leaves out
    std::chrono::duration<double> time{};
};

struct exhaustion_options {
    std::size_t most{};              ///< statements of a program
    std::size_t jobs{};              ///< threads, each with an oracle of its own; 0: one for each core
    std::size_t one_in{1};           ///< judge only one shard in so many: a sample
    std::size_t shard{20'000};       ///< programs that are judged, and remembered, together
    std::filesystem::path folder{};  ///< where finished shards are remembered; empty: nowhere
    std::function<void(const exhaustion_progress&)> tell{};  ///< called now and then, by one thread at a time
};

struct exhaustion_result {
    exhaustion_progress count{};
    /// The first few programs that a judge objected to; then the rest was not judged.
    std::vector<scenario> failing{};
};

[[nodiscard]] std::size_t count_programs(const alphabet& letters, std::size_t most_operations);

/// Judges every program of up to `most` statements. A shard is remembered, as an empty file that is named by the range
/// of its programs, once all of it was found right; the caller sees to it that the folder belongs to the programs and
/// judges that are built in. If a program crashes the process, it is printed first. Throws std::runtime_error as the
/// oracle does, and std::filesystem::filesystem_error.
[[nodiscard]] exhaustion_result exhaust(const alphabet& letters, const exhaustion_options& options);

}  // namespace galley::spec
