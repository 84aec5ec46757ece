// SPDX-License-Identifier: BSL-1.0
// galley run: one scenario on one loop or on both, and what came of it.
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "spec/command/commands.hpp"
#include "spec/scenario/form/print.hpp"
#include "spec/scenario/trace/compare.hpp"
#include "spec/scenario/trace/timeline.hpp"

namespace galley::command {
namespace {

void write_trace(const spec::trace& t, const std::string& file) {
    const auto text = spec::to_json(t);
    if (file == "-") {
        fmt::print("{}", text);
        return;
    }
    std::ofstream out{file, std::ios::binary};
    out << text << std::flush;
    if (!out) throw usage_error{fmt::format("{}: cannot be written: {}", file, std::strerror(errno))};
}

std::string named(std::uint64_t task, const spec::scenario& s, const std::vector<int>& routines) {
    const auto routine = task <= routines.size() ? routines[task - 1] : -1;
    const bool has_name = routine >= 0 && static_cast<std::size_t>(routine) < s.routines.size() &&
                          !s.routines[static_cast<std::size_t>(routine)].name.empty();
    return fmt::format("task {}{}", task, has_name ? " " + s.routines[static_cast<std::size_t>(routine)].name : "");
}

void print_summary(const spec::trace& t, const spec::scenario& s, const std::string& on) {
    const auto sum = spec::summarize(t);
    const auto routines = spec::routines_of_tasks(t);
    fmt::print("{}: {} on {}\n", s.name.empty() ? "scenario" : s.name,
               colored(sum.verdict, sum.verdict == "completed" ? "1;32" : "1;33"), on);
    fmt::print("  virtual time  {}\n", spec::duration_text(sum.end));
    fmt::print("  main          {}\n", sum.main_outcome);
    fmt::print("  tasks         {}, in {} steps and {} rounds\n", sum.tasks, sum.steps, sum.rounds);
    const auto runs = std::ranges::count(t.events, spec::event_kind::exit, &spec::event::kind);
    for (int n = 0; const auto& e : t.events) {
        if (e.kind == spec::event_kind::exit && runs > 1) fmt::print("  run {:<9} {}\n", ++n, e.texts[0]);
        for (const auto& p : e.pending) fmt::print("  left pending  {}, at {}\n", named(p.task, s, routines), p.await);
    }
    for (const auto id : sum.unobserved)
        fmt::print("  {}    {}\n", colored("unobserved", "1;31"), "the failure of " + named(id, s, routines));
}

}  // namespace

int run(const run_options& options) {
    const auto s = read_scenario(options.file);
    const bool both = options.on == "both";
    const auto t = trace_of(s, both ? "ref" : options.on);
    if (both) {
        const auto other = trace_of(s, "fast");
        if (const auto difference = spec::difference_text(t, other, "ref", "fast"); !difference.empty()) {
            fmt::print("{}  {}: the loops disagree: {}", colored("FAILED", "1;31"), shown_name(options.file),
                       difference);
            return failed;
        }
    }
    if (!options.trace_file.empty()) write_trace(t, options.trace_file);
    // A trace on standard output is for another program: nothing may stand beside it.
    if (options.trace_file == "-") return ok;
    if (options.program) fmt::print("{}\n", spec::to_text(s));
    print_summary(t, s, both ? "ref and fast, with equal traces" : options.on);
    if (options.timeline) {
        const spec::timeline_options chart{.width = options.width != 0 ? options.width : terminal_width(),
                                           .color = wants_color(),
                                           .ascii = options.ascii};
        fmt::print("\n{}", spec::timeline(t, chart, &s));
    }
    return ok;
}

}  // namespace galley::command
