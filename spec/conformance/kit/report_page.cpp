// SPDX-License-Identifier: BSL-1.0
// A report as a page for a browser, and as a badge.
#include <fmt/core.h>

#include "spec/conformance/kit/report_parts.hpp"

namespace galley::conformance {
namespace {

constexpr const char* style =
    R"(body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{padding:.1em .8em;text-align:right;border-bottom:1px solid #e5e5e5}
th:first-child,td:last-child,th:last-child{text-align:left}th{white-space:nowrap}td:last-child{color:#555;font-size:90%}
.bar{display:inline-block;text-align:left;width:8em;height:.7em;background:#ddd;vertical-align:middle}
.bar i{display:inline-block;height:100%;vertical-align:top;background:#2e7d32}.bar i+i{background:#b00020}
pre{background:#f4f4f2;padding:1em;overflow:auto}.bad{color:#b00020}.zero{color:#bbb}code{color:#555}
summary{cursor:pointer})";

/// The first sentence of a rule.
std::string gist(const report& r, const std::string& rule) {
    const auto found = r.words.find(rule);
    if (found == r.words.end()) return "";
    const auto end = found->second.find(". ");
    return found->second.substr(0, end == std::string::npos ? end : end + 1);
}

std::string cell(std::size_t n, const char* mark) {
    return n == 0 ? "<td class=\"zero\">0" : fmt::format("<td{}>{}", mark, n);
}

std::string row(const report& r, const std::string& rule, const tally& t) {
    const auto all = static_cast<double>(t.passed + t.failed + t.skipped);
    const auto share = [all](std::size_t n) { return 100 * static_cast<double>(n) / all; };
    return fmt::format("<tr><th>{}{}{}{}<td><span class=\"bar\"><i style=\"width:{:.1f}%\"></i><i "
                       "style=\"width:{:.1f}%\"></i></span><td>{}\n",
                       rule, cell(t.passed, ""), cell(t.failed, " class=\"bad\""), cell(t.skipped, ""), share(t.passed),
                       share(t.failed), escaped(gist(r, rule)));
}

std::string failure(const report& r, const result& one) {
    const auto first = first_difference_of(one);
    const auto line = first ? fmt::format("expected <code>{}</code>, found <code>{}</code>", escaped(first->expected),
                                          escaped(first->actual))
                            : escaped(one.kind + ": " + one.why);
    return fmt::format("<details><summary>{}: {}</summary><pre>{}</pre></details>\n", escaped(one.what->id), line,
                       escaped(failure_text(one, r.words)));
}

}  // namespace

std::string to_html(const report& r) {
    const auto name = escaped(r.who.name + " " + r.who.version);
    std::string out =
        fmt::format("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<title>{0}: galley conform</title>\n"
                    "<style>{1}</style>\n<h1>{0}</h1>\n<p>{2}</p>\n<p{3}>{4}</p>\n",
                    name, style, escaped(claim(r)), is_good(r) ? "" : " class=\"bad\"", escaped(counts(r)));
    for (const auto& fault : faults_of_the_run(r)) out += fmt::format("<p class=\"bad\">{}</p>\n", escaped(fault));
    out += "<table><tr><th>rule<th>passed<th>failed<th>skipped<th><th>\n";
    for (const auto& [rule, t] : by_rule(r)) out += row(r, rule, t);
    out += "</table>\n<p>A vector puts several rules to the test, and counts for each.</p>\n";
    if (count(r, outcome::failed) > 0) out += "<h2>Rejected</h2>\n";
    for (const auto& one : r.results)
        if (one.came == outcome::failed) out += failure(r, one);
    if (count(r, outcome::skipped) > 0) out += "<h2>Skipped</h2>\n<ul>\n";
    for (const auto& [why, n] : skip_reasons(r)) out += fmt::format("<li>{}: {}\n", n, escaped(why));
    return out + (count(r, outcome::skipped) > 0 ? "</ul>\n" : "");
}

std::string badge(const report& r) {
    const auto passed = count(r, outcome::passed);
    const auto* colour = is_good(r) ? "#2e7d32" : passed > 0 ? "#a66300" : "#b00020";
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"190\" height=\"20\" role=\"img\"><title>{2}</title>"
        "<clipPath id=\"round\"><rect width=\"190\" height=\"20\" rx=\"3\"/></clipPath><g clip-path=\"url(#round)\">"
        "<rect width=\"85\" height=\"20\" fill=\"#444\"/><rect x=\"85\" width=\"105\" height=\"20\" fill=\"{3}\"/></g>"
        "<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" text-anchor=\"middle\">"
        "<text x=\"43\" y=\"14\">galley rules</text><text x=\"137\" y=\"14\">{0} of {1}</text></g></svg>\n",
        passed, run(r), escaped(claim(r)), colour);
}

}  // namespace galley::conformance
