// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/command/commands.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>

#include <galley/fast/epoll_driver.hpp>
#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>
#include <galley/ref/poll_driver.hpp>

#include "spec/stage/check/check.hpp"
#include "spec/stage/form/json.hpp"
#include "spec/stage/real/real_run.hpp"
#include "spec/stage/run/run.hpp"
#include "spec/stage/trace/compare.hpp"

namespace galley::command {
namespace {

// The scenario's settings are passed on: fast must not use the ask_every that it has by default.
template <class Loop>
std::unique_ptr<loop> make(driver& d, const loop_options& options) {
    return std::make_unique<Loop>(d, options);
}

template <class Driver>
std::unique_ptr<driver> make_driver() {
    return std::make_unique<Driver>();
}

struct closer {
    void operator()(std::FILE* f) const noexcept {
        if (f != stdin) std::fclose(f);
    }
};

}  // namespace

std::string shown_name(const std::string& file) { return file == "-" ? "standard input" : file; }

std::string read_file(const std::string& file) {
    const std::unique_ptr<std::FILE, closer> in{file == "-" ? stdin : std::fopen(file.c_str(), "rb")};
    if (!in) throw usage_error{fmt::format("{}: cannot be opened: {}", file, std::strerror(errno))};
    std::string text;
    std::string block(65536, '\0');
    while (const auto n = std::fread(block.data(), 1, block.size(), in.get())) text.append(block, 0, n);
    if (std::ferror(in.get()) != 0)
        throw usage_error{fmt::format("{}: cannot be read: {}", shown_name(file), std::strerror(errno))};
    return text;
}

spec::scenario read_scenario(const std::string& file) {
    const auto text = read_file(file);
    try {
        return spec::parse_json(text, shown_name(file));
    } catch (const spec::scenario_error& e) {
        throw usage_error{e.what()};
    }
}

spec::trace read_trace(const std::string& file) {
    try {
        return spec::parse_trace(read_file(file), shown_name(file));
    } catch (const spec::trace_error& e) {
        throw usage_error{e.what()};
    }
}

void write_file(const std::string& text, const std::string& file) {
    if (file == "-") {
        fmt::print("{}", text);
        return;
    }
    std::ofstream out{file, std::ios::binary};
    out << text << std::flush;
    if (!out) throw usage_error{fmt::format("{}: cannot be written: {}", file, std::strerror(errno))};
}

spec::trace trace_of(const spec::scenario& s, std::string_view on) {
    return spec::run_scenario(s, on == "fast" ? make<fast::loop> : make<ref::loop>);
}

std::optional<spec::trace> trace_of(const spec::scenario& s, std::string_view on, std::string_view driver) {
    if (driver == "sim") return trace_of(s, on);
    if (const auto reason = spec::why_not_lockstep(s))
        throw usage_error{fmt::format("--driver {}: the kernel's channels cannot do {} (spec/stage/real/README.md)",
                                      driver, *reason)};
    auto real =
        spec::run_in_lockstep(s, on == "fast" ? make<fast::loop> : make<ref::loop>,
                              driver == "epoll" ? make_driver<fast::epoll_driver> : make_driver<ref::poll_driver>);
    for (const auto& problem : real.problems) fmt::print("{}  {}\n", colored("FAILED", "1;31"), problem);
    return real.problems.empty() ? std::optional{std::move(real.recorded)} : std::nullopt;
}

bool report_violations(const spec::trace& t, const std::string& name) {
    const auto found = spec::check(t);
    for (const auto& v : found)
        fmt::print("{}  {}: line {} breaks {} ({})\n    {}\n", colored("FAILED", "1;31"), name, v.event_index + 2,
                   v.rule, v.predicate, v.what);
    if (!found.empty()) fmt::print("{}", spec::context_text(t, found.front().event_index));
    return found.empty();
}

int for_each_file(const std::vector<std::string>& files, int (*job)(const std::string&)) {
    int worst = ok;
    for (const auto& file : files) {
        try {
            worst = std::max(worst, job(file));
        } catch (const usage_error& e) {
            std::fflush(stdout);
            fmt::print(stderr, "galley: {}\n", e.what());
            worst = std::max<int>(worst, unusable);
        }
    }
    return worst;
}

bool wants_color() {
    const char* term = std::getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr &&
           (term == nullptr || std::strcmp(term, "dumb") != 0);
}

std::string colored(std::string_view text, std::string_view color) {
    return wants_color() ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string{text};
}

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

}  // namespace galley::command
