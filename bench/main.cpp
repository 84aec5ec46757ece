// SPDX-License-Identifier: BSL-1.0
// Google Benchmark's main, with other defaults, and a table instead of a list. Exit status 1 if a benchmark has failed,
// or there was none.
#include "bench/suite.hpp"
#include "bench/table.hpp"

#include <benchmark/benchmark.h>

#include <string_view>

namespace galley_bench {

std::vector<workload>& workloads() {
    static std::vector<workload> all;
    return all;
}

namespace {

void add_all() {
    add_post();
    add_yield();
    add_await_child();
    add_spawn_join();
    add_gather();
    add_timer_start();
    add_timer_expire();
    add_remote_post();
    add_echo();
    add_sleeping_task();
}

/// Defaults first, so that what the user says comes later and wins.
std::vector<char*> with_defaults(int count, char** arguments) {
    static char repetitions[] = "--benchmark_repetitions=7";
    static char interleaving[] = "--benchmark_enable_random_interleaving=true";
    static char time[] = "--benchmark_min_time=0.03";
    std::vector<char*> all{arguments[0], repetitions, interleaving, time};
    all.insert(all.end(), arguments + 1, arguments + count);
    all.push_back(nullptr);
    return all;
}

}  // namespace

}  // namespace galley_bench

int main(int count, char** arguments) {
    using namespace std::string_view_literals;
    bool only_list = false;
    for (int i = 1; i < count; ++i) {
        only_list =
            only_list || arguments[i] == "--benchmark_list_tests"sv || arguments[i] == "--benchmark_list_tests=true"sv;
    }
    std::vector<char*> all = galley_bench::with_defaults(count, arguments);
    int all_count = static_cast<int>(all.size()) - 1;
    benchmark::Initialize(&all_count, all.data());
    if (benchmark::ReportUnrecognizedArguments(all_count, all.data())) {
        return 2;
    }
    galley_bench::add_all();
    galley_bench::table table;
    benchmark::RunSpecifiedBenchmarks(&table);
    benchmark::Shutdown();
    return only_list || table.all_well() ? 0 : 1;
}
