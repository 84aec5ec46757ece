// SPDX-License-Identifier: BSL-1.0
// galley run: one scenario on one loop or on both, and what came of it.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

#include "spec/stage/command/commands.hpp"
#include "spec/stage/form/print.hpp"
#include "spec/stage/picture/picture.hpp"
#include "spec/stage/trace/compare.hpp"
#include "spec/stage/trace/timeline.hpp"

namespace galley::command {
namespace {

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

void write_picture(const spec::scenario& s, std::span<const spec::picture_side> sides, const std::string& file) {
    if (file.empty()) return;
    const auto rules = rule_texts();
    write_file(spec::picture({.title = s.name, .sides = sides, .program = &s, .rules = rules}), file);
}

}  // namespace

int run(const run_options& options) {
    if (options.trace_file == "-" && options.html_file == "-")
        throw usage_error{"run: only one of --trace and --html can go to standard output; name a file for the other"};
    const auto s = read_scenario(options.file);
    const bool both = options.on == "both";
    const auto first = trace_of(s, both ? "ref" : options.on, options.driver);
    if (!first) return failed;
    const auto& t = *first;
    if (both) {
        const auto other = trace_of(s, "fast", options.driver);
        if (!other) return failed;
        if (const auto difference = spec::difference_text(t, *other, "ref", "fast"); !difference.empty()) {
            const std::array<spec::picture_side, 2> sides{{{"ref", &t}, {"fast", &*other}}};
            write_picture(s, sides, options.html_file);
            fmt::print("{}  {}: the loops disagree: {}", colored("FAILED", "1;31"), shown_name(options.file),
                       difference);
            return failed;
        }
    }
    const std::string loops = both ? "ref and fast, with equal traces" : options.on;
    if (!options.trace_file.empty()) write_file(spec::to_json(t), options.trace_file);
    const std::array<spec::picture_side, 1> sides{{{loops, &t}}};
    write_picture(s, sides, options.html_file);
    // What goes to standard output is for another program: nothing may stand beside it.
    if (options.trace_file == "-" || options.html_file == "-") return ok;
    if (options.program) fmt::print("{}\n", spec::to_text(s));
    print_summary(t, s, loops);
    if (options.timeline) {
        const spec::timeline_options chart{.width = options.width != 0 ? options.width : terminal_width(),
                                           .color = wants_color(),
                                           .ascii = options.ascii};
        fmt::print("\n{}", spec::timeline(t, chart, &s));
    }
    return ok;
}

}  // namespace galley::command
