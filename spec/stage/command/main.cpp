// SPDX-License-Identifier: BSL-1.0
// galley: runs scenarios on the loops, draws what happened, and judges it.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "spec/stage/command/commands.hpp"
#include "spec/stage/command/texts.hpp"

namespace {

using namespace galley::command;

constexpr const char* about =
    "galley: an event loop, specified rule by rule and written twice.\n"
    "Runs programs that are data (scenarios) under virtual time, and judges what the loops did.";

constexpr const char* footer = R"(
FILE is a path, or - for standard input. The formats are described in spec/scenario/README.md.

Examples:
  galley run spec/scenario/examples/kitchen.json --timeline
  galley run kitchen.json --on both --trace kitchen.jsonl
  galley check spec/scenario/examples/*.json
  galley run kitchen.json --trace - | galley trace-check -
  galley run kitchen.json --html kitchen.html
  galley picture mine.jsonl theirs.jsonl --html both.html
  galley rules READY-2
  galley conform -- python3 my_adapter.py

Exit codes:
  0  all is well
  1  a check failed: the loops disagree, or a rule is broken
  2  wrong arguments, or a file that cannot be read, is no scenario, or no trace
  3  an error inside galley)";

/// Where the arguments go.
struct arguments {
    run_options run{};
    picture_options picture{};
    rules_options rules{};
    conform_options conform{};
    std::string adapter_of{};
    std::vector<std::string> scenarios{};
    std::vector<std::string> traces{};
};

void add_run(CLI::App& app, arguments& args) {
    auto* command = app.add_subcommand("run", "Run a scenario and say what came of it");
    command->add_option("FILE", args.run.file, "the scenario (JSON), or -")->required();
    command->add_option("--on", args.run.on, "the loop: ref, fast, or both (their traces must be equal)")
        ->check(CLI::IsMember({"ref", "fast", "both"}))
        ->capture_default_str();
    command
        ->add_option(
            "--driver", args.run.driver,
            "sim, or the kernel in lockstep with virtual time: poll or epoll, with real descriptors and a thread")
        ->check(CLI::IsMember({"sim", "poll", "epoll"}))
        ->capture_default_str();
    command->add_flag("--timeline", args.run.timeline, "draw the tasks over virtual time");
    command->add_flag("--program", args.run.program, "print the program in readable form first");
    command->add_option("--trace", args.run.trace_file,
                        "write the trace there; - writes it, and nothing else, to standard output");
    command->add_option("--html", args.run.html_file,
                        "draw it as a page for a browser, event by event; if the loops disagree, both side by side");
    command->add_flag("--ascii", args.run.ascii, "draw with ASCII characters only");
    command->add_option("--width", args.run.width, "columns of the timeline (default: as wide as the terminal, or 80)")
        ->check(CLI::Range(40, 1000));
}

void add_others(CLI::App& app, arguments& args) {
    app.add_subcommand("check", "Run scenarios on both loops: equal traces, no rule broken")
        ->add_option("FILE", args.scenarios, "scenarios (JSON), or -")
        ->required();
    app.add_subcommand("trace-check", "Look for broken rules in traces, from any loop")
        ->add_option("FILE", args.traces, "traces (JSON lines), or -")
        ->required();
    auto* picture = app.add_subcommand("picture", "Draw a trace, or two side by side, as a page for a browser");
    picture->add_option("TRACE", args.picture.traces, "traces (JSON lines), from any loop, or -")
        ->required()
        ->expected(1, 2);
    picture->add_option("--html", args.picture.html_file, "the page; - writes it to standard output")->required();
    picture->add_option("--scenario", args.picture.scenario_file, "what was run: for names, the program and deadlines");
    auto* rules = app.add_subcommand("rules", "Print the rules, one rule, or a family of rules");
    rules->add_option("ID", args.rules.id, "a rule (READY-2) or a family (READY); all if left out");
    rules->add_flag("--checks", args.rules.checks,
                    "print what the rule checker checks instead: rule, predicate, level of trace that it needs");
}

void add_conform(CLI::App& app, arguments& args) {
    auto* command =
        app.add_subcommand("conform", "Put the vectors of spec/conformance before an adapter, of any event loop");
    auto& o = args.conform;
    command->add_option("COMMAND", o.command, "the adapter and its arguments, after --")->required();
    command->add_option("--vectors", o.vectors, "the folder of the vectors");
    command->add_option("--filter", o.filter, "only vectors with this rule or feature, or this text in their id");
    command->add_option("--vector", o.vector, "only this one");
    command->add_flag("--smoke", o.smoke, "one vector of each rule");
    command->add_flag("--first", o.first, "stop at the first vector that is not as expected");
    command->add_flag("--all", o.all, "show all failures in full, not just five");
    command->add_option("--limit", o.limit_ms, "milliseconds for one answer")
        ->check(CLI::Range(1, 3'600'000))
        ->capture_default_str();
    command->add_option("--expect", o.expect_file,
                        "what the port owes: lines `fail ID` and `skip ID`, of a vector or a rule");
    command->add_option("--json", o.json_file,
                        "write the results there; - writes them, and nothing else, to standard output");
    command->add_option("--junit", o.junit_file, "the same as JUnit's XML");
    command->add_option("--html", o.html_file, "the same as a page");
    command->add_option("--badge", o.badge_file, "write a badge (SVG)");
    command->add_option("--html-of", o.picture_file, "with --vector: both traces as a picture");
    auto* fuzz = command->add_option("--fuzz", o.fuzz_seconds,
                                     "random scenarios against the reference loop, for so many seconds");
    command->add_option("--seed", o.seed, "the first seed of --fuzz")->capture_default_str();
    command->add_option("--exhaust", o.exhaust, "all programs of an alphabet up to so many statements")->excludes(fuzz);
    app.add_subcommand("adapter", "Answer the requests of `galley conform` for a loop of this house")
        ->add_option("--on", args.adapter_of, "ref or fast")
        ->check(CLI::IsMember({"ref", "fast"}))
        ->required();
}

int dispatch(const CLI::App& app, const arguments& args) {
    if (app.got_subcommand("run")) return run(args.run);
    if (app.got_subcommand("check")) return check(args.scenarios);
    if (app.got_subcommand("trace-check")) return trace_check(args.traces);
    if (app.got_subcommand("picture")) return picture(args.picture);
    if (app.got_subcommand("conform")) return conform(args.conform);
    if (app.got_subcommand("adapter")) return adapter(args.adapter_of);
    return rules(args.rules);
}

// What could not be written must not look like success.
int flushed(int code) {
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? code : std::max<int>(code, unusable);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        CLI::App app{about, "galley"};
        arguments args;
        app.set_version_flag("--version", "galley " + std::string{version_text});
        app.require_subcommand(1);
        app.footer(footer);
        add_run(app, args);
        add_others(app, args);
        add_conform(app, args);
        try {
            app.parse(argc, argv);
        } catch (const CLI::ParseError& e) {
            return app.exit(e) == 0 ? flushed(ok) : unusable;
        }
        return flushed(dispatch(app, args));
    } catch (const usage_error& e) {
        std::fflush(stdout);
        fmt::print(stderr, "galley: {}\n", e.what());
        return unusable;
    } catch (const std::exception& e) {
        std::fflush(stdout);
        fmt::print(stderr, "galley: internal error: {}\n", e.what());
        return broken;
    }
}
