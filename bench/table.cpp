// SPDX-License-Identifier: BSL-1.0
#include "bench/table.hpp"

#include "bench/suite.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace galley_bench {

namespace {

/// The value below which lies this part of all; interpolated. `values` is not empty.
double quantile(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    const double place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

double median(const std::vector<double>& values) { return quantile(values, 0.5); }

/// Half the distance between the quartiles, in percent of the median.
double spread(const std::vector<double>& values) {
    return 50 * (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

template <class... A>
std::string format(const char* pattern, A... arguments) {
    std::array<char, 160> text;
    std::snprintf(text.data(), text.size(), pattern, arguments...);
    return text.data();
}

std::string number(double v) { return format(v < 100 ? "%.1f" : "%.0f", v); }
std::string ratio(double v) { return format(v < 10 ? "%.2fx" : v < 100 ? "%.1fx" : "%.0fx", v); }

constexpr const char* row = "%-40s %13s %22s %22s %7s %11s\n";

}  // namespace

bool table::ReportContext(const Context& context) {
    std::array<double, 3> load{};
    const bool is_known = getloadavg(load.data(), static_cast<int>(load.size())) > 0;
    std::printf("%d CPUs, load %s, %s\n", context.cpu_info.num_cpus, is_known ? number(load[0]).c_str() : "unknown",
                "compiler " __VERSION__);
#ifndef NDEBUG
    std::printf("Assertions are on: these are not the figures of a release build.\n");
#endif
    std::printf("The repetitions of all benchmarks are interleaved; results come when all are there.\n");
    std::fflush(stdout);
    return true;
}

void table::ReportRuns(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        const std::string& name = run.run_name.function_name;
        if (run.error_occurred) {
            errors_.push_back(name + ": " + run.error_message);
        } else if (run.run_type == Run::RT_Iteration) {
            take(run, cells_[name]);
        }
    }
}

void table::take(const Run& run, cell& c) {
    const auto& counters = run.counters;
    if (const auto bytes = counters.find("bytes"); bytes != counters.end()) {
        c.cost.push_back(bytes->second.value);
    } else {
        c.cost.push_back(1e9 / counters.at("items_per_second").value);
    }
    if (const auto allocations = counters.find("allocs"); allocations != counters.end()) {
        c.allocations.push_back(allocations->second.value);
    }
}

std::string table::value(const std::string& benchmark, const std::string& raw) const {
    const auto found = cells_.find(benchmark);
    if (found == cells_.end()) {
        return "-";
    }
    const std::vector<double>& cost = found->second.cost;
    const auto base = cells_.find(raw);
    const std::string times = benchmark == raw || base == cells_.end()
                                  ? ""
                                  : format("%8s", ratio(median(cost) / median(base->second.cost)).c_str());
    return number(median(cost)) + format(" +-%2.0f%%", spread(cost)) + times;
}

void table::Finalize() {
    std::printf(
        "\nNanoseconds per operation, unless said: median, half the distance between the quartiles, times raw\n\n");
    std::printf(row, "", "", "ref::loop", "fast::loop", "goal", "fast::loop");
    std::printf(row, "workload", "raw", "x raw", "x raw", "x raw", "allocs/op");
    for (const workload& w : workloads()) {
        const std::string raw = w.name + "/raw";
        const std::string fast = w.name + "/fast";
        const std::array values{value(raw, raw), value(w.name + "/ref", raw), value(fast, raw)};
        if (std::all_of(values.begin(), values.end(), [](const std::string& v) { return v == "-"; })) {
            continue;  // filtered out
        }
        const auto found = cells_.find(fast);
        const bool counted = found != cells_.end() && !found->second.allocations.empty();
        std::printf(row, w.name.c_str(), values[0].c_str(), values[1].c_str(), values[2].c_str(),
                    w.goal > 0 ? ratio(w.goal).c_str() : "",
                    counted ? format("%.3f", median(found->second.allocations)).c_str() : "");
    }
    std::printf("\nOnly ratios within one run can be compared: other work on the machine changes all figures.\n");
    for (const std::string& error : errors_) {
        std::printf("FAILED %s\n", error.c_str());
    }
    std::fflush(stdout);
}

}  // namespace galley_bench
