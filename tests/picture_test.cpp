// SPDX-License-Identifier: BSL-1.0
// The page that `galley run --html` and `galley picture` write: its form, and, in a browser, what it says of itself.
#include <gtest/gtest.h>
#include <spec/stage/form/json.hpp>
#include <spec/stage/generate/generate.hpp>
#include <spec/stage/generate/random_source.hpp>
#include <spec/stage/trace/trace.hpp>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "browser.hpp"

namespace {

// What a page does in a browser does not depend on how the program was built that wrote it.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

const std::string examples = GALLEY_SOURCE_DIR "/spec/scenario/examples/";

// A name that would end the script element, the attribute, the string or the comment that it stands in.
const std::string hostile = "</script><script>document.title='owned'</script><!--<script>\" onload='x' {{script}} "
                            "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae";

std::string text_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream{path, std::ios::binary}.rdbuf();
    return text.str();
}

std::size_t occurrences(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

void replace_first(std::string& text, std::string_view from, std::string_view to) {
    const auto where = text.find(from);
    ASSERT_NE(where, text.npos) << from;
    text.replace(where, from.size(), to);
}

/// The data of a page, as its script would read it.
nlohmann::json data_of(const std::string& page) {
    constexpr std::string_view begin = "<script id=\"data\" type=\"application/json\">";
    const auto from = page.find(begin) + begin.size();
    return nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
}

/// A folder of its own, removed at the end.
class picture_test : public ::testing::Test {
protected:
    picture_test() {
        std::string path = std::filesystem::temp_directory_path() / "galley-picture-XXXXXX";
        if (mkdtemp(path.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
        folder_ = path;
    }
    ~picture_test() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name, std::string_view text) {
        std::ofstream{folder_ / name, std::ios::binary} << text;
        return folder_ / name;
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

    /// The exit code of `galley ARGUMENTS`; what it printed is in `out`.
    int galley(const std::string& arguments) {
        const auto line = std::string{GALLEY_COMMAND} + " " + arguments + " >" + path("out") + " 2>&1";
        const int status = std::system(line.c_str());  // NOLINT: the line is ours
        out_ = text_of(path("out"));
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    /// The page of a scenario, also kept for the browser.
    std::string page_of(const std::string& scenario, const std::string& name) {
        EXPECT_EQ(galley("run " + scenario + " --on both --html " + path(name)), 0) << out_;
        pages_.push_back(folder_ / name);
        return text_of(folder_ / name);
    }

    std::string example_page(const std::string& name) { return page_of(examples + name + ".json", name + ".html"); }

    /// A trace of about ten thousand events.
    std::string long_scenario() {
        std::string body;
        for (int i = 0; i < 8; ++i) body += R"({"do":"yield"},{"do":"sleep","ns":1000000},{"do":"burn","ns":70000},)";
        const std::string eight = R"({"do":"all","routines":[1,1,1,1,1,1,1,1]})";
        return R"({"galley_scenario":1,"name":"long","routines":[{"body":[)" + eight + R"(]},{"body":[)" +
               R"({"do":"all","routines":[2,2,2,2,2,2,2]}]},{"name":"worker","body":[)" + body + R"({"do":"now"}]}]})";
    }

    /// The kitchen's trace, and the same with one event changed.
    std::pair<std::string, std::string> traces_that_differ() {
        EXPECT_EQ(galley("run " + examples + "kitchen.json --trace " + path("a.jsonl")), 0);
        auto text = text_of(path("a.jsonl"));
        replace_first(text, R"({"ev":"step","task":3,"now":"15000000000")",
                      R"({"ev":"step","task":4,"now":"15000000000")");
        return {path("a.jsonl"), file("b.jsonl", text)};
    }

    std::filesystem::path folder_{};
    std::string out_{};
    std::vector<std::filesystem::path> pages_{};
};

TEST_F(picture_test, needs_nothing_but_itself) {
    const auto page = example_page("kitchen");
    EXPECT_EQ(page.find("<!doctype html>"), 0U);
    for (const auto* part : {"http://", "https://", "src=", "href=", "@import", "url(", "fetch(", "{{"}) {
        // The name of SVG's elements is an address that nobody asks.
        auto text = page;
        replace_first(text, "http://www.w3.org/2000/svg", "");
        EXPECT_EQ(occurrences(text, part), 0U) << part;
    }
    EXPECT_EQ(occurrences(page, "default-src 'none'"), 1U);
    EXPECT_EQ(occurrences(page, "<script"), 2U);
    EXPECT_EQ(occurrences(page, "</script>"), 2U);
    EXPECT_EQ(occurrences(page, "<style>"), 1U);
    // The scripts are in it as they are in the sources.
    for (const auto& entry : std::filesystem::directory_iterator{GALLEY_SOURCE_DIR "/spec/stage/picture/page"}) {
        if (entry.path().extension() == ".html") continue;
        EXPECT_EQ(occurrences(page, text_of(entry.path())), 1U) << entry.path();
    }
}

TEST_F(picture_test, holds_the_trace_as_it_is) {
    const auto data = data_of(example_page("kitchen"));
    EXPECT_EQ(galley("run " + examples + "kitchen.json --trace " + path("t")), 0);
    std::istringstream lines{text_of(path("t"))};
    std::string line;
    std::getline(lines, line);
    const auto& side = data["sides"][0];
    EXPECT_EQ(side["header"], nlohmann::json::parse(line));
    std::size_t n = 0;
    for (; std::getline(lines, line); ++n) EXPECT_EQ(side["events"][n], nlohmann::json::parse(line));
    EXPECT_EQ(side["events"].size(), n);
    EXPECT_EQ(side["name"], "ref and fast, with equal traces");
    EXPECT_EQ(side["tasks"].size(), 4U);
    EXPECT_EQ(data["program"]["routines"][3]["body"][0]["text"], "sleep 3m");
    EXPECT_TRUE(data["rules"]["READY-2"].get<std::string>().starts_with("A round runs each entry"));
    EXPECT_TRUE(data["rules"]["READY-6"].get<std::string>().ends_with("finds everything gone but the outcome. "));
}

TEST_F(picture_test, names_are_data_and_never_markup) {
    const nlohmann::json scenario{
        {"galley_scenario", 1},
        {"name", hostile},
        {"routines", {{{"name", hostile}, {"body", nlohmann::json::array({{{"do", "yield"}}})}}}}};
    const auto page = page_of(file("hostile.json", scenario.dump()), "hostile.html");
    EXPECT_EQ(occurrences(page, "<script"), 2U);
    EXPECT_EQ(occurrences(page, "</script>"), 2U);
    EXPECT_EQ(occurrences(page, "<!--"), 0U);
    EXPECT_EQ(occurrences(page, "<title>&lt;/script&gt;"), 1U);
    const auto data = data_of(page);
    EXPECT_EQ(data["title"], hostile);
    EXPECT_EQ(data["program"]["routines"][0]["name"], hostile);
    // The name of a trace's file is a name, too, and need not be UTF-8.
    const auto odd = path("odd <b>\xff.jsonl");
    EXPECT_EQ(galley("run " + examples + "kitchen.json --trace '" + odd + "'"), 0) << out_;
    EXPECT_EQ(galley("picture '" + odd + "' --html " + path("odd.html")), 0) << out_;
    EXPECT_EQ(occurrences(text_of(path("odd.html")), "odd <b>"), 0U);
    EXPECT_TRUE(data_of(text_of(path("odd.html")))["title"].get<std::string>().ends_with("odd <b>\xef\xbf\xbd.jsonl"));
}

TEST_F(picture_test, ten_thousand_events_are_less_than_two_megabytes) {
    const auto page = page_of(file("long.json", long_scenario()), "long.html");
    EXPECT_GE(data_of(page)["sides"][0]["events"].size(), 10'000U);
    EXPECT_LT(page.size(), 2'000'000U);
}

TEST_F(picture_test, two_traces_part_where_they_do) {
    const auto [a, b] = traces_that_differ();
    EXPECT_EQ(galley("picture " + a + " " + b + " --html " + path("two.html")), 0);
    EXPECT_NE(out_.find("line 58 is the first to differ"), out_.npos) << out_;
    const auto data = data_of(text_of(path("two.html")));
    EXPECT_EQ(data["difference"], 56);
    EXPECT_EQ(data["sides"].size(), 2U);
    EXPECT_EQ(data["sides"][0]["broken"].size(), 0U);
    EXPECT_EQ(data["sides"][1]["broken"][0]["event"], 56);
    EXPECT_EQ(data["sides"][1]["broken"][0]["rule"], "READY-2");
    EXPECT_EQ(galley("picture " + a + " " + a + " --html " + path("same.html")), 0);
    EXPECT_EQ(out_, "the traces are equal\n");
    EXPECT_TRUE(data_of(text_of(path("same.html")))["difference"].is_null());
}

TEST_F(picture_test, what_cannot_be_used_or_written_is_exit_code_2) {
    const auto nowhere = path("no") + "/where.html";
    EXPECT_EQ(galley("run " + examples + "kitchen.json --html " + nowhere), 2);
    EXPECT_NE(out_.find(nowhere + ": cannot be written: No such file"), out_.npos) << out_;
    const auto [a, b] = traces_that_differ();
    EXPECT_EQ(galley("picture " + a + " --html " + nowhere), 2);
    EXPECT_EQ(galley("picture " + a), 2);
    EXPECT_EQ(galley("picture " + a + " " + a + " " + b + " --html " + path("x")), 2);
    EXPECT_EQ(galley("picture " + examples + "kitchen.json --html " + path("x")), 2);
    EXPECT_EQ(galley("picture " + a + " --scenario " + b + " --html " + path("x")), 2);
    EXPECT_EQ(galley("run " + examples + "kitchen.json --html - --trace -"), 2);
    EXPECT_EQ(galley("run " + examples + "kitchen.json --html -"), 0);
    EXPECT_EQ(out_.find("<!doctype html>"), 0U);
    EXPECT_TRUE(out_.ends_with("</html>\n"));
}

TEST_F(picture_test, agrees_with_itself_in_a_browser) {
    const auto browser = galley::find_browser();
    if (browser.empty()) GTEST_SKIP() << "no chromium is installed, so no page was opened";
    if (sanitized) GTEST_SKIP() << "pages are opened in builds without sanitizers";
    for (const auto& entry : std::filesystem::directory_iterator{examples}) (void)example_page(entry.path().stem());
    (void)page_of(file("long.json", long_scenario()), "long.html");
    const std::uint64_t random = std::getenv("GALLEY_LONG") != nullptr ? 300 : 24;
    for (std::uint64_t seed = 1; seed <= random; ++seed) {
        const auto name = "random" + std::to_string(seed);
        const auto s = galley::spec::random_scenario(seed, static_cast<std::size_t>(seed % 60));
        (void)page_of(file(name + ".json", galley::spec::to_json(s, false)), name + ".html");
    }
    const nlohmann::json scenario{
        {"galley_scenario", 1},
        {"name", hostile},
        {"routines", {{{"name", hostile}, {"body", nlohmann::json::array({{{"do", "yield"}}})}}}}};
    (void)page_of(file("hostile.json", scenario.dump()), "hostile.html");
    (void)page_of(file("empty.json", R"({"galley_scenario":1,"routines":[{"body":[]}]})"), "empty.html");
    // Traces without their program, and of level P.
    EXPECT_EQ(galley("run " + examples + "race.json --trace " + path("race.jsonl")), 0);
    const auto p = galley::spec::to_json(galley::spec::level_p(galley::spec::parse_trace(text_of(path("race.jsonl")))));
    for (const auto& trace : {path("race.jsonl"), file("p.jsonl", p)}) {
        pages_.emplace_back(trace + ".html");
        EXPECT_EQ(galley("picture " + trace + " --html " + trace + ".html"), 0) << out_;
    }
    // Two sides: equal, and two that part.
    EXPECT_EQ(galley("run " + examples + "timeout.json --trace " + path("timeout.jsonl")), 0);
    for (const std::string other : {"race.jsonl", "timeout.jsonl"}) {
        pages_.emplace_back(path(other + "-two.html"));
        EXPECT_EQ(galley("picture " + path("race.jsonl") + " " + path(other) + " --html " + pages_.back().string()), 0)
            << out_;
    }
    const auto verdicts = galley::self_test(browser, pages_, folder_);
    std::uint64_t checks = 0;
    for (const auto& [page, verdict] : verdicts) {
        EXPECT_TRUE(verdict.starts_with("PASS: ")) << page << ": " << verdict;
        if (verdict.starts_with("PASS: ")) checks += std::stoull(verdict.substr(6));
    }
    EXPECT_EQ(verdicts.size(), pages_.size());
    std::cout << verdicts.size() << " pages in " << browser << ": " << checks << " checks\n";
}

// Lines of a trace in an order that no loop makes: there is something to show all the same, and no error in the page.
TEST_F(picture_test, nonsense_is_drawn_without_an_error_in_a_browser) {
    const auto browser = galley::find_browser();
    if (browser.empty()) GTEST_SKIP() << "no chromium is installed, so no page was opened";
    if (sanitized) GTEST_SKIP() << "pages are opened in builds without sanitizers";
    for (const std::string name : {"race", "echo", "group_failure", "producer_consumer", "stop_and_resume"}) {
        EXPECT_EQ(galley("run " + examples + name + ".json --trace " + path("t")), 0);
        auto t = galley::spec::parse_trace(text_of(path("t")));
        galley::spec::random_source random{t.events.size()};
        for (std::size_t i = 0; i < t.events.size(); ++i)
            if (random.one_in(3)) std::swap(t.events[i], t.events[random.below(t.events.size())]);
        t.events.push_back({galley::spec::event_kind::did, {1}, {"burn", "7,7", "ok"}});
        const auto trace = file(name, galley::spec::to_json(t));
        pages_.emplace_back(path(name + ".html"));
        EXPECT_EQ(
            galley("picture " + trace + " --scenario " + examples + name + ".json --html " + pages_.back().string()), 0)
            << out_;
    }
    for (const auto& [page, verdict] : galley::self_test(browser, pages_, folder_)) {
        EXPECT_TRUE(verdict.starts_with("FAIL: ")) << page << ": " << verdict;
        EXPECT_EQ(verdict.find("Error"), verdict.npos) << page << ": " << verdict;
    }
}

// What the first test in a browser relies on: a page whose trace is wrong says so.
TEST_F(picture_test, a_wrong_trace_fails_its_own_test_in_a_browser) {
    const auto browser = galley::find_browser();
    if (browser.empty()) GTEST_SKIP() << "no chromium is installed, so no page was opened";
    if (sanitized) GTEST_SKIP() << "pages are opened in builds without sanitizers";
    struct corruption {
        std::string name{};
        std::string from{};
        std::string to{};
        std::string told{};
    };
    const std::vector<corruption> corruptions{
        {"task", R"("step","task":3,"now":"15)", R"("step","task":4,"now":"15)", "is not at the head of the queue"},
        {"round", R"("round","n":2,"count":3)", R"("round","n":2,"count":2)", "the round has 2 entries, 3 are ready"},
        {"key", R"("key":"300000000000")", R"("key":"300000000001")", "has the key 300000000000, not 300000000001"},
        {"wait", R"("until":"300000000000")", R"("until":"never")", "it waits until never"},
        {"box", R"("box","name":"save")", R"("box","name":"check")", "no way leads along run-check"},
        {"did", R"("verb":"burn","arg":"15000000000")", R"("verb":"burn","arg":"16000000000")", "does not stand at"},
        {"pending", R"("completed","pending":[])", R"("completed","pending":[{"task":2,"await":"sleep"}])",
         "pending are [2 sleep], not []"},
    };
    EXPECT_EQ(galley("run " + examples + "kitchen.json --trace " + path("t")), 0);
    for (const auto& c : corruptions) {
        auto text = text_of(path("t"));
        replace_first(text, c.from, c.to);
        pages_.emplace_back(path(c.name + ".html"));
        EXPECT_EQ(galley("picture " + file("t-" + c.name, text) + " --scenario " + examples + "kitchen.json --html " +
                         path(c.name + ".html")),
                  0)
            << out_;
    }
    auto verdicts = galley::self_test(browser, pages_, folder_);
    for (const auto& c : corruptions) {
        const auto& verdict = verdicts[c.name + ".html"];
        EXPECT_TRUE(verdict.starts_with("FAIL: ")) << c.name << ": " << verdict;
        EXPECT_NE(verdict.find(c.told), verdict.npos) << c.name << ": " << verdict;
    }
}

}  // namespace
