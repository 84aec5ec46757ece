// SPDX-License-Identifier: BSL-1.0
#include "play.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "../virtual_time/virtual_time.h"

namespace loops {
namespace {

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::array operands{"channel", "bytes", "ns", "at", "value", "event", "routine", "handle"};

std::string arg(const json& statement) {
    std::string text;
    for (const auto* name : operands)
        if (statement.contains(name)) text += (text.empty() ? "" : ",") + std::to_string(number(statement[name]));
    return text;
}

/// A step that takes time, or a process that is stopped for so long.
void pass(std::int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds{ms}); }

/// On another thread, while this one waits: some loops wake nobody up for what their own thread does.
void elsewhere(const callback& act) { std::thread{act}.join(); }

}  // namespace

play::play(const json& scenario) : scenario_{scenario} {
    auto used = verbs_on_channels(scenario);
    for (std::size_t i = 0; i < scenario["channels"].size(); ++i) channels_.emplace_back(used[i]);
}

std::int64_t play::now() const {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / millisecond - origin_;
}

void play::go(loop& on) {
    loop_ = &on;
    origin_ = now();
    first_sample_ = on.sample();
    for (const auto& entry : scenario_["world"]) {
        world_.emplace_back([this, &entry] { deliver(entry); });
        virtual_time_at((origin_ + number(entry["at"])) * millisecond,
                        [](void* act) { (*static_cast<callback*>(act))(); }, &world_.back());
    }
    spawn(0, 0);
    for (auto left = number(scenario_["runs"]); left > 0; --left) {
        tell({{"ev", "run"}});
        if (ended_ < tasks_.size() || alive_ > 0) on.run();
        exit();
    }
}

void play::exit() {
    auto pending = json::array();
    for (const auto& t : tasks_)
        if (!t.ended) pending.push_back({{"task", t.number}, {"await", t.awaits}});
    const auto* verdict = stop_asked_ ? "stopped" : pending.empty() ? "completed" : "deadlocked";
    stop_asked_ = false;
    tell({{"ev", "exit"}, {"verdict", verdict}, {"pending", pending}});
}

void play::deliver(const json& entry) {
    const auto what = entry["do"].get<std::string>();
    if (what == "stop") {
        stop_asked_ = true;
        elsewhere([this] { loop_->stop_from_outside(); });
    } else if (what == "post") {
        elsewhere([&] { post(index(entry["event"])); });
    } else if (what == "wake") {
        ++posts_;
        elsewhere([this] { loop_->wake(); });
    } else if (what == "jump") {
        pass(number(entry["ns"]));
    } else if (entry.contains("channel")) {
        channels_[index(entry["channel"])].act(what, entry.contains("bytes") ? index(entry["bytes"]) : 0);
    }
}

// --- Tasks ---

void play::spawn(std::size_t routine_number, std::size_t by) {
    auto& t = tasks_.emplace_back();
    t.number = tasks_.size();
    t.stack.push_back({&scenario_["routines"][routine_number]["body"]});
    tell({{"ev", "spawn"}, {"task", t.number}, {"by", by}, {"scope", 0}});
    loop_->later([this, &t] {
        step(t, "start");
        go_on(t);
    });
}

void play::step(task& t, const std::string& with) {
    const auto sampled = std::to_string(loop_->sample() - first_sample_);
    tell({{"ev", "step"}, {"task", t.number}, {"now", sampled}, {"with", with}});
}

void play::resume(task& t, const std::string& result) {
    step(t, "value");
    did(t, result);
    go_on(t);
}

/// Until it awaits, or ends.
void play::go_on(task& t) {
    while (!t.ended) {
        const auto& top = t.stack.back();
        if (top.at == top.body->size())
            leave(t, "0");
        else if (!execute(t, (*top.body)[top.at]))
            return;
    }
}

/// Tells of the statement that the innermost routine is at, and goes to the next one.
void play::did(task& t, const std::string& result) {
    auto& top = t.stack.back();
    const auto& statement = (*top.body)[top.at++];
    tell({{"ev", "did"}, {"task", t.number}, {"verb", statement["do"]}, {"arg", arg(statement)}, {"result", result}});
}

