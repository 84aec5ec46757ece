// SPDX-License-Identifier: BSL-1.0
// Bounded exhaustion, the whole of it: every program of each alphabet up to its bound, before all judges. `./dev
// exhaust` builds it, runs it, and gives it a folder that belongs to this build.
#include <tests/exhaustion.hpp>
#include <tests/judges.hpp>

#include <fuzz/support/occasion_count.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace galley::spec;

constexpr int failed = 1;
constexpr int unusable = 2;
constexpr std::chrono::duration<double> pause{10};  // between two lines of progress

struct arguments {
    std::string alphabet{};
    std::size_t depth{};
    std::size_t jobs{};
    std::size_t one_in{1};
    std::filesystem::path folder{};
    bool counts{};
    bool occasions{};
};

std::string text_of(const letter& l) {
    std::string text{info(l.what).name};
    if (has_list(l.what)) return text + " of " + std::to_string(l.list);
    for (std::size_t i = 0; i < info(l.what).count; ++i) {
        if (is_number(info(l.what).slots[i].kind)) text += " " + std::to_string(l.numbers[i]);
    }
    return text;
}

void print_counts(const alphabet& letters, std::size_t most) {
    std::vector<std::size_t> count(most + 1);
    std::size_t all = 0;
    for_each_program(letters, most, [&](const scenario& s) {
        ++count[operation_count(s)];
        ++all;
    });
    std::string words;
    for (const letter& l : letters.letters) words += (words.empty() ? "" : ", ") + text_of(l);
    std::printf("%-7s %10zu programs of up to %zu statements over %zu: %s\n%30s 0, 1, ... statements:",
                std::string{letters.name}.c_str(), all, most, letters.letters.size(), words.c_str(), "");
    for (const std::size_t n : count) std::printf(" %zu", n);
    std::printf("\n");
    std::fflush(stdout);
}

/// In how many of the programs that the suites exhaust each rule has a say.
void print_occasions(const alphabet& letters, std::size_t most) {
    galley::fuzz::occasion_count count;
    for_each_program(letters, most, [&](const scenario& s) { count.add(s); });
    std::printf("%s, %zu programs of up to %zu statements\n%s", std::string{letters.name}.c_str(), count.cases(), most,
                count.table().c_str());
    std::fflush(stdout);
}

/// Progress, a line now and then.
class teller {
public:
    teller(std::string name, std::size_t most) : name_{std::move(name)}, most_{most} {}

    void operator()(const exhaustion_progress& p) {
        if (p.time - last_ >= pause) {
            last_ = p.time;
            const double rate = static_cast<double>(p.judged) / p.time.count();
            const auto left = p.all - p.judged - p.remembered - p.left_out;
            std::printf("%s, up to %zu statements: %zu of %zu programs, %.0f a second, %.0f s left\n", name_.c_str(),
                        most_, p.judged + p.remembered, p.all - p.left_out, rate, static_cast<double>(left) / rate);
            std::fflush(stdout);
        }
    }

private:
    std::string name_;
    std::size_t most_;
    std::chrono::duration<double> last_{};
};

/// Whether nobody objected.
bool judge(const alphabet& letters, std::size_t most, const arguments& args) {
    const std::string name{letters.name};
    const exhaustion_result result = exhaust(letters, {.most = most,
                                                       .jobs = args.jobs,
                                                       .one_in = args.one_in,
                                                       .folder = args.folder.empty() ? "" : args.folder / name,
                                                       .tell = teller{name, most}});
    const exhaustion_progress& count = result.count;
    if (!result.failing.empty()) {
        std::printf("%s: a judge objects\n", name.c_str());
        for (const scenario& s : result.failing) std::printf("%s\n", report(s).c_str());
        return false;
    }
    std::printf("alphabet %s: %s %zu programs of up to %zu statements: ref = fast = oracle, no rule broken; %.0f s",
                name.c_str(), count.left_out > 0 ? "a sample," : "all", count.judged + count.remembered, most,
                count.time.count());
    if (count.left_out > 0) std::printf("; %zu left out", count.left_out);
    if (count.remembered > 0) std::printf("; %zu known from earlier runs of this build", count.remembered);
    std::printf("\n");
    std::fflush(stdout);
    return true;
}

/// Whether nobody objected.
bool run(const arguments& args) {
    bool good = true;
    for (const alphabet& letters : all_alphabets()) {
        if (!args.alphabet.empty() && args.alphabet != letters.name) continue;
        const std::size_t own = args.occasions ? letters.limits.brief : letters.limits.whole;
        const std::size_t most = args.depth > 0 ? args.depth : own;
        if (args.counts) {
            print_counts(letters, most);
        } else if (args.occasions) {
            print_occasions(letters, most);
        } else {
            good = judge(letters, most, args) && good;
        }
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> names;
    for (const alphabet& letters : all_alphabets()) names.emplace_back(letters.name);
    arguments args;
    CLI::App app{"Judges every small program: ref = fast = oracle, and no rule is broken.", "exhaust"};
    app.add_option("ALPHABET", args.alphabet, "only this one (default: all)")->check(CLI::IsMember(names));
    app.add_option("DEPTH", args.depth, "statements of a program at most (default: each alphabet's own)")
        ->check(CLI::Range(1, 12));
    app.add_option("--jobs", args.jobs, "threads (default: one for each core)")->check(CLI::Range(1, 1024));
    app.add_option("--one-in", args.one_in, "a sample: one shard of 20,000 programs in so many")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--folder", args.folder, "remember there which shards were found right, and leave these out");
    app.add_flag("--counts", args.counts, "only say how many programs there are");
    app.add_flag("--occasions", args.occasions,
                 "only say in how many programs each rule has a say (default DEPTH: the suites')")
        ->excludes("--counts");
    app.footer("Exit codes: 0 all agree; 1 a judge objects; 2 wrong arguments, or it could not be done.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : unusable;
    }
    try {
        return run(args) ? 0 : failed;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "exhaust: %s\n", e.what());
        return unusable;
    }
}
