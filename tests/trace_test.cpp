// SPDX-License-Identifier: BSL-1.0
// Traces as text, their comparison, and the timeline.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <galley/ref/loop.hpp>

#include "spec/stage/form/json.hpp"
#include "spec/stage/run/run.hpp"
#include "spec/stage/trace/compare.hpp"
#include "spec/stage/trace/timeline.hpp"
#include "spec/stage/trace/trace.hpp"

namespace {

using namespace galley::spec;

// The lines of README.md, section 4: its fields, their order, and their spelling.
constexpr std::string_view readme_lines = R"({"galley_trace":1,"R":"1","B":1,"budget":16,"features":["P","L"]}
{"ev":"run"}
{"ev":"exit","verdict":"completed","pending":[{"task":2,"await":"wait"}]}
{"ev":"spawn","task":2,"by":1,"scope":0}
{"ev":"step","task":2,"now":"0","with":"start"}
{"ev":"await","task":2,"kind":"sleep","arg":"5"}
{"ev":"did","task":2,"verb":"sleep","arg":"5","result":"ok"}
{"ev":"scope","task":1,"id":1,"do":"open"}
{"ev":"scope","task":1,"id":2,"do":"shield"}
{"ev":"scope","task":1,"id":1,"do":"close","outcome":"value"}
{"ev":"end","task":2,"outcome":"value","value":"0"}
{"ev":"callback","post":1}
{"ev":"unobserved","task":2}
{"ev":"destroyed","task":2}
{"ev":"refused","post":3}
{"ev":"box","name":"pick"}
{"ev":"wait","until":"300000000000"}
{"ev":"sample","now":"5"}
{"ev":"world","entry":0}
{"ev":"fire","timer":1,"key":"5"}
{"ev":"complete","op":1,"result":"64"}
{"ev":"ready","task":2,"cause":"spawn"}
{"ev":"round","n":1,"count":2}
)";

constexpr std::string_view header = R"({"galley_trace":1,"R":"1","B":1,"budget":16,"features":["P","L"]})";

std::string message_of(const std::string& text) {
    try {
        (void)parse_trace(text, "t");
    } catch (const trace_error& e) {
        return e.what();
    }
    return "no error";
}

std::string event_message(const std::string& line) { return message_of(std::string{header} + "\n" + line + "\n"); }

trace run_on_ref(std::string_view json) {
    return run_scenario(parse_json(json), [](galley::driver& d, const galley::loop_options& o) {
        return std::make_unique<galley::ref::loop>(d, o);
    });
}

constexpr std::string_view kitchen = R"({"galley_scenario":1,"name":"kitchen","routines":[
    {"name":"cook","body":[{"do":"all","routines":[1,2,3]}]},
    {"name":"simmer","body":[{"do":"sleep","ns":300000000000}]},
    {"name":"chop","body":[{"do":"yield"}]},
    {"name":"boil","body":[{"do":"sleep","ns":180000000000}]}]})";

// Short ones lie in place and long ones do not, which nobody must notice.
TEST(text, is_what_it_was_made_of_however_long) {
    for (std::size_t length = 0; length <= 64; ++length) {
        std::string characters;
        for (std::size_t i = 0; i < length; ++i) characters += static_cast<char>('a' + i % 26);
        const text made{characters};
        EXPECT_EQ(made.view(), characters);
        EXPECT_EQ(made.empty(), length == 0);
        text copied{made};
        EXPECT_EQ(copied, made);
        copied = text{std::string_view{"something else"}};
        EXPECT_FALSE(copied == made);
        copied = made;
        const text moved{std::move(copied)};
        EXPECT_EQ(moved, made);
        for (std::size_t i = 0; i < length; ++i) {
            std::string other = characters;
            other[i] = '!';
            EXPECT_FALSE(text{other} == made) << "they differ at " << i << " of " << length;
        }
        EXPECT_FALSE(text{characters + '!'} == made);
    }
}

