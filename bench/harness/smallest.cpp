// SPDX-License-Identifier: BSL-1.0
#include "bench/harness/smallest.hpp"

#include <bench_peers.hpp>

#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace galley_bench {

namespace {

constexpr int answer = 42;

std::uint64_t nanoseconds(const timeval& t) noexcept {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_usec) * 1000;
}

/// Each run is an operation; all must end with `status`.
void measure(benchmark::State& state, const std::vector<std::string>& words, int status, const char* what) {
    for (auto _ : state) {
        const ended_program ended = run_program(words);
        require(state, ended.status == status, what);
        state.SetIterationTime(static_cast<double>(ended.cpu) * 1e-9);
    }
    state.SetItemsProcessed(state.iterations());
}

void measure_size(benchmark::State& state, const std::string& file) {
    std::error_code error;
    for (auto _ : state) {
        state.counters["bytes"] = static_cast<double>(std::filesystem::file_size(file, error));
    }
    require(state, !error, "there is no such program");
}

}  // namespace

ended_program run_program(const std::vector<std::string>& words) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_t id = -1;
    const int error = ::posix_spawnp(&id, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    rusage used{};
    if (error != 0 || ::wait4(id, &status, 0, &used) != id || !WIFEXITED(status)) {
        return {-1, 0};
    }
    return {WEXITSTATUS(status), nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime)};
}

void enter_smallest_programs(registry& to) {
    const row start{"smallest program, start and end", group::programs, 0};
    row size{"smallest program, bytes", group::programs, 0};
    size.in_bytes = true;
    size.repetitions = 1;
    row compiled{"smallest program, compiled", group::programs, 0};
    compiled.once = compiled.large = true;
    compiled.repetitions = 3;
    for (const smallest_program& p : smallest_programs) {
        if (!to.knows(p.name)) {
            continue;
        }
        to.run_by_itself(start, p.name, [p](benchmark::State& state) {
            measure(state, p.words, answer, "it did not do what it is there for");
        });
        if (p.file.empty()) {
            to.cannot(size, p.name, "it needs its interpreter");
            to.cannot(compiled, p.name, "it needs its interpreter");
            continue;
        }
        to.run(size, p.name, [p](benchmark::State& state) { measure_size(state, p.file); });
        if (p.compile.empty()) {
            to.cannot(compiled, p.name, "another language has another compiler");
        } else {
            to.run_by_itself(compiled, p.name, [p](benchmark::State& state) {
                measure(state, p.compile, 0, "it could not be compiled");
            });
        }
    }
}

}  // namespace galley_bench
