// SPDX-License-Identifier: BSL-1.0
// The `galley` command as its users meet it: the built program, its output, and its exit codes.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace {

const std::string command = GALLEY_COMMAND;
const std::string examples = GALLEY_SOURCE_DIR "/spec/scenario/examples/";

struct outcome {
    int code{};
    std::string out{};
    std::string err{};
};

/// A folder of its own, removed at the end.
class command_test : public ::testing::Test {
protected:
    command_test() {
        std::string path = std::filesystem::temp_directory_path() / "galley-command-XXXXXX";
        if (mkdtemp(path.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
        folder_ = path;
    }
    ~command_test() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name, std::string_view text) {
        std::ofstream{folder_ / name, std::ios::binary} << text;
        return folder_ / name;
    }

    static std::string text_of(const std::filesystem::path& path) {
        std::ostringstream text;
        text << std::ifstream{path, std::ios::binary}.rdbuf();
        return text.str();
    }

    /// Runs `galley ARGUMENTS` in a shell, so redirections are allowed in it.
    outcome galley(const std::string& arguments) {
        const auto err = folder_ / "stderr";
        const auto out = folder_ / "stdout";
        const auto line = command + " " + arguments + " >" + out.string() + " 2>" + err.string();
        const int status = std::system(line.c_str());  // NOLINT: the line is ours
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out), text_of(err)};
    }

    std::filesystem::path folder_{};
};

