// SPDX-License-Identifier: BSL-1.0
// galley check, galley trace-check: do the loops agree, and do they keep the rules?
#include <fmt/core.h>

#include "spec/stage/command/commands.hpp"
#include "spec/stage/trace/compare.hpp"
#include "spec/stage/trace/timeline.hpp"

namespace galley::command {
namespace {

int check_scenario(const std::string& file) {
    const auto s = read_scenario(file);
    const auto name = shown_name(file);
    const auto ref = trace_of(s, "ref");
    const auto fast = trace_of(s, "fast");
    // The rules first: a difference says that one of the two is wrong, a broken rule says which.
    const bool ref_keeps = report_violations(ref, name + " on ref");
    const bool fast_keeps = report_violations(fast, name + " on fast");
    const auto difference = spec::difference_text(ref, fast, "ref", "fast");
    if (!difference.empty()) fmt::print("{}  {}: the loops disagree: {}", colored("FAILED", "1;31"), name, difference);
    if (!ref_keeps || !fast_keeps || !difference.empty()) return failed;
    const auto sum = spec::summarize(ref);
    fmt::print("{}  {}: {} events of {} task{}, ref = fast, no rule broken\n", colored("OK", "1;32"), name,
               ref.events.size(), sum.tasks, sum.tasks == 1 ? "" : "s");
    return ok;
}

int check_trace(const std::string& file) {
    const auto name = shown_name(file);
    const auto t = read_trace(file);
    if (!report_violations(t, name)) return failed;
    fmt::print("{}  {}: {} events of level{}, no rule broken\n", colored("OK", "1;32"), name, t.events.size(),
               t.has_level_l ? "s P and L" : " P");
    return ok;
}

}  // namespace

int check(const std::vector<std::string>& files) { return for_each_file(files, check_scenario); }

int trace_check(const std::vector<std::string>& files) { return for_each_file(files, check_trace); }

}  // namespace galley::command
