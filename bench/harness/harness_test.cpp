// SPDX-License-Identifier: BSL-1.0
// A contender that does not do its work fails, each workload that is a template for its own reason; so does one in a
// process of its own; one that is not there is named.
#include "bench/harness/smallest.hpp"
#include "bench/harness/watchdog.hpp"
#include "bench/harness/worker.hpp"
#include "bench/raw.hpp"
#include "bench/raw_timers.hpp"

#include <gtest/gtest.h>

#include <bench_workloads.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace galley_bench {
namespace {

/// How it does its work.
enum class conduct : std::uint8_t { good, loses, disorders };

template <conduct Conduct>
struct contender {
    static constexpr const char* name = "it";
    static constexpr bool expires_many = true;
    static constexpr bool rearms = true;
    static constexpr std::int64_t earliness = 0;
    static constexpr std::uint64_t timer_unit = 1;
    static constexpr std::uint64_t timer_slack = 0;
    using expiring = contender;
    using exact = contender;

    struct entry {
        std::uint64_t key;
        std::uint64_t number;
        void (*call)(void*);
        void* who;
    };
    struct loop {
        void run() {
            for (over = false; !over && (!ready.empty() || !started.empty());) {
                if (!ready.empty()) {
                    const auto r = ready.pop();
                    r.call(r.who);
                    continue;
                }
                const auto first = Conduct == conduct::disorders ? std::prev(started.end()) : started.begin();
                const entry e = first->second;
                now = std::max(now, e.key);
                started.erase(first);
                e.call(e.who);
            }
        }
        void stop() { over = true; }
        static void settle() {}
        /// Whether this one is lost.
        bool loses() { return Conduct == conduct::loses && ++count % 50 == 0; }
        raw::ring<entry> ready{1 << 17};
        std::map<std::pair<std::uint64_t, std::uint64_t>, entry> started{};
        std::uint64_t now{};
        std::uint64_t count{};
        std::uint64_t numbers{};
        bool over{};
    };
    template <class Heir>
    struct slot {
        explicit slot(loop& l) : on{&l} {}
        void post() {
            if (!on->loses()) {
                on->ready.push({0, 0, [](void* self) { static_cast<Heir*>(static_cast<slot*>(self))->run(); }, this});
            }
        }
        loop* on;
    };
    template <class Heir>
    struct timer {
        explicit timer(loop& l) : on{&l} {}
        void start(std::uint64_t delay) {
            place = {on->now + delay, ++on->numbers};
            if (!on->loses()) {
                on->started[place] = {place.first, place.second,
                                      [](void* self) { static_cast<Heir*>(static_cast<timer*>(self))->fire(); }, this};
            }
        }
        void cancel() { on->started.erase(place); }
        loop* on;
        std::pair<std::uint64_t, std::uint64_t> place{};
    };
};

/// What went wrong, by benchmark; the empty text: nothing.
class outcomes final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            of[run.run_name.function_name] = run.error_occurred ? run.error_message : "";
        }
    }
    std::map<std::string, std::string> of{};
};

/// Runs those rows whose names match, of a registry of its own.
std::map<std::string, std::string> run(const registry& r, const std::string& which) {
    benchmark::ClearRegisteredBenchmarks();
    static char program[] = "harness_test";
    static char no_time[] = "--benchmark_min_time=0.000001";  // once is enough: nothing is measured here
    char* arguments[]{program, no_time, nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    r.enter(true);
    outcomes all;
    benchmark::RunSpecifiedBenchmarks(&all, which);
    return all.of;
}

constexpr const char* checked = "post in loop|timer expire, 1e5 over 1 h|timers, 99";

template <conduct Conduct>
std::map<std::string, std::string> run() {
    registry r;
    workloads::post<contender<Conduct>>(r);
    workloads::timers<contender<Conduct>>(r);
    return run(r, checked);
}

TEST(workloads, work_that_was_done_passes) {
    for (const auto& [name, error] : run<conduct::good>()) {
        EXPECT_EQ(error, "") << name;
    }
}

TEST(workloads, work_that_was_lost_fails) {
    const auto all = run<conduct::loses>();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all.at("post in loop/it"), "callbacks were lost, or ran twice");
    EXPECT_EQ(all.at("post in loop, bursts of 1e5/it"), "callbacks were lost, or ran twice");
    EXPECT_EQ(all.at("timer expire, 1e5 over 1 h/it"), "not all timers have fired, or one has twice");
    EXPECT_EQ(all.at("timers, 99 % cancelled/it"), "timers that were not cancelled did not fire");
}

TEST(workloads, timers_out_of_order_fail) {
    EXPECT_EQ(run<conduct::disorders>().at("timer expire, 1e5 over 1 h/it"), "timers have fired out of order");
}

/// A worker whose answer to each request is this line, with what it was asked for in $2.
std::vector<std::string> worker(const std::string& answer) {
    return {"sh", "-c",
            "printf 'version\\t1\\ncan\\tcount\\ncannot\\tfly\\tno wings\\nready\\n'; "
            "while IFS='\t' read -r _ row wanted; do " +
                answer + "; done"};
}

registry with(const std::vector<std::string>& command) {
    registry r;
    row count{"count", group::callbacks, 0, 10};
    row fly{"fly", group::callbacks, 0, 10};
    count.once = fly.once = true;
    r.add(count);
    r.add(fly);
    enter_worker(r, "it", command);
    return r;
}

TEST(workers, one_that_did_all_passes) {
    const auto all = run(with(worker("printf 'done\\t%s\\t500\\t900\\n' \"$wanted\"")), "count");
    EXPECT_EQ(all.at("count/it"), "");
}

TEST(workers, one_that_did_less_fails) {
    EXPECT_EQ(run(with(worker("printf 'done\\t9\\t500\\t900\\n'")), "count").at("count/it"),
              "of 10 operations 9 were done");
}

TEST(workers, one_that_gives_up_or_ends_fails) {
    EXPECT_EQ(run(with(worker("printf 'failed\\ttired\\n'")), "count").at("count/it"), "tired");
    EXPECT_EQ(run(with(worker("exit")), "count").at("count/it"), "its process has ended");
}

TEST(workers, one_that_is_not_there_is_named) {
    const registry r = with({"galley-no-such-program"});
    ASSERT_EQ(r.missing_contenders().size(), 1U);
    EXPECT_EQ(r.missing_contenders()[0].second, "there is no galley-no-such-program");
    const registry says_so = with({"sh", "-c", "printf 'missing\\tno module\\n'"});
    EXPECT_EQ(says_so.missing_contenders().at(0).second, "no module");
}

TEST(programs, end_with_their_status) {
    EXPECT_EQ(run_program({"sh", "-c", "exit 42"}).status, 42);
    EXPECT_EQ(run_program({"sh", "-c", "kill -9 $$"}).status, -1);
    EXPECT_EQ(run_program({"galley-no-such-program"}).status, -1);
}

void wait_for_ever() {
    const watchdog limited("post/it", std::chrono::seconds{0});
    std::this_thread::sleep_for(std::chrono::hours{1});
}

TEST(watchdog, ends_what_does_not_end) {
    EXPECT_EXIT(wait_for_ever(), testing::ExitedWithCode(1),
                "FAILED post/it: it has not ended within 0 s: work was lost");
}

TEST(watchdog, lets_others_go_on) { const watchdog limited{"post/it", std::chrono::hours{1}}; }

}  // namespace
}  // namespace galley_bench