::testing::AssertionResult contains(const std::string& text, std::string_view part) {
    if (text.find(part) != text.npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "no '" << part << "' in:\n" << text;
}

TEST_F(command_test, tells_its_version_and_helps) {
    EXPECT_EQ(galley("--version").out.substr(0, 7), "galley ");
    EXPECT_EQ(galley("--version").code, 0);
    for (const std::string of : {"", "run ", "check ", "trace-check ", "picture ", "rules "}) {
        const auto help = galley(of + "--help");
        EXPECT_EQ(help.code, 0) << of;
        EXPECT_TRUE(contains(help.out, "Usage")) << of;
    }
    EXPECT_TRUE(contains(galley("--help").out, "Exit codes:"));
}

TEST_F(command_test, wrong_arguments_are_exit_code_2) {
    for (const std::string arguments : {"", "fly", "run", "check", "--loud", "run --on slow x.json",
                                        "run --width 3 x.json", "run a.json b.json", "trace-check"}) {
        const auto o = galley(arguments);
        EXPECT_EQ(o.code, 2) << arguments;
        EXPECT_EQ(o.out, "") << arguments;
        EXPECT_NE(o.err, "") << arguments;
    }
    EXPECT_TRUE(contains(galley("run --on slow x.json").err, "slow not in {ref,fast,both}"));
}

TEST_F(command_test, runs_the_kitchen_on_each_loop_and_on_both) {
    for (const std::string on : {"ref", "fast", "both"}) {
        const auto o = galley("run " + examples + "kitchen.json --timeline --ascii --on " + on);
        EXPECT_EQ(o.code, 0) << o.err;
        EXPECT_TRUE(contains(o.out, "kitchen: completed on " + std::string{on == "both" ? "ref and fast" : on}));
        EXPECT_TRUE(contains(o.out, "virtual time  5m\n"));
        EXPECT_TRUE(contains(o.out, "main          value 0\n"));
        EXPECT_TRUE(contains(o.out, "2   simmer  #---"));
        EXPECT_TRUE(contains(o.out, "It took 5m. One after the other, the waits alone would take 8m."));
        EXPECT_FALSE(contains(o.out, "\x1b")) << "colours, though this is no terminal";
    }
    EXPECT_TRUE(contains(galley("run --program " + examples + "kitchen.json").out, "sleep 5m"));
}

TEST_F(command_test, says_what_is_left_pending_and_unobserved) {
    const auto o = galley("run " + examples + "deadlock.json");
    EXPECT_EQ(o.code, 0);
    EXPECT_TRUE(contains(o.out, "deadlocked on ref"));
    EXPECT_TRUE(contains(o.out, "left pending  task 2 left first, at lock"));
    const auto again = galley("run " + examples + "stop_and_resume.json");
    EXPECT_TRUE(contains(again.out, "run 1         stopped\n  left pending  task 1 main, at all\n"));
    EXPECT_TRUE(contains(again.out, "run 2         completed\n"));
    const auto lost = file(
        "lost.json",
        R"({"galley_scenario":1,"routines":[{"body":[{"do":"spawn","routine":1,"handle":0}]},{"name":"bad","body":[{"do":"fail","value":7}]}]})");
    EXPECT_TRUE(contains(galley("run " + lost).out, "the failure of task 2 bad"));
}

TEST_F(command_test, runs_on_the_kernel_with_the_trace_of_the_simulation) {
    const auto simulated = galley("run " + examples + "race.json --trace -");
    for (const std::string driver : {"poll", "epoll"}) {
        const auto real = galley("run " + examples + "race.json --on fast --driver " + driver + " --trace -");
        EXPECT_EQ(real.code, 0) << driver;
        EXPECT_EQ(real.out, simulated.out) << driver;
    }
    const auto unfit = galley("run " + examples + "echo.json --driver poll");
    EXPECT_EQ(unfit.code, 2);
    EXPECT_TRUE(contains(unfit.err, "cannot do read on such a channel"));
}

TEST_F(command_test, writes_traces_that_trace_check_accepts) {
    const auto trace = (folder_ / "kitchen.jsonl").string();
    EXPECT_EQ(galley("run " + examples + "kitchen.json --trace " + trace).code, 0);
    const auto o = galley("trace-check " + trace);
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_TRUE(contains(o.out, "OK  " + trace + ": "));
    EXPECT_TRUE(contains(o.out, "levels P and L, no rule broken"));
    EXPECT_EQ(galley("run " + examples + "kitchen.json --on fast --trace -").out, text_of(trace));
    EXPECT_EQ(galley("trace-check - <" + trace).code, 0);
    EXPECT_EQ(galley("run " + examples + "kitchen.json --trace " + (folder_ / "no" / "where").string()).code, 2);
}

TEST_F(command_test, checks_all_examples) {
    const auto o = galley("check " + examples + "*.json");
    EXPECT_EQ(o.code, 0) << o.out << o.err;
    EXPECT_TRUE(contains(o.out, "kitchen.json: "));
    EXPECT_TRUE(contains(o.out, "ref = fast, no rule broken\n"));
    EXPECT_EQ(galley("check - <" + examples + "kitchen.json").code, 0);
}

TEST_F(command_test, names_the_broken_rule_with_exit_code_1) {
    (void)galley("run " + examples + "kitchen.json --trace " + (folder_ / "t").string());
    auto text = text_of(folder_ / "t");
    const std::string from = R"({"ev":"step","task":2,"now":"0","with":"start"})";
    ASSERT_NE(text.find(from), text.npos);
    text.replace(text.find(from), from.size(), R"({"ev":"step","task":3,"now":"0","with":"start"})");
    const auto o = galley("trace-check " + file("broken", text));
    EXPECT_EQ(o.code, 1);
    EXPECT_TRUE(contains(o.out, "breaks READY-1 (queue_order)"));
    EXPECT_TRUE(contains(o.out, "task 3 runs before task 2, which became ready earlier"));
    EXPECT_TRUE(contains(o.out, "step task 3 at 0 with start"));
}

TEST_F(command_test, unusable_files_are_exit_code_2_and_say_where) {
    EXPECT_TRUE(contains(galley("run nowhere.json").err, "galley: nowhere.json: cannot be opened: No such file"));
    EXPECT_TRUE(contains(galley("run " + folder_.string()).err, "cannot be read: Is a directory"));
    const auto unknown = file("unknown.json", R"({"galley_scenario":1,"routines":[{"body":[{"do":"yield","ns":1}]}]})");
    EXPECT_TRUE(contains(galley("run " + unknown).err, unknown));
    EXPECT_TRUE(contains(galley("run " + unknown).err, "routines[0].body[0]"));
    const auto bad = file("bad.json", "{");
    const auto truncated =
        file("truncated", "{\"galley_trace\":1,\"R\":\"1\",\"B\":1,\"budget\":16,\"features\":[\"P\"]}\n{\"ev\":\"ru");
    EXPECT_TRUE(contains(galley("trace-check " + truncated).err,
                         truncated + ":2:10: expected a closing quote, found the end of the line"));
    for (const auto& arguments : {"run nowhere.json", "run ", "check "})
        EXPECT_EQ(galley(arguments + std::string{" "} + bad).code, 2);
    EXPECT_EQ(galley("trace-check " + truncated).code, 2);
    EXPECT_EQ(galley("run " + unknown).code, 2);
    // The others are checked all the same.
    const auto mixed = galley("check " + bad + " " + examples + "kitchen.json");
    EXPECT_EQ(mixed.code, 2);
    EXPECT_TRUE(contains(mixed.out, "kitchen.json: "));
}

TEST_F(command_test, what_cannot_be_printed_is_not_success) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
    const int status =
        std::system((command + " rules >/dev/full 2>" + (folder_ / "e").string()).c_str());  // NOLINT: the line is ours
    EXPECT_NE(WEXITSTATUS(status), 0);
}

TEST_F(command_test, prints_the_rules) {
    const auto all = galley("rules");
    EXPECT_EQ(all.code, 0);
    EXPECT_EQ(all.out, text_of(GALLEY_SOURCE_DIR "/spec/rules.md"));
    const auto one = galley("rules ready-2");
    EXPECT_EQ(one.code, 0);
    EXPECT_TRUE(contains(one.out, "READY-2"));
    EXPECT_LT(one.out.size(), all.out.size() / 10);
    const auto family = galley("rules READY");
    for (const auto* id : {"READY-1", "READY-2", "READY-6"}) EXPECT_TRUE(contains(family.out, id));
    EXPECT_TRUE(contains(family.out, one.out));
    EXPECT_EQ(galley("rules NONE-1").code, 2);
    EXPECT_TRUE(contains(galley("rules NONE-1").err, "there is no rule NONE-1"));
    EXPECT_TRUE(contains(galley("rules READY-2 --checks").out, "round_used_up"));
}

}  // namespace
