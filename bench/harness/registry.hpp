// SPDX-License-Identifier: BSL-1.0
// What can be run: rows (workloads) by columns (contenders). Rows and columns enter themselves, before main.
#pragma once

#include "bench/harness/allocations.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace galley_bench {

enum class group : std::uint8_t { callbacks, coroutines, timers, threads, sockets, tails, memory, programs };
[[nodiscard]] const char* to_string(group g) noexcept;

/// A workload.
struct row {
    std::string name;
    group in{};
    double goal{};                ///< how many times raw fast::loop may take; 0: none is set
    std::uint64_t operations{1};  ///< in a batch: what a contender in a process of its own is asked for at a time
    bool wall{};                  ///< by the wall clock: for work that several threads do
    bool once{};                  ///< once a repetition, as it is long enough
    bool large{};                 ///< left out of --quick
    bool in_bytes{};              ///< its figure is bytes, not time
    int repetitions{};            ///< 0: as many as are asked for; more would tell no more, or take too long
};

using body = std::function<void(benchmark::State&)>;

class registry {
public:
    /// A row; again: no effect.
    void add(const row& r);
    void run(const row& r, const std::string& contender, body work);
    /// The same by a contender that says itself how long it took.
    void run_by_itself(const row& r, const std::string& contender, body work);
    /// Why a contender has no figure there.
    void cannot(const row& r, const std::string& contender, const std::string& why);
    void contender(const std::string& name, const std::string& version);
    void missing(const std::string& name, const std::string& why);

    [[nodiscard]] const std::vector<row>& rows() const noexcept { return rows_; }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& missing_contenders() const noexcept {
        return missing_;
    }
    /// Whether there is a contender of this name.
    [[nodiscard]] bool knows(const std::string& contender) const noexcept;
    [[nodiscard]] const row* find(const std::string& name) const noexcept;

    /// Hands all to Google Benchmark, by groups.
    void enter(bool quick) const;
    /// The facts about rows and contenders, as context of its document. Once.
    void describe(bool quick) const;

private:
    struct place {
        body work{};
        bool by_itself{};
        std::string why_not{};
    };
    [[nodiscard]] std::vector<row> chosen(bool quick) const;

    std::vector<row> rows_;
    std::map<std::string, std::map<std::string, place>> places_;  ///< by row and contender
    std::vector<std::pair<std::string, std::string>> versions_;
    std::vector<std::pair<std::string, std::string>> missing_;
};

/// A static object of it, in the .cpp file of a workload or a peer, enters what is there.
class entrant {
public:
    using enter_function = void(registry&);
    /// `place`: entrants of a lower one come first, those of the same one by name.
    entrant(int place, const char* name, enter_function* enter);
    static void enter_all(registry& r);

    static constexpr int measure = 0;   ///< raw
    static constexpr int ours = 1;      ///< ref and fast
    static constexpr int workload = 2;  ///< one that enters its contenders itself
    static constexpr int peer = 3;
};

/// The benchmark fails, and with it the run, unless `done`.
inline void require(benchmark::State& state, bool done, const char* what) {
    if (!done && !state.error_occurred()) {
        state.SkipWithError(what);
    }
}

/// Counts the allocations of this thread from its construction on; construct it when all is warm.
class measured {
public:
    void report(benchmark::State& state, std::uint64_t operations) const {
        report(state, operations, thread_allocations() - before_);
    }
    static void report(benchmark::State& state, std::uint64_t operations, std::uint64_t allocations) {
        state.SetItemsProcessed(static_cast<std::int64_t>(operations));
        state.counters["allocs"] = static_cast<double>(allocations) / static_cast<double>(operations);
    }

private:
    std::uint64_t before_{thread_allocations()};
};

}  // namespace galley_bench