TEST(text, is_equal_to_the_literal_of_the_same_characters) {
    EXPECT_TRUE(text{std::string{}} == "");
    EXPECT_TRUE(text{std::string{"deadline"}} == "deadline");
    EXPECT_TRUE(text{std::string{"completed"}} == "completed");
    EXPECT_TRUE(text{std::string{"sixteen letters!"}} == "sixteen letters!");
    EXPECT_TRUE(text{std::string{"seventeen letters"}} == "seventeen letters");
    EXPECT_TRUE(text{std::string{"a text of 23 characters"}} == "a text of 23 characters");
    // One that differs in each of the places that could be left out.
    EXPECT_FALSE(text{std::string{"A text of 23 characters"}} == "a text of 23 characters");
    EXPECT_FALSE(text{std::string{"a text of 32 characters"}} == "a text of 23 characters");
    EXPECT_FALSE(text{std::string{"a text of 23 characterS"}} == "a text of 23 characters");
    EXPECT_FALSE(text{std::string{"a text of 23 character"}} == "a text of 23 characters");
}

TEST(trace, reads_and_writes_the_lines_of_the_readme) {
    const auto t = parse_trace(readme_lines);
    EXPECT_EQ(t.events.size(), event_kind_count + 2) << "a scope has three forms";
    EXPECT_EQ(to_json(t), readme_lines);
    EXPECT_EQ(parse_trace(to_json(t)), t);
    EXPECT_EQ(t.events[1].pending, (std::vector<pending_task>{{2, "wait"}}));
    EXPECT_EQ(t.events[5].texts, (std::array<text, 3>{"sleep", "5", "ok"}));
}

TEST(trace, level_p_leaves_out_the_rest_and_says_so) {
    const auto p = level_p(parse_trace(readme_lines));
    EXPECT_EQ(p.events.size(), 14u);
    EXPECT_TRUE(to_json(p).starts_with(R"({"galley_trace":1,"R":"1","B":1,"budget":16,"features":["P"]})"));
    EXPECT_EQ(parse_trace(to_json(p)), p);
}

TEST(trace, header_errors_name_place_and_expectation) {
    EXPECT_EQ(message_of(""), R"(t:1:1: expected {"galley_trace":1,"R":, found the end of the line)");
    EXPECT_EQ(message_of("{\"galley_trace\":2\n"),
              R"(t:1:1: expected {"galley_trace":1,"R":, found {"galley_trace":2)");
    const auto with = [](std::string_view r, std::string_view b, std::string_view features) {
        return message_of(R"({"galley_trace":1,"R":")" + std::string{r} + R"(","B":)" + std::string{b} +
                          R"(,"budget":16,"features":)" + std::string{features} + "}\n");
    };
    EXPECT_EQ(with("1", "1", R"(["P"])"), "no error");
    EXPECT_EQ(with("3", "1", R"(["P"])"),
              R"(t:1:23: field R: expected a power of two up to 2^40, found "3","B":1,"budget":16,"f...)");
    EXPECT_EQ(with("0", "1", R"(["P"])").substr(0, 51), "t:1:23: field R: expected a power of two up to 2^40");
    EXPECT_EQ(with("1", "0", R"(["P"])").substr(0, 52), "t:1:31: field B: expected a number from 1 to 1000000");
    EXPECT_EQ(with("1", "1", R"(["L"])"), R"(t:1:56: field features: expected ["P", found ["L"]})");
}

