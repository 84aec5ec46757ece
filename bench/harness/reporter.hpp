// SPDX-License-Identifier: BSL-1.0
// Says on the terminal only what has failed.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <vector>

namespace galley_bench {

class quiet_reporter final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            ++runs_;
            if (run.error_occurred) {
                ++failed_;
                std::fprintf(stderr, "FAILED %s: %s\n", run.run_name.function_name.c_str(), run.error_message.c_str());
            }
        }
    }
    /// True if no benchmark has failed, and one has run at least.
    [[nodiscard]] bool all_well() const noexcept { return failed_ == 0 && runs_ > 0; }

private:
    std::size_t runs_{};
    std::size_t failed_{};
};

}  // namespace galley_bench
