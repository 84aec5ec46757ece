// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/picture/picture.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "spec/stage/check/check.hpp"
#include "spec/stage/form/print.hpp"
#include "spec/stage/form/vocabulary.hpp"
#include "spec/stage/picture/html.hpp"
#include "spec/stage/picture/page.hpp"
#include "spec/stage/trace/compare.hpp"
#include "spec/stage/trace/history.hpp"

namespace galley::spec {
namespace {

/// JSON that can stand in a script element: there `<` could begin its end, or a comment. In JSON it occurs in strings
/// only, where the escape means the same.
std::string script_escaped(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) {
        if (c == '<')
            out += "\\u003c";
        else
            out += c;
    }
    return out;
}

std::string json_text(std::string_view text) {
    // Names of files may be no UTF-8.
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string number(std::size_t n) { return std::to_string(n); }

/// `[a,b,c]`, each element made by `text_of(element)`.
template <class List, class Function>
std::string list(const List& elements, Function text_of) {
    std::string out = "[";
    for (const auto& e : elements) out.append(out.size() == 1 ? "" : ",").append(text_of(e));
    return out += ']';
}

std::string statement_json(const scenario& s, const statement& st) {
    return R"({"text":)" + json_text(statement_text(s, st)) + R"(,"verb":)" + json_text(info(st.what).name) +
           R"(,"arg":)" + json_text(operands_text(st)) + '}';
}

std::string program_json(const scenario& s) {
    const auto routine_json = [&s](const routine& r) {
        return R"({"name":)" + json_text(r.name) + R"(,"body":)" +
               list(r.body, [&s](const statement& st) { return statement_json(s, st); }) + '}';
    };
    const auto entry_json = [&s](const world_entry& e) {
        return R"({"at":")" + std::to_string(e.at) + R"(","do":)" + json_text(info(e.what).name) + R"(,"amount":")" +
               std::to_string(e.operands[0]) + R"(","text":)" + json_text(world_text(s, e)) + '}';
    };
    return R"({"routines":)" + list(s.routines, routine_json) + R"(,"world":)" + list(s.world, entry_json) + '}';
}

// The spans are flat triples [activity, from, to]: there may be many.
std::string task_json(const task_history& t) {
    constexpr std::array<std::string_view, 5> endings{"", "value", "exception", "cancelled", "destroyed"};
    return R"({"by":)" + number(t.by) + R"(,"routine":)" + std::to_string(t.routine) + R"(,"end":)" +
           json_text(endings[static_cast<std::size_t>(t.end)]) + R"(,"ended_at":)" + std::to_string(t.ended_at) +
           R"(,"spans":)" +
           list(t.spans,
                [](const span& s) {
                    return std::to_string(static_cast<int>(s.what)) + ',' + std::to_string(s.from) + ',' +
                           std::to_string(s.to);
                }) +
           '}';
}

std::string side_json(const picture_side& side) {
    const auto& t = *side.events;
    const auto broken_json = [](const violation& v) {
        return R"({"event":)" + number(v.event_index) + R"(,"rule":)" + json_text(v.rule) + R"(,"what":)" +
               json_text(v.what) + '}';
    };
    return R"({"name":)" + json_text(side.name) + R"(,"header":)" + header_json(t) + R"(,"tasks":)" +
           list(history_of(t, axis::events).tasks, task_json) + R"(,"broken":)" + list(check(t), broken_json) +
           ",\"events\":" + list(t.events, [](const event& e) { return '\n' + to_json(e); }) + '}';
}

std::string data_json(const picture_input& input) {
    const auto difference =
        input.sides.size() == 2 ? first_difference(*input.sides[0].events, *input.sides[1].events) : std::nullopt;
    std::string rules;
    for (const auto& r : input.rules) rules += (rules.empty() ? "" : ",") + json_text(r.id) + ':' + json_text(r.text);
    return R"({"title":)" + json_text(input.title) + R"(,"difference":)" + (difference ? number(*difference) : "null") +
           R"(,"program":)" + (input.program != nullptr ? program_json(*input.program) : "null") + R"(,"rules":{)" +
           rules + "},\"sides\":" + list(input.sides, side_json) + '}';
}

}  // namespace

std::string picture(const picture_input& input) {
    const std::array<std::pair<std::string_view, std::string>, 4> marks{{
        {"{{title}}", html_escaped(input.title)},
        {"{{style}}", std::string{page::style}},
        {"{{data}}", script_escaped(data_json(input))},
        {"{{script}}", std::string{page::script}},
    }};
    std::string out;
    auto rest = page::html;
    // In the order of the marks, and never in what was filled in: a name may be `{{data}}`.
    for (const auto& [mark, text] : marks) {
        const auto where = rest.find(mark);
        out.append(rest.substr(0, where)).append(text);
        rest.remove_prefix(where + mark.size());
    }
    return out.append(rest);
}

}  // namespace galley::spec