TEST(trace, event_errors_name_place_and_expectation) {
    EXPECT_EQ(event_message(R"({"ev":"run"})"), "no error");
    EXPECT_EQ(event_message(R"({"ev":"walk"})"), R"(t:2:7: expected the name of an event, found "walk"})");
    EXPECT_EQ(event_message(R"({"ev": "run"})"), R"(t:2:7: expected the name of an event, in quotes, found  "run"})");
    EXPECT_EQ(event_message(R"({"ev":"run","task":1})"), R"(t:2:12: expected }, found ,"task":1})");
    EXPECT_EQ(event_message(R"({"ev":"run"} )"), "t:2:13: expected the end of the line, found  ");
    EXPECT_EQ(event_message(R"({"ev":"spawn","by":1,"task":2,"scope":0})"),
              R"(t:2:14: field task: expected ,"task":, found ,"by":1,"task":2,"scope"...)");
    EXPECT_EQ(event_message(R"({"ev":"destroyed","task":0})"),
              "t:2:26: field task: expected a number from 1 to 9007199254740991, found 0}");
    EXPECT_EQ(event_message(R"({"ev":"destroyed","task":01})").substr(0, 34), "t:2:26: field task: expected a num");
    EXPECT_EQ(event_message(R"({"ev":"destroyed","task":"1"})").substr(0, 34), "t:2:26: field task: expected a num");
    EXPECT_EQ(event_message(R"({"ev":"sample","now":5})"), "t:2:22: field now: expected a text, in quotes, found 5}");
    EXPECT_EQ(event_message(R"({"ev":"sample","now":"-5"})"),
              R"(t:2:22: field now: expected a decimal from 0 to 2^63-1, found "-5"})");
    EXPECT_EQ(event_message(R"({"ev":"sample","now":"9223372036854775808"})").substr(0, 50),
              "t:2:22: field now: expected a decimal from 0 to 2^");
    EXPECT_EQ(event_message(R"({"ev":"step","task":1,"now":"0","with":"luck"})"),
              R"(t:2:40: field with: expected one of start value error cancelled, found "luck"})");
    EXPECT_EQ(event_message(R"({"ev":"did","task":1,"verb":"hum","arg":"","result":"ok"})"),
              R"(t:2:29: field verb: expected the name of a statement, found "hum","arg":"","result":...)");
    EXPECT_EQ(event_message(R"({"ev":"did","task":1,"verb":"sleep","arg":"5,","result":"ok"})").substr(0, 51),
              "t:2:43: field arg: expected decimals joined by comm");
    EXPECT_EQ(event_message(R"({"ev":"did","task":1,"verb":"sleep","arg":"5","result":"o\"k"})").substr(0, 44),
              "t:2:56: field result: expected a result (let");
    EXPECT_EQ(event_message(R"({"ev":"scope","task":1,"id":1,"do":"open","outcome":"value"})").substr(0, 19),
              "t:2:42: expected },");
    EXPECT_EQ(event_message(R"({"ev":"scope","task":1,"id":1,"do":"close"})").substr(0, 35),
              "t:2:43: field outcome: expected ,\"o");
    EXPECT_EQ(event_message(R"({"ev":"await","task":1,"kind":"ready","arg":""})").substr(0, 39),
              "t:2:31: field kind: expected one of yie");
    EXPECT_EQ(event_message(R"({"ev":"box","name":"pick)"),
              "t:2:25: field name: expected a closing quote, found the end of the line");
    EXPECT_EQ(event_message(""), R"(t:2:1: expected {"ev":, found the end of the line)");
}

TEST(trace, a_truncated_trace_is_an_error) {
    const std::string text{readme_lines};
    for (std::size_t size = 0; size < text.size(); ++size) {
        // What is cut at a line's end is a shorter trace; the rule checker sees that runs and tasks are left open.
        if (size > 0 && text[size - 1] == '\n') continue;
        EXPECT_NE(message_of(text.substr(0, size)), "no error") << "cut to " << size << " bytes";
    }
    EXPECT_EQ(message_of(text.substr(0, text.size() - 1)),
              "t:23:31: expected a newline after each line (is the trace cut short?), found the end of the line");
}

TEST(trace, level_l_must_be_promised) {
    const auto p = header_json(level_p(parse_trace(readme_lines)));
    EXPECT_EQ(message_of(p + "\n{\"ev\":\"box\",\"name\":\"pick\"}\n").substr(0, 35),
              "t:2:1: expected an event of level P");
}

TEST(compare, equal_traces_have_no_difference) {
    const auto t = parse_trace(readme_lines);
    EXPECT_FALSE(first_difference(t, t).has_value());
    EXPECT_EQ(difference_text(t, t, "a", "b"), "");
}

