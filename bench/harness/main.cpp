// SPDX-License-Identifier: BSL-1.0
// Google Benchmark's main, with other defaults, and without its list: run.py makes a table, a document and a page of
// what is written to --benchmark_out. Exit status 1 if a benchmark has failed, or there was none.
#include "bench/harness/registry.hpp"
#include "bench/harness/reporter.hpp"
#include "bench/harness/smallest.hpp"
#include "bench/harness/worker.hpp"

#include <benchmark/benchmark.h>

#include <string_view>
#include <vector>

namespace {

bool is_given(int count, char** arguments, std::string_view what) {
    for (int i = 1; i < count; ++i) {
        if (arguments[i] == what) {
            return true;
        }
    }
    return false;
}

/// Defaults first, so that what the user says comes later and wins.
std::vector<char*> with_defaults(int count, char** arguments, bool quick) {
    static char repetitions[] = "--benchmark_repetitions=7";
    static char few_repetitions[] = "--benchmark_repetitions=3";
    static char interleaving[] = "--benchmark_enable_random_interleaving=true";
    static char time[] = "--benchmark_min_time=0.03";
    static char short_time[] = "--benchmark_min_time=0.005";
    std::vector<char*> all{arguments[0], quick ? few_repetitions : repetitions, interleaving,
                           quick ? short_time : time};
    for (int i = 1; i < count; ++i) {
        if (std::string_view{arguments[i]} != "--quick") {
            all.push_back(arguments[i]);
        }
    }
    all.push_back(nullptr);
    return all;
}

}  // namespace

int main(int count, char** arguments) {
    const bool quick = is_given(count, arguments, "--quick");
    const bool only_list = is_given(count, arguments, "--benchmark_list_tests") ||
                           is_given(count, arguments, "--benchmark_list_tests=true");
    std::vector<char*> all = with_defaults(count, arguments, quick);
    int all_count = static_cast<int>(all.size()) - 1;
    benchmark::Initialize(&all_count, all.data());
    if (benchmark::ReportUnrecognizedArguments(all_count, all.data())) {
        return 2;
    }
    galley_bench::registry registry;
    galley_bench::entrant::enter_all(registry);
    galley_bench::enter_workers(registry);
    galley_bench::enter_smallest_programs(registry);
    registry.describe(quick);
    registry.enter(quick);
    galley_bench::quiet_reporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    benchmark::Shutdown();
    return only_list || reporter.all_well() ? 0 : 1;
}