void play::leave(task& t, const std::string& value) {
    t.stack.pop_back();
    if (!t.stack.empty()) return did(t, value);
    t.ended = true;
    tell({{"ev", "end"}, {"task", t.number}, {"outcome", "value"}, {"value", value}});
    if (++ended_ == tasks_.size()) loop_->ended();
}

bool play::suspend(task& t, const json& statement) {
    const auto verb = statement["do"].get<std::string>();
    t.awaits = verb == "yield" ? "ready" : verb == "sleep_until" ? "sleep" : verb;
    const auto kind = verb == "yield" ? verb : t.awaits;
    tell({{"ev", "await"}, {"task", t.number}, {"kind", kind}, {"arg", arg(statement)}});
    return false;
}

/// False if it suspends the task.
bool play::execute(task& t, const json& statement) {
    const auto verb = statement["do"].get<std::string>();
    const auto then = [this, &t] { resume(t, "ok"); };
    if (verb == "yield" || verb == "sleep" || verb == "sleep_until") {
        if (verb == "yield")
            loop_->later(then);
        else if (verb == "sleep")
            loop_->after(number(statement["ns"]), then);
        else
            loop_->after(std::max<std::int64_t>(0, number(statement["at"]) - now()), then);
        return suspend(t, statement);
    }
    if (statement.contains("channel") && verb != "close") return transfer(t, statement);
    if (verb == "call" || verb == "try") {
        t.stack.push_back({&scenario_["routines"][index(statement["routine"])]["body"]});
        return true;
    }
    std::string result = "ok";
    if (verb == "burn") {
        pass(number(statement["ns"]));
    } else if (verb == "now") {
        result = std::to_string(now());
    } else if (verb == "spawn") {
        spawn(index(statement["routine"]), t.number);
        handles_.insert(index(statement["handle"]));
        result = std::to_string(tasks_.size());
    } else if (verb == "drop") {
        result = handles_.erase(index(statement["handle"])) > 0 ? "ok" : "empty";
    } else if (verb == "stop") {
        stop_asked_ = true;
        loop_->stop();
    } else if (verb == "post") {
        post(index(statement["event"]));
    } else if (verb == "keep_alive" || verb == "drop_keep_alive") {
        result = keep_alive(verb == "keep_alive");
    } else if (verb == "close") {
        result = close(index(statement["channel"]));
    }
    did(t, result);
    if (verb == "return") leave(t, std::to_string(number(statement["value"])));
    return true;
}

std::string play::keep_alive(bool more) {
    if (!more && alive_ == 0) return "misuse";
    alive_ += more ? 1 : std::size_t(-1);
    loop_->keep_alive(more);
    return "ok";
}

void play::post(std::size_t event) {
    loop_->post(event, [this, post = ++posts_] { tell({{"ev", "callback"}, {"post", post}}); });
}

// --- Channels: an operation is tried, and if it would block, again when the loop says that the descriptor is ready ---

bool play::transfer(task& t, const json& statement) {
    if (const auto result = attempted(statement)) {
        did(t, *result);
        return true;
    }
    wait_for(t, statement);
    return suspend(t, statement);
}

void play::wait_for(task& t, const json& statement) {
    const bool writes = statement["do"].get<std::string>().starts_with("writ");
    loop_->when(channels_[index(statement["channel"])].near, writes, [this, &t, &statement](int error) {
        if (error != 0)
            resume(t, "errno:" + std::to_string(error));
        else if (const auto result = attempted(statement))
            resume(t, *result);
        else
            wait_for(t, statement);
    });
}

std::optional<std::string> play::attempted(const json& statement) const {
    const auto bytes = statement.contains("bytes") ? index(statement["bytes"]) : 0;
    return channels_[index(statement["channel"])].attempted(statement["do"], bytes);
}

std::string play::close(std::size_t number) {
    auto& fd = channels_[number].near;
    if (fd < 0) return "errno:" + std::to_string(EBADF);
    loop_->close(fd);
    fd = -1;
    return "ok";
}

}  // namespace loops
