// SPDX-License-Identifier: BSL-1.0
#include "judges.hpp"

#include <spec/stage/check/check.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/form/print.hpp>
#include <spec/stage/generate/shrink.hpp>

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace galley::spec {

trace run_on_ref(const scenario& s, const driver_wrapper& wrap) {
    return run_scenario(s, [](driver& d, const loop_options& o) { return std::make_unique<ref::loop>(d, o); }, wrap);
}
trace run_on_fast(const scenario& s, const driver_wrapper& wrap) {
    return run_scenario(s, [](driver& d, const loop_options& o) { return std::make_unique<fast::loop>(d, o); }, wrap);
}

oracle::oracle() {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    if (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("oracle: no pipe");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    std::string script = GALLEY_SOURCE_DIR "/spec/scenario/oracle.py";
    std::string python = "python3";
    std::string batch = "--batch";
    std::array<char*, 4> arguments{python.data(), script.data(), batch.data(), nullptr};
    const int error = posix_spawnp(&process_, "python3", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(to[0]);
    ::close(from[1]);
    if (error != 0) {
        throw std::runtime_error("oracle: python3 cannot be started");
    }
    questions_ = fdopen(to[1], "w");
    answers_ = fdopen(from[0], "r");
}

oracle::~oracle() {
    std::fclose(questions_);
    std::fclose(answers_);
    waitpid(process_, nullptr, 0);
}

oracle& oracle::shared() {
    static oracle one;
    return one;
}

bool oracle::has_room(const std::string& question) const {
    return open_.empty() || open_bytes_ + question.size() < question_limit;
}

void oracle::ask(const std::string& question) {
    if (std::fprintf(questions_, "%s\n", question.c_str()) < 0) {
        throw std::runtime_error("oracle: it does not listen any more");
    }
    open_.push_back(question.size());
    open_bytes_ += question.size();
    sent_ = false;
}

std::string oracle::answer() {
    if (!sent_ && std::fflush(questions_) != 0) {
        throw std::runtime_error("oracle: it does not listen any more");
    }
    sent_ = true;
    std::string text;
    char* line = nullptr;
    std::size_t capacity = 0;
    for (;;) {
        const ssize_t length = getline(&line, &capacity, answers_);
        if (length <= 0) {
            std::free(line);
            throw std::runtime_error("oracle: it ended without an answer");
        }
        if (length == 1) {
            break;
        }
        text.append(line, static_cast<std::size_t>(length));
    }
    std::free(line);
    if (text.starts_with("{\"error\"")) {
        throw std::runtime_error("oracle: refused the scenario: " + text);
    }
    open_bytes_ -= open_.front();
    open_.pop_front();
    return text;
}

std::string oracle::trace_of(const scenario& s) {
    ask(to_json(s, false));
    return answer();
}

namespace {

std::string line_at(const std::string& text, std::size_t from) {
    return from >= text.size() ? "(the end)" : text.substr(from, text.find('\n', from) - from);
}

/// The first line in which two traces differ, with the lines before it.
std::string first_difference(const std::string& a_name, const std::string& a, const std::string& b_name,
                             const std::string& b) {
    std::size_t start = 0;
    while (start < a.size() && start < b.size() && line_at(a, start) == line_at(b, start)) {
        start = a.find('\n', start) + 1;
    }
    std::size_t context = start;
    for (int lines = 0; lines < 8 && context > 0; ++lines) {
        context = context < 2 ? 0 : a.rfind('\n', context - 2) + 1;
    }
    return a_name + " and " + b_name + " differ. Both:\n" + a.substr(context, start - context) + a_name + ":\n" +
           line_at(a, start) + "\n" + b_name + ":\n" + line_at(b, start) + "\n";
}

}  // namespace

std::optional<std::string> objection(const scenario& s, const std::string& expected) {
    const trace on_ref = run_on_ref(s);
    const std::string ref_text = to_json(on_ref);
    if (ref_text != expected) {
        return first_difference("ref", ref_text, "oracle", expected);
    }
    const trace on_fast = run_on_fast(s);
    if (on_fast != on_ref) {
        return first_difference("ref", ref_text, "fast", to_json(on_fast));
    }
    for (const violation& v : check(on_ref)) {
        return "rule " + v.rule + " at event " + std::to_string(v.event_index) + ": " + v.what + "\n";
    }
    return std::nullopt;
}

std::optional<std::string> objection(const scenario& s) { return objection(s, oracle::shared().trace_of(s)); }

std::string report(const scenario& failing) {
    const scenario small = shrink(failing, [](const scenario& candidate) { return objection(candidate).has_value(); },
                                  {.attempts = 3'000});
    return "\n" + to_text(small) + "\n" + to_json(small, true) + "\n" + objection(small).value_or("(passes again?)");
}

}  // namespace galley::spec
