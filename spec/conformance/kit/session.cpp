// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/session.hpp"

#include <algorithm>
#include <system_error>

#include "spec/stage/check/check.hpp"
#include "spec/stage/form/json.hpp"
#include "spec/stage/trace/compare.hpp"

namespace galley::conformance {
namespace {

constexpr int most_deaths = 10;  // PROTOCOL.md

std::string name_of(misconduct m) {
    switch (m) {
        case misconduct::hangs: return "hangs";
        case misconduct::died: return "died";
        case misconduct::talkative: return "talkative";
        case misconduct::none: break;
    }
    return "none";
}

/// The runner's own messages are held against the schemas as well.
std::string request(const std::string& name, const json& message) {
    if (const auto wrong = complaint(message_schema(name + "_request"), message); !wrong.empty())
        throw std::logic_error{"the runner's own " + name + ": " + wrong};
    return message.dump();
}

/// The message, or what is wrong with it, in `wrong`.
json message_of(const std::string& line, const std::string& schema, std::string& wrong) {
    auto message = json::parse(line, nullptr, false);
    wrong = message.is_discarded() ? "the answer is no JSON: " + line.substr(0, 80)
                                   : complaint(message_schema(schema), message);
    return message;
}

std::optional<std::int64_t> fixed(const json& parameter) {
    return parameter.is_string() ? std::nullopt : std::optional{parameter.get<std::int64_t>()};
}

introduction introduction_of(const json& hello) {
    const auto relaxed = hello["relaxations"].get<name_set>();
    return {.name = hello["name"],
            .version = hello["version"],
            .language = hello["language"],
            .loop = hello["loop"],
            .features = hello["features"].get<name_set>(),
            .has_level_l = hello["levels"] == "PL",
            .R = fixed(hello["parameters"]["R"]),
            .B = fixed(hello["parameters"]["B"]),
            .b = fixed(hello["parameters"]["b"]),
            .relaxed = {relaxed.contains("timer_ties"), relaxed.contains("ready_order"), relaxed.contains("rounds")}};
}

std::string lacking(const name_set& needs, const name_set& has) {
    std::string names;
    for (const auto& name : needs)
        if (!has.contains(name)) names += (names.empty() ? "" : ", ") + name;
    return names;
}

/// The rules that a relaxed port need not keep, or that cannot be judged by the exact order any more.
bool is_relaxed(const std::string& rule, relaxations r) {
    return (r.timer_ties && rule == "TIME-4") || ((r.ready_order || r.rounds) && rule == "READY-1") ||
           (r.rounds && (rule == "READY-2" || rule == "TASK-1" || rule == "LIFE-2" || rule == "BOXES"));
}

}  // namespace

session::session(std::vector<std::string> command, std::chrono::milliseconds limit)
    : command_{std::move(command)}, limit_{limit} {
    begin();
}

void session::begin() {
    adapter_.reset();
    try {
        adapter_ = std::make_unique<adapter_process>(command_);
    } catch (const std::system_error& e) {
        throw no_adapter{std::string{"the adapter cannot be started: "} + e.what()};
    }
    const auto said = adapter_->ask(request("hello", {{"do", "hello"}, {"protocol", 1}}), limit_ * 3);
    if (said.what != misconduct::none)
        throw no_adapter{"hello: " + name_of(said.what) + ": " + said.text +
                         (adapter_->errors().empty() ? "" : "\n" + adapter_->errors())};
    std::string wrong;
    const auto hello = message_of(said.text, "hello_answer", wrong);
    if (!wrong.empty()) throw no_adapter{"hello: malformed: " + wrong};
    who_ = introduction_of(hello);
    if (who_.R && (*who_.R & (*who_.R - 1)) != 0)
        throw no_adapter{"hello: malformed: parameters.R: expected a power of two"};
}

void session::fail(result& r, std::string kind, std::string why) const {
    r.came = outcome::failed;
    r.kind = std::move(kind);
    r.why = std::move(why);
    if (r.rule.empty()) r.rule = r.what->rules.empty() ? "" : r.what->rules.front();
}

result session::put(const vector& v) {
    result r{.what = &v, .asked = v.program};
    auto features = v.features;
    r.expected = v.expected;
    const bool adapted = (who_.R && *who_.R != v.program.resolution) || (who_.B && *who_.B != v.program.ask_every) ||
                         (who_.b && *who_.b != v.program.budget);
    if (adapted) {
        r.asked.resolution = who_.R.value_or(v.program.resolution);
        r.asked.ask_every = who_.B.value_or(v.program.ask_every);
        r.asked.budget = who_.b.value_or(v.program.budget);
        r.expected = reference_trace(r.asked);
        features = features_of(r.asked, *r.expected);
    }
    if (const auto names = lacking(features, who_.features); !names.empty()) {
        r.why = "the port has no " + names;
        return r;
    }
    if (!who_.has_level_l) r.expected = spec::level_p(*r.expected);
    if (adapter_ == nullptr) {
        if (deaths_ >= most_deaths) {
            fail(r, "died",
                 "not asked: the adapter has come to grief " + std::to_string(most_deaths) + " times in a row");
            return r;
        }
        try {
            begin();
        } catch (const no_adapter& e) {
            ++deaths_;
            adapter_.reset();
            fail(r, "died", std::string{"started again: "} + e.what());
            return r;
        }
    }
    const auto said = adapter_->ask(
        request("run", {{"do", "run"}, {"id", v.id}, {"scenario", json::parse(spec::to_json(r.asked, false))}}),
        limit_);
    if (said.what != misconduct::none) {
        ++deaths_;
        fail(r, name_of(said.what),
             said.text + (adapter_->errors().empty() ? "" : "\nits standard error ends:\n" + adapter_->errors()));
        adapter_.reset();
        return r;
    }
    deaths_ = 0;
    std::string wrong;
    const auto answer = message_of(said.text, "run_answer", wrong);
    if (!wrong.empty())
        fail(r, "malformed", wrong);
    else if (answer["id"] != v.id)
        fail(r, "lying", "id: expected \"" + v.id + "\", found " + answer["id"].dump());
    else if (answer["outcome"] == "skipped")
        r.why = answer["reason"];
    else if (answer["outcome"] == "errored")
        fail(r, "errored", answer["reason"]);
    else
        judge(r, answer);
    return r;
}

void session::judge(result& r, const json& answer) const {
    try {
        r.actual = trace_from_json(answer["trace"]);
    } catch (const std::exception& e) {
        return fail(r, "malformed", std::string{"trace: "} + e.what());
    }
    const auto& t = *r.actual;
    if (t.resolution != r.asked.resolution || t.ask_every != r.asked.ask_every || t.budget != r.asked.budget)
        return fail(r, "lying", "the trace's R, B and budget are not the scenario's");
    if (t.has_level_l != who_.has_level_l)
        return fail(r, "lying", "trace[0].features: the trace is not of the levels that hello named");
    if (!spec::first_difference(t, *r.expected)) {
        r.came = outcome::passed;
        return;
    }
    if (who_.relaxed.any()) {
        const auto found = judge_relaxed(r.asked, t, who_.relaxed);
        if (found == legality::legal) {
            r.came = outcome::passed;
            r.why = "differs, as its relaxations allow";
            return;
        }
        if (found == legality::undecided) r.why = "Too many orders to decide; the rule checker's word stands. ";
    }
    for (const auto& broken : spec::check(t)) {
        if (is_relaxed(broken.rule, who_.relaxed)) continue;
        r.is_named = broken.rule != "TRACE" && broken.rule != "BOXES";
        r.rule = r.is_named ? broken.rule : "";
        return fail(r, "wrong",
                    r.why + "line " + std::to_string(broken.event_index + 2) + " of the trace breaks " + broken.rule +
                        ": " + broken.what);
    }
    fail(r, "wrong", r.why + "no rule forbids a single event, but together they are not what the rules give");
}

std::string session::finish() {
    if (adapter_ == nullptr) return {};
    const auto said = adapter_->finish(request("stop", {{"do", "stop"}}), limit_);
    adapter_.reset();
    return said.what == misconduct::none ? "" : name_of(said.what) + ": " + said.text;
}

}  // namespace galley::conformance
