// SPDX-License-Identifier: BSL-1.0
// The protocol (../../PROTOCOL.md). Each scenario is played in a forked child, so that nothing of an earlier one is
// left, and one that waits for ever ends.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>

#include "../virtual_time/virtual_time.h"
#include "play.hpp"

namespace loops {
namespace {

constexpr std::int64_t longest = std::int64_t{1} << 32;  // in ms: what every loop here can express
constexpr std::int64_t plenty = 1000;                    // bytes of room that no scenario here uses up

/// Why the scenario cannot be played, if it cannot.
std::string lacking(const json& scenario, const introduction& who) {
    for (const auto& routine : scenario["routines"])
        for (const auto& statement : routine["body"]) {
            if (const auto found = who.lacks.find(statement["do"]); found != who.lacks.end()) return found->second;
            for (const auto* name : {"ns", "at"})
                if (statement.contains(name) && number(statement[name]) > longest) return "its time does not go so far";
        }
    const auto used = verbs_on_channels(scenario);
    for (const auto& [channel, verbs] : used) {
        const bool writes = verbs.contains("write") || verbs.contains("writable");
        if (verbs.contains("connect")) return "there is no connect";
        if (writes && number(scenario["channels"][channel]) < plenty)
            return "a socket of the kernel has more room than this";
        if (verbs.contains("accept") && (writes || verbs.contains("read") || verbs.contains("readable")))
            return "no socket of the kernel both listens and transfers";
    }
    for (const auto& entry : scenario["world"]) {
        if (entry["do"] == "break" && used.contains(index(entry["channel"])))
            return "no socket of the kernel breaks with any error that one likes";
        if (entry["do"] == "jump" && (number(entry["ns"]) < 0 || number(entry["ns"]) > longest))
            return "a monotonic clock does not jump back, nor without end";
    }
    return "";
}

[[noreturn]] void leave(int to, const json& said) {
    const auto text = said.dump();
    std::size_t at = 0;
    while (at < text.size()) {
        const auto sent = ::write(to, text.data() + at, text.size() - at);
        if (sent <= 0) break;
        at += static_cast<std::size_t>(sent);
    }
    _exit(0);
}

struct stage {
    play* on;
    int answers_to;
};

[[noreturn]] void play_and_leave(const json& scenario, const std::function<loop*(std::size_t)>& make, int to) {
    try {
        play one{scenario};
        stage here{&one, to};
        virtual_time_never(
            [](void* at) {
                const auto& s = *static_cast<stage*>(at);
                leave(s.answers_to, {{"outcome", "ran"}, {"trace", s.on->trace()}});
            },
            &here);
        one.go(*make(scenario["events"].get<std::size_t>()));
        leave(to, {{"outcome", "ran"}, {"trace", one.trace()}});
    } catch (const std::exception& wrong) {
        leave(to, {{"outcome", "errored"}, {"reason", wrong.what()}});
    }
}

json play_in_child(const json& scenario, const std::function<loop*(std::size_t)>& make) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error{"pipe"};
    const auto child = fork();
    if (child == 0) {
        close(ends[0]);
        play_and_leave(scenario, make, ends[1]);
    }
    close(ends[1]);
    std::string text;
    std::array<char, 65536> piece{};
    for (ssize_t got = 0; (got = read(ends[0], piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (text.empty())
        return {{"outcome", "errored"}, {"reason", "the process died, with status " + std::to_string(status)}};
    return json::parse(text);
}

json hello(const introduction& who) {
    return {{"re", "hello"},
            {"protocol", 1},
            {"name", who.name},
            {"version", who.version},
            {"language", who.language},
            {"loop", who.interface},
            {"features", who.features},
            {"levels", "P"},
            {"parameters", {{"R", 1}, {"B", 1}, {"b", 1000000}}},
            {"relaxations", who.relaxations}};
}

json answer(const json& request, const introduction& who, const std::function<loop*(std::size_t)>& make) {
    if (request["do"] == "hello") return hello(who);
    const auto& scenario = request["scenario"];
    json said;
    if (const auto why = lacking(scenario, who); !why.empty())
        said = {{"outcome", "skipped"}, {"reason", why}};
    else
        said = play_in_child(scenario, make);
    if (said.contains("trace"))
        said["trace"].insert(said["trace"].begin(), json{{"galley_trace", 1},
                                                         {"R", std::to_string(number(scenario["resolution"]))},
                                                         {"B", number(scenario["ask_every"])},
                                                         {"budget", number(scenario["budget"])},
                                                         {"features", {"P"}}});
    said["re"] = "run";
    said["id"] = request["id"];
    return said;
}

}  // namespace

int serve(const introduction& who, const std::function<loop*(std::size_t events)>& make) {
    for (std::string line; std::getline(std::cin, line);) {
        const auto request = json::parse(line);
        if (request["do"] == "stop") break;
        std::cout << answer(request, who, make).dump() << std::endl;
    }
    return 0;
}

}  // namespace loops
