// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "spec/conformance/kit/report_parts.hpp"
#include "spec/stage/form/print.hpp"
#include "spec/stage/picture/html.hpp"
#include "spec/stage/trace/compare.hpp"

namespace galley::conformance {
namespace {

constexpr std::size_t column = 58;

std::string cut(std::string text) {
    if (text.size() > column) text = text.substr(0, column - 3) + "...";
    return text;
}

/// The two traces about their first difference, one beside the other.
std::string side_by_side(const spec::trace& expected, const spec::trace& actual) {
    const auto differs = spec::first_difference(expected, actual);
    if (!differs) return "";
    std::string out = fmt::format("      line  {:<{}}  {}\n", "expected", column, "actual");
    const auto line = [](const spec::trace& t, std::size_t i) {
        return i < t.events.size() ? cut(spec::event_text(t.events[i])) : std::string{"(the trace has ended)"};
    };
    const auto first = *differs > 8 ? *differs - 8 : 0;
    for (auto i = first; i < std::max(expected.events.size(), actual.events.size()) && i < *differs + 5; ++i)
        out += fmt::format("  {} {:>5}  {:<{}}  {}\n", i == *differs ? "->" : "  ", i + 2, line(expected, i), column,
                           line(actual, i));
    return out;
}

std::vector<std::string> names_of(relaxations relaxed) {
    std::vector<std::string> names;
    if (relaxed.timer_ties) names.emplace_back("timer_ties");
    if (relaxed.ready_order) names.emplace_back("ready_order");
    if (relaxed.rounds) names.emplace_back("rounds");
    return names;
}

std::string word(standing s) {
    switch (s) {
        case standing::passed: return "passed";
        case standing::failed: return "failed";
        case standing::skipped: return "skipped";
        case standing::failed_as_expected: return "failed as expected";
        case standing::passed_against: return "passed, though it was expected to fail";
        case standing::skipped_against: return "skipped, though it was expected to fail";
        case standing::ran_against: return "was run, though it was expected to be skipped";
    }
    return "";
}

}  // namespace

std::map<std::string, tally> by_rule(const report& r) {
    std::map<std::string, tally> rules;
    for (const auto& one : r.results)
        for (const auto& rule : one.what->rules) {
            auto& t = rules[rule];
            (one.came == outcome::passed ? t.passed : one.came == outcome::failed ? t.failed : t.skipped) += 1;
        }
    return rules;
}

std::map<std::string, std::size_t> skip_reasons(const report& r) {
    std::map<std::string, std::size_t> reasons;
    constexpr std::string_view lack = "the port has no ";
    for (const auto& one : r.results) {
        if (one.came != outcome::skipped) continue;
        if (!one.why.starts_with(lack)) {
            ++reasons[one.why];
            continue;
        }
        std::istringstream names{one.why.substr(lack.size())};
        for (std::string name; std::getline(names >> std::ws, name, ',');) ++reasons[std::string{lack} + name];
    }
    return reasons;
}

std::optional<first_difference> first_difference_of(const result& r) {
    if (!r.expected || !r.actual) return std::nullopt;
    const auto at = spec::first_difference(*r.expected, *r.actual);
    if (!at) return std::nullopt;
    const auto text = [&](const spec::trace& t) {
        return *at < t.events.size() ? spec::event_text(t.events[*at]) : std::string{"(the trace has ended)"};
    };
    return first_difference{*at + 2, text(*r.expected), text(*r.actual)};
}

std::string escaped(std::string text) {
    const auto unsayable = [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t'; };
    std::ranges::replace_if(text, unsayable, '?');
    return spec::html_escaped(text);
}

std::size_t count(const report& r, outcome came) {
    return static_cast<std::size_t>(std::ranges::count(r.results, came, &result::came));
}

std::size_t run(const report& r) { return r.results.size() - count(r, outcome::skipped); }

std::string counts(const report& r) {
    return fmt::format(
        "{} vectors: {} run, {} passed, {} rejected ({} of them as expected), {} skipped; {} not as expected",
        r.results.size(), run(r), count(r, outcome::passed), count(r, outcome::failed),
        count(r, standing::failed_as_expected), count(r, outcome::skipped), std::ranges::count_if(r.standings, is_bad));
}

expectations read_expectations(const std::string& text, const std::string& file) {
    expectations owed;
    std::istringstream lines{text};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::istringstream words{line.substr(0, line.find('#'))};
        std::string verb, id;
        if (!(words >> verb)) continue;
        if (!(words >> id) || (verb != "fail" && verb != "skip"))
            throw std::runtime_error{
                fmt::format("{}:{}: expected `fail ID` or `skip ID`, found `{}`", file, number, line)};
        if (!owed.emplace(id, verb == "fail" ? expectation::fail : expectation::skip).second)
            throw std::runtime_error{fmt::format("{}:{}: {} is there twice", file, number, id)};
    }
    return owed;
}

standing stand(const result& r, const expectations& owed) {
    auto found = owed.find(r.what->id);
    if (found == owed.end() && !r.what->rules.empty()) found = owed.find(r.what->rules.front());
    const auto wanted = found == owed.end() ? expectation::pass : found->second;
    switch (r.came) {
        case outcome::passed:
            return wanted == expectation::pass   ? standing::passed
                   : wanted == expectation::fail ? standing::passed_against
                                                 : standing::ran_against;
        case outcome::failed:
            return wanted == expectation::pass   ? standing::failed
                   : wanted == expectation::fail ? standing::failed_as_expected
                                                 : standing::ran_against;
        case outcome::skipped: break;
    }
    return wanted == expectation::fail ? standing::skipped_against : standing::skipped;
}

bool is_bad(standing s) noexcept {
    return s == standing::failed || s == standing::passed_against || s == standing::skipped_against ||
           s == standing::ran_against;
}

std::size_t count(const report& r, standing s) { return static_cast<std::size_t>(std::ranges::count(r.standings, s)); }

bool is_good(const report& r) { return std::ranges::none_of(r.standings, is_bad) && faults_of_the_run(r).empty(); }

std::vector<std::string> faults_of_the_run(const report& r) {
    std::vector<std::string> faults;
    for (const auto& name : r.unknown)
        faults.push_back("the expectations name " + name + ", and no vector is called so");
    if (!r.at_the_end.empty()) faults.push_back("at the end: " + r.at_the_end);
    if (run(r) == 0) faults.emplace_back("nothing was run");
    return faults;
}

std::string failure_text(const result& r, const rule_words& words) {
    std::string out =
        fmt::format("FAILED {} ({}{}{}): {}\n", r.what->id, r.kind, r.rule.empty() ? "" : ", ", r.rule, r.why);
    out += fmt::format("  chosen for: {}\n", r.what->origin);
    std::istringstream program{spec::to_text(r.asked)};
    for (std::string line; std::getline(program, line);) out += "    " + line + "\n";
    if (r.expected && r.actual) out += side_by_side(*r.expected, *r.actual);
    if (const auto rule = words.find(r.rule); rule != words.end())
        out += fmt::format("  {}: {}\n", r.rule, rule->second);
    return out + fmt::format("  to see it: galley conform --vector {} --html-of {}.html -- COMMAND\n", r.what->id,
                             r.what->id.substr(r.what->id.find('/') + 1));
}

std::string claim(const report& r) {
    std::string relaxed;
    for (const auto& name : names_of(r.who.relaxed)) relaxed += (relaxed.empty() ? ", relaxing " : " ") + name;
    return fmt::format("{} {} ({}) keeps {} of {} galley vectors, {} skipped, levels {}{}; vectors {}", r.who.name,
                       r.who.version, r.who.language, count(r, outcome::passed), run(r), count(r, outcome::skipped),
                       r.who.has_level_l ? "P and L" : "P", relaxed, r.digest);
}

std::string to_text(const report& r, std::size_t most_failures) {
    std::string out;
    std::size_t shown = 0;
    for (std::size_t i = 0; i < r.results.size(); ++i) {
        if (!is_bad(r.standings[i]) || shown++ >= most_failures) continue;
        if (r.standings[i] == standing::failed)
            out += failure_text(r.results[i], r.words) + "\n";
        else
            out += fmt::format("FAILED {}: {}\n", r.results[i].what->id, word(r.standings[i]));
    }
    if (shown > most_failures)
        out += fmt::format("... and {} more failures (--json has them all)\n\n", shown - most_failures);
    out += "rule       passed  failed  skipped\n";
    for (const auto& [rule, t] : by_rule(r))
        out += fmt::format("{:<10} {:>6}  {:>6}  {:>7}\n", rule, t.passed, t.failed, t.skipped);
    for (const auto& [why, n] : skip_reasons(r)) out += fmt::format("skipped {}: {}\n", n, why);
    std::map<std::string, std::size_t> blamed;
    for (const auto& one : r.results)
        if (one.came == outcome::failed)
            ++blamed[one.kind == "wrong" && !one.rule.empty() ? "breaks " + one.rule : one.kind];
    for (const auto& [what, n] : blamed) out += fmt::format("rejected {}: {}\n", n, what);
    out += counts(r) + "\n";
    for (const auto& fault : faults_of_the_run(r)) out += "FAILED " + fault + "\n";
    return out + claim(r) + "\n";
}

std::string to_json_text(const report& r) {
    json all = json::array();
    for (std::size_t i = 0; i < r.results.size(); ++i) {
        const auto& one = r.results[i];
        json entry{{"id", one.what->id},
                   {"rules", one.what->rules},
                   {"outcome", word(r.standings[i])},
                   {"bad", is_bad(r.standings[i])}};
        if (!one.kind.empty()) entry["kind"] = one.kind;
        if (!one.rule.empty()) entry["rule"] = one.rule;
        if (!one.why.empty()) entry["why"] = one.why;
        if (one.came == outcome::failed) {
            entry["named"] = one.is_named;
            entry["program"] = spec::to_text(one.asked);
            if (const auto first = first_difference_of(one))
                entry["first"] = {{"line", first->line}, {"expected", first->expected}, {"actual", first->actual}};
            else
                entry["first"] = nullptr;
            if (one.actual) entry["actual"] = trace_to_json(*one.actual);
        }
        all.push_back(std::move(entry));
    }
    json rules = json::object();
    for (const auto& [rule, t] : by_rule(r))
        rules[rule] = {{"passed", t.passed}, {"failed", t.failed}, {"skipped", t.skipped}};
    return json{{"good", is_good(r)},
                {"claim", claim(r)},
                {"port",
                 {{"name", r.who.name},
                  {"version", r.who.version},
                  {"language", r.who.language},
                  {"loop", r.who.loop},
                  {"features", r.who.features},
                  {"relaxations", names_of(r.who.relaxed)}}},
                {"at_the_end", r.at_the_end},
                {"unknown", r.unknown},
                {"rules", rules},
                {"vectors", all}}
               .dump(1, ' ', false, json::error_handler_t::replace) +
           "\n";
}

std::string to_junit(const report& r) {
    std::size_t bad = 0, skipped = 0;
    std::string cases;
    const auto failing = [&](const std::string& type, const std::string& message, const std::string& text) {
        ++bad;
        cases += fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", escaped(type), escaped(message),
                             escaped(text));
    };
    for (std::size_t i = 0; i < r.results.size(); ++i) {
        const auto& one = r.results[i];
        cases += fmt::format("  <testcase classname=\"{}\" name=\"{}\">",
                             escaped(one.what->rules.empty() ? "" : one.what->rules.front()), escaped(one.what->id));
        if (is_bad(r.standings[i])) {
            const auto against =
                one.came == outcome::failed && r.standings[i] == standing::failed ? "" : word(r.standings[i]);
            failing(one.kind.empty() ? "expectation" : one.kind, against.empty() ? one.why : against,
                    one.came == outcome::failed ? failure_text(one, r.words) : against);
        } else if (one.came == outcome::skipped || r.standings[i] == standing::failed_as_expected) {
            ++skipped;
            cases += fmt::format("<skipped message=\"{}\"/>", escaped(word(r.standings[i]) + ": " + one.why));
        }
        cases += "</testcase>\n";
    }
    // What no vector is to blame for must not look like success.
    const auto faults = faults_of_the_run(r);
    for (const auto& fault : faults) {
        cases += fmt::format("  <testcase classname=\"the run\" name=\"{}\">", escaped(fault));
        failing("run", fault, fault);
        cases += "</testcase>\n";
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"galley conform: {}\" tests=\"{}\" "
        "failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}</testsuite>\n",
        escaped(r.who.name), r.results.size() + faults.size(), bad, skipped, cases);
}

}  // namespace galley::conformance