TEST(compare, shows_the_first_difference_in_context) {
    const auto a = parse_trace(readme_lines);
    auto b = a;
    b.events[9].texts[1] = "7";
    EXPECT_EQ(first_difference(a, b), 9u);
    EXPECT_EQ(difference_text(a, b, "ref", "fast"), "line 11 is the first to differ (ref has 23 lines, fast 23):\n"
                                                    "           5  step task 2 at 0 with start\n"
                                                    "           6  await task 2: sleep 5\n"
                                                    "           7  did task 2: sleep 5 -> ok\n"
                                                    "           8  open scope 1 of task 1\n"
                                                    "           9  shield scope 2 of task 1\n"
                                                    "          10  close scope 1 of task 1: value\n"
                                                    "> ref     11  end task 2: value 0\n"
                                                    "> fast    11  end task 2: value 7\n");
    b.events.resize(3);
    EXPECT_EQ(first_difference(a, b), 3u);
    EXPECT_NE(difference_text(a, b, "ref", "fast").find("> fast     5  (the end of the trace)"), std::string::npos);
    b = a;
    b.budget = 1;
    EXPECT_EQ(first_difference(a, b), 0u);
    EXPECT_TRUE(difference_text(a, b, "ref", "fast").starts_with("the headers differ:\n> ref  {\"galley_trace\""));
}

TEST(timeline, the_kitchen_takes_five_minutes) {
    const auto s = parse_json(kitchen);
    const auto t = run_on_ref(kitchen);
    EXPECT_EQ(timeline(t, {.width = 60, .ascii = true}, &s),
              "            0        1m       2m        3m       4m       5m\n"
              "1 cook      #::::::::::::::::::::::::::::::::::::::::::::::O\n"
              "2   simmer  #----------------------------------------------O\n"
              "3   chop    O\n"
              "4   boil    #---------------------------O\n"
              "# runs   - sleeps   : waits for others\n"
              "O ended with a value\n"
              "\n"
              "It took 5m. One after the other, the waits alone would take 8m.\n");
    const auto sum = summarize(t);
    EXPECT_EQ(sum.end, 300'000'000'000);
    EXPECT_EQ(sum.waits, 480'000'000'000);
    EXPECT_EQ(sum.tasks, 4u);
    EXPECT_EQ(sum.verdict, "completed");
    EXPECT_EQ(sum.main_outcome, "value 0");
    EXPECT_EQ(routines_of_tasks(t), (std::vector<int>{0, 1, 2, 3}));
}

TEST(timeline, is_by_round_if_no_time_passes) {
    const auto t = run_on_ref(
        R"({"galley_scenario":1,"routines":[{"body":[{"do":"spawn","routine":1,"handle":0},{"do":"join","handle":0}]},{"body":[]}]})");
    EXPECT_EQ(timeline(t, {.width = 50, .ascii = true}), "round          1          2          3\n"
                                                         "1 main         ###########:::::::::::############O\n"
                                                         "2   routine 1             ###########O\n"
                                                         "# runs   : waits for others   O ended with a value\n"
                                                         "\n"
                                                         "No time passed; the chart is by round.\n");
}

TEST(timeline, keeps_its_width_and_limits_its_rows) {
    const auto t = run_on_ref(kitchen);
    for (const std::size_t width : {1u, 40u, 61u, 80u, 100u, 200u}) {
        const auto text = timeline(t, {.width = width, .ascii = true, .most_tasks = 2});
        EXPECT_NE(text.find("... and 2 more tasks\n"), std::string::npos);
        const auto chart = text.substr(0, text.find("\n\n"));
        for (std::size_t at = 0, end = 0; at < chart.size(); at = end + 1) {
            end = std::min(chart.find('\n', at), chart.size());
            EXPECT_LE(end - at, std::max<std::size_t>(width, 40)) << text;
        }
    }
    EXPECT_NE(timeline(t, {.color = true}).find("\x1b[0;34m"), std::string::npos);
    EXPECT_EQ(timeline(t, {}).find('\x1b'), std::string::npos);
}

TEST(timeline, survives_any_trace) {
    trace t;
    EXPECT_EQ(summarize(t).verdict, "");
    EXPECT_NE(timeline(t, {}), "");
    EXPECT_NE(timeline(parse_trace(readme_lines), {}), "");
    const auto far =
        run_on_ref(R"({"galley_scenario":1,"routines":[{"body":[{"do":"sleep","ns":"9223372036854775807"}]}]})");
    EXPECT_NE(timeline(far, {}).find("It took"), std::string::npos);
}

}  // namespace
