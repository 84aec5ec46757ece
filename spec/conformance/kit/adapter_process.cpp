// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/adapter_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>

extern char** environ;

namespace galley::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t longest_line = 4 << 20;  // PROTOCOL.md
constexpr std::size_t kept_errors = 2000;

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe2"};
    return ends;
}

void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
}

}  // namespace

adapter_process::adapter_process(const std::vector<std::string>& command) {
    std::signal(SIGPIPE, SIG_IGN);  // that an adapter has gone is found by write
    const auto in = make_pipe();
    const auto out = make_pipe();
    const auto err = make_pipe();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err[1], STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int failure = posix_spawnp(&process_, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    for (const int theirs : {in[0], out[1], err[1]}) close(theirs);
    in_ = in[1], out_ = out[0], err_ = err[0];
    for (const int end : {in_, out_, err_}) fcntl(end, F_SETFL, O_NONBLOCK);
    if (failure != 0) {
        process_ = -1;
        for (int* end : {&in_, &out_, &err_}) close_end(*end);
        throw std::system_error{failure, std::generic_category(), command[0]};
    }
}

adapter_process::~adapter_process() {
    if (process_ > 0) {
        kill(-process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
    for (int* end : {&in_, &out_, &err_}) close_end(*end);
}

void adapter_process::take_errors() {
    std::array<char, 4096> block;
    for (ssize_t n = 0; err_ >= 0 && (n = read(err_, block.data(), block.size())) >= 0;) {
        if (n == 0) return close_end(err_);
        errors_.append(block.data(), static_cast<std::size_t>(n));
        if (errors_.size() > kept_errors) errors_.erase(0, errors_.size() - kept_errors);
    }
}

/// Moves what can be moved, waiting for something at most until then. False if the time is up.
bool adapter_process::pump(deadline until) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 3> ends{{{out_, POLLIN, 0}, {err_, POLLIN, 0}, {unsent_.empty() ? -1 : in_, POLLOUT, 0}}};
    if (poll(ends.data(), ends.size(), static_cast<int>(left)) < 0) return errno == EINTR;
    take_errors();
    if (ends[2].revents != 0) {
        const auto n = write(in_, unsent_.data(), unsent_.size());
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            unsent_.clear();  // it has closed its input: its output will tell
        if (n > 0) unsent_.erase(0, static_cast<std::size_t>(n));
    }
    if (ends[0].revents != 0) {
        std::array<char, 65536> block;
        const auto n = read(out_, block.data(), block.size());
        if (n > 0) unread_.append(block.data(), static_cast<std::size_t>(n));
        ended_ = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    }
    return true;
}

std::string adapter_process::how_it_ended() {
    int status = 0;
    // Its output is closed; if it lives on all the same it is ended.
    for (int looks = 0; waitpid(process_, &status, WNOHANG) == 0; ++looks) {
        if (looks == 100) {
            kill(-process_, SIGKILL);
            waitpid(process_, &status, 0);
            process_ = -1;
            return "it closed its output and went on";
        }
        std::this_thread::sleep_for(milliseconds{10});
    }
    take_errors();
    process_ = -1;
    if (WIFSIGNALED(status))
        return std::string{"it was ended by signal "} + std::to_string(WTERMSIG(status)) + " (" +
               strsignal(WTERMSIG(status)) + ")";
    return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

reply adapter_process::ask(const std::string& line, milliseconds limit) {
    if (!unread_.empty())
        return {misconduct::talkative, "it wrote what nobody had asked for: " + unread_.substr(0, 80)};
    if (ended_) return {misconduct::died, "it had closed its output before it was asked"};
    unsent_ = line + "\n";
    const auto until = steady_clock::now() + limit;
    while (true) {
        if (const auto end = unread_.find('\n'); end != unread_.npos) {
            std::string answer = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            if (!unread_.empty())
                return {misconduct::talkative,
                        "more than one line for an answer; the next one begins: " + unread_.substr(0, 80)};
            return {misconduct::none, std::move(answer)};
        }
        if (unread_.size() > longest_line) return {misconduct::talkative, "a line of more than 4 MiB"};
        if (ended_) return {misconduct::died, how_it_ended()};
        if (!pump(until)) return {misconduct::hangs, "no answer within " + std::to_string(limit.count()) + " ms"};
    }
}

reply adapter_process::finish(const std::string& line, milliseconds limit) {
    unsent_ = line + "\n";
    const auto until = steady_clock::now() + limit;
    while (!ended_) {
        if (!pump(until)) return {misconduct::hangs, "it did not end when it was told to stop"};
        if (!unread_.empty())
            return {misconduct::talkative, "it wrote after its last answer: " + unread_.substr(0, 80)};
    }
    const auto end = how_it_ended();
    return {end == "it ended with status 0" ? misconduct::none : misconduct::died, end};
}

}  // namespace galley::conformance
