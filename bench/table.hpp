// SPDX-License-Identifier: BSL-1.0
// The table at the end of a run: each workload raw, on ref::loop and on fast::loop, and how many times raw that is.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace galley_bench {

/// Collects repetitions, and prints their medians when all are there.
class table final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context& context) override;
    void ReportRuns(const std::vector<Run>& runs) override;
    void Finalize() override;

    /// True if no benchmark has failed, and one has run at least.
    [[nodiscard]] bool all_well() const noexcept { return errors_.empty() && !cells_.empty(); }

private:
    /// The repetitions of one benchmark.
    struct cell {
        std::vector<double> cost{};         ///< nanoseconds per operation, or bytes
        std::vector<double> allocations{};  ///< per operation
    };

    static void take(const Run& run, cell& c);
    [[nodiscard]] std::string value(const std::string& benchmark, const std::string& raw) const;

    std::map<std::string, cell> cells_;  ///< by the benchmark's name
    std::vector<std::string> errors_;
};

}  // namespace galley_bench
