// SPDX-License-Identifier: BSL-1.0
// The subcommands of `galley`, and what they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/stage/form/scenario.hpp"
#include "spec/stage/picture/picture.hpp"
#include "spec/stage/trace/trace.hpp"

namespace galley::command {

/// Part of the interface: scripts rely on them. The highest that applies is returned.
enum exit_code : int { ok = 0, failed = 1, unusable = 2, broken = 3 };

/// A wrong argument or a file that cannot be read: exit code 2. The message says where, and what was expected.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct run_options {
    std::string file{};
    std::string on{"ref"};
    std::string driver{"sim"};
    bool timeline{};
    bool program{};
    std::string trace_file{};
    std::string html_file{};
    bool ascii{};
    std::size_t width{};  // 0: as wide as the terminal
};

struct picture_options {
    std::vector<std::string> traces{};  // one or two
    std::string scenario_file{};
    std::string html_file{};
};

struct rules_options {
    std::string id{};
    bool checks{};
};

struct conform_options {
    std::vector<std::string> command{};
    std::string vectors{};  // the kit's if empty
    std::string filter{};
    std::string vector{};
    bool smoke{};
    bool all{};
    bool first{};
    std::size_t limit_ms{5000};
    std::string expect_file{};
    std::string json_file{}, junit_file{}, html_file{}, badge_file{}, picture_file{};
    std::size_t fuzz_seconds{};
    std::uint64_t seed{1};
    std::pair<std::string, std::size_t> exhaust{};  // alphabet and depth
};

int run(const run_options& options);
int check(const std::vector<std::string>& files);
int trace_check(const std::vector<std::string>& files);
int picture(const picture_options& options);
int rules(const rules_options& options);
int conform(const conform_options& options);
int adapter(const std::string& on);

/// The text of a file, `-` being standard input. Throws usage_error.
[[nodiscard]] std::string read_file(const std::string& file);
/// How a file is called in messages.
[[nodiscard]] std::string shown_name(const std::string& file);
/// Both throw usage_error for a file that cannot be read, or is no scenario, or no trace.
[[nodiscard]] spec::scenario read_scenario(const std::string& file);
[[nodiscard]] spec::trace read_trace(const std::string& file);
/// Writes a file, `-` being standard output. Throws usage_error.
void write_file(const std::string& text, const std::string& file);
[[nodiscard]] spec::trace trace_of(const spec::scenario& s, std::string_view on);
/// The same on `driver`: sim, or poll or epoll in lockstep. Throws usage_error if the scenario cannot be run there;
/// prints what the driver did wrong, and gives nothing then.
[[nodiscard]] std::optional<spec::trace> trace_of(const spec::scenario& s, std::string_view on,
                                                  std::string_view driver);

/// Every rule of rules.md, for a picture to quote.
[[nodiscard]] std::vector<spec::rule_text> rule_texts();

/// Prints what rules the trace breaks; true if none.
bool report_violations(const spec::trace& t, const std::string& name);

/// Runs `job` for each file, and goes on after a file that cannot be used. The highest exit code.
int for_each_file(const std::vector<std::string>& files, int (*job)(const std::string&));

/// True if standard output is a terminal that wants colours.
[[nodiscard]] bool wants_color();
/// `text` in an ANSI colour if colours are wanted.
[[nodiscard]] std::string colored(std::string_view text, std::string_view color);
/// Columns of the terminal, 80 if there is none.
[[nodiscard]] std::size_t terminal_width();

}  // namespace galley::command
