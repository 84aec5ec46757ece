// SPDX-License-Identifier: BSL-1.0
#include "bench/harness/worker.hpp"

#include <bench_peers.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace galley_bench {

namespace {

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words{""};
    for (const char c : line) {
        if (c == '\t') {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    return words;
}

/// A child process and its two pipes. It ends when its standard input does.
class process {
public:
    explicit process(const std::vector<std::string>& command) {
        int to_child[2];
        int from_child[2];
        if (::pipe2(to_child, O_CLOEXEC) != 0 || ::pipe2(from_child, O_CLOEXEC) != 0) {
            return;
        }
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
        posix_spawn_file_actions_adddup2(&actions, from_child[1], 1);
        std::vector<char*> arguments;
        for (const std::string& word : command) {
            arguments.push_back(const_cast<char*>(word.c_str()));
        }
        arguments.push_back(nullptr);
        if (::posix_spawnp(&id_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) {
            id_ = -1;
        }
        posix_spawn_file_actions_destroy(&actions);
        ::close(to_child[0]);
        ::close(from_child[1]);
        to_ = ::fdopen(to_child[1], "w");
        from_ = ::fdopen(from_child[0], "r");
    }
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() {
        for (std::FILE* const end : {to_, from_}) {
            if (end != nullptr) {
                std::fclose(end);
            }
        }
        if (id_ > 0) {
            ::waitpid(id_, nullptr, 0);
        }
    }
    [[nodiscard]] bool started() const noexcept { return id_ > 0; }
    void say(const std::string& line) {
        std::fprintf(to_, "%s\n", line.c_str());
        std::fflush(to_);
    }
    /// Nothing: it has ended.
    std::optional<std::vector<std::string>> hear() {
        char* line = nullptr;
        std::size_t room = 0;
        const ssize_t size = ::getline(&line, &room, from_);
        const std::unique_ptr<char, decltype(&std::free)> owner{line, &std::free};
        if (size <= 0) {
            return std::nullopt;
        }
        return words_of({line, static_cast<std::size_t>(size) - (line[size - 1] == '\n' ? 1 : 0)});
    }

private:
    pid_t id_{-1};
    std::FILE* to_{};
    std::FILE* from_{};
};

void measure(benchmark::State& state, process& child, const row& r) {
    std::uint64_t done = 0;
    for (auto _ : state) {
        child.say("run\t" + r.name + "\t" + std::to_string(r.operations));
        const auto answer = child.hear();
        if (!answer || answer->size() < 4 || answer->front() != "done") {
            const std::string why = !answer              ? "its process has ended"
                                    : answer->size() > 1 ? (*answer)[1]
                                                         : "it does not say what it did";
            state.SkipWithError(why.c_str());
            return;
        }
        const std::uint64_t count = std::stoull((*answer)[1]);
        if (count != r.operations) {
            state.SkipWithError(
                ("of " + std::to_string(r.operations) + " operations " + std::to_string(count) + " were done").c_str());
            return;
        }
        done += count;
        state.SetIterationTime(std::stod((*answer)[r.wall ? 3 : 2]) * 1e-9);
        for (std::size_t i = 4; i + 1 < answer->size(); i += 2) {
            state.counters[(*answer)[i]] = std::stod((*answer)[i + 1]);
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(done));
}

}  // namespace

void enter_worker(registry& to, const std::string& name, const std::vector<std::string>& command) {
    const auto child = std::make_shared<process>(command);
    auto first = child->started() ? child->hear() : std::nullopt;
    if (!first || first->front() != "version" || first->size() < 2) {
        to.missing(name, first && first->size() > 1 ? (*first)[1] : "there is no " + command.front());
        return;
    }
    to.contender(name, (*first)[1]);
    for (auto line = child->hear(); line && line->front() != "ready"; line = child->hear()) {
        const row* const r = line->size() > 1 ? to.find((*line)[1]) : nullptr;
        if (r == nullptr) {
            to.missing(name + ": " + (line->size() > 1 ? (*line)[1] : line->front()), "no such row");
        } else if (line->front() == "can") {
            to.run_by_itself(*r, name, [child, r = *r](benchmark::State& state) { measure(state, *child, r); });
        } else {
            to.cannot(*r, name, line->size() > 2 ? (*line)[2] : "it says so");
        }
    }
}

void enter_workers(registry& to) {
    for (const missing_peer& peer : missing_peers) {
        to.missing(peer.name, peer.why);
    }
    for (const worker_command& peer : worker_commands) {
        enter_worker(to, peer.name, peer.words);
    }
}

}  // namespace galley_bench
