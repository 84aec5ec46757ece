// SPDX-License-Identifier: BSL-1.0
#include "exhaustion.hpp"

#include "judges.hpp"

#include <spec/stage/form/json.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <exception>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

namespace galley::spec {

namespace {

constexpr std::size_t most_failing = 3;

/// What this thread judges, for whoever finds the process dead.
thread_local const std::string* on_trial = nullptr;

void name_the_culprit(int signal) {
    if (on_trial != nullptr) {
        constexpr std::string_view words = "\nthe process dies while it judges\n";
        [[maybe_unused]] ssize_t written = write(STDERR_FILENO, words.data(), words.size());
        written = write(STDERR_FILENO, on_trial->data(), on_trial->size());
        written = write(STDERR_FILENO, "\n", 1);
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

/// One oracle, and the questions that are open with it: it works on these while the loops run earlier ones.
class panel {
public:
    /// Objections go to `failing`.
    explicit panel(std::vector<scenario>& failing) : failing_{failing} {}

    void judge(const scenario& s) {
        std::string question = to_json(s, false);
        while (!oracle_.has_room(question)) {
            settle_one();
        }
        oracle_.ask(question);
        asked_.push_back({s, std::move(question)});
    }
    void settle() {
        while (!asked_.empty()) {
            settle_one();
        }
    }

private:
    struct trial {
        scenario program;
        std::string question;
    };

    void settle_one() {
        const std::string expected = oracle_.answer();
        const trial next = std::move(asked_.front());
        asked_.pop_front();
        on_trial = &next.question;
        if (failing_.size() < most_failing && objection(next.program, expected)) {
            failing_.push_back(next.program);
        }
        on_trial = nullptr;
    }

    oracle oracle_{};
    std::deque<trial> asked_{};
    std::vector<scenario>& failing_;
};

/// What the threads share.
class exhaustion {
public:
    exhaustion(const alphabet& letters, const exhaustion_options& options) : letters_{letters}, options_{options} {
        result_.count.all = count_programs(letters, options.most);
        if (!options.folder.empty()) {
            std::filesystem::create_directories(options.folder);
        }
        for (std::size_t shard = 0; shard * options.shard < result_.count.all; ++shard) {
            const std::size_t begin = shard * options.shard;
            const std::size_t programs = end_of(begin) - begin;
            if (shard % options.one_in != options.one_in / 2) {  // not the first, whose programs are the smallest
                result_.count.left_out += programs;
            } else if (!options.folder.empty() && std::filesystem::exists(file_of(begin))) {
                result_.count.remembered += programs;
            } else {
                shards_.push_back(begin);
            }
        }
    }

    exhaustion_result run() {
        start_ = std::chrono::steady_clock::now();
        const std::size_t jobs = options_.jobs > 0 ? options_.jobs : std::max(1U, std::thread::hardware_concurrency());
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < jobs; ++i) {
                threads.emplace_back([this] { work(); });
            }
        }
        if (broken_) {
            std::rethrow_exception(broken_);
        }
        return std::move(result_);
    }

private:
    struct enough {};  // thrown through the enumerator

    void work() {
        try {
            judge_shards();
        } catch (const enough&) {
        } catch (...) {
            const std::scoped_lock lock{mutex_};
            broken_ = std::current_exception();
            over_ = true;
        }
    }

    /// Each thread makes all programs, which costs little, and judges those of the shards that it has taken.
    void judge_shards() {
        std::vector<scenario> failing;
        panel judges{failing};
        std::size_t index = 0;
        std::size_t begin = take_shard();
        for_each_program(letters_, options_.most, [&](const scenario& s) {
            const std::size_t here = index++;
            if (over_ || begin >= result_.count.all) {
                throw enough{};
            }
            if (here < begin) {
                return;
            }
            judges.judge(s);
            if (here + 1 == end_of(begin)) {
                judges.settle();
                finish(begin, failing);
                begin = take_shard();
            }
        });
    }

    [[nodiscard]] std::size_t end_of(std::size_t begin) const {
        return std::min(begin + options_.shard, result_.count.all);
    }
    [[nodiscard]] std::filesystem::path file_of(std::size_t begin) const {
        return options_.folder / (std::to_string(begin) + "-" + std::to_string(end_of(begin)));
    }

    /// Where the next shard begins that is to be judged; past the end if there is none.
    std::size_t take_shard() {
        const std::scoped_lock lock{mutex_};
        return next_shard_ == shards_.size() ? result_.count.all : shards_[next_shard_++];
    }

    void finish(std::size_t begin, std::vector<scenario>& failing) {
        const std::scoped_lock lock{mutex_};
        result_.count.judged += end_of(begin) - begin;
        result_.count.time = std::chrono::steady_clock::now() - start_;
        if (!failing.empty()) {
            over_ = true;
            std::ranges::move(failing, std::back_inserter(result_.failing));
            result_.failing.resize(std::min(result_.failing.size(), most_failing));
            failing.clear();
        } else if (!options_.folder.empty() && !std::ofstream{file_of(begin)}) {
            throw std::runtime_error("exhaustion: cannot write " + file_of(begin).string());
        }
        if (options_.tell) {
            options_.tell(result_.count);
        }
    }

    const alphabet& letters_;
    const exhaustion_options& options_;
    std::vector<std::size_t> shards_{};  // those to be judged: where each begins
    std::chrono::steady_clock::time_point start_{};
    std::mutex mutex_{};  // for what is below
    exhaustion_result result_{};
    std::size_t next_shard_{};
    std::exception_ptr broken_{};
    std::atomic<bool> over_{};  // nothing is to be judged any more; others may see it late
};

}  // namespace

std::size_t count_programs(const alphabet& letters, std::size_t most_operations) {
    std::size_t count = 0;
    for_each_program(letters, most_operations, [&](const scenario&) { ++count; });
    return count;
}

exhaustion_result exhaust(const alphabet& letters, const exhaustion_options& options) {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) {
        if (const auto before = std::signal(signal, name_the_culprit); before != SIG_DFL) {
            std::signal(signal, before);  // a sanitizer's, which has more to say
        }
    }
    return exhaustion{letters, options}.run();
}

}  // namespace galley::spec
