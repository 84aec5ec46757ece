// SPDX-License-Identifier: BSL-1.0
// Runs a small program of several threads under every schedule and every outcome that the C++ memory model allows.
//
// A program is a function that makes its shared variables (atomic.hpp), lets threads run on them, and then says what it
// requires:
//
//     report found = explore([](stage& s) {
//         atomic<int> x{0};
//         plain<int> data{0};
//         s.run({[&] { data.set(1); x.store(1, std::memory_order_release); },
//                [&] { if (x.load(std::memory_order_acquire) == 1) s.require(data.get() == 1, "published"); }});
//     });
//
// Threads are fibers: one real thread runs them all, and switches before each atomic operation. Two executions in which
// each read reads from the same write count as one, so what a program notes beside its variables must not depend on
// more than that. What is not found: load buffering (a value read before it is written), S against happens-before, and
// whatever needs more threads or operations than the program has.
#pragma once

#include "memory.hpp"
#include "search.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace galley::interleave {

/// One execution, as its program sees it.
class stage {
public:
    /// Runs the threads (at most most_threads - 1) to their ends. Once.
    void run(std::vector<std::function<void()>> threads);
    /// Fails the execution if it does not hold. In a thread or after `run`.
    void require(bool holds, std::string_view what);
    /// How often a compare_exchange of the calling thread has changed something.
    [[nodiscard]] std::size_t swaps() const;
    /// After `run`: adds to the set of outcomes.
    void outcome(const std::string& text);

private:
    friend class execution;
    explicit stage(class execution& e) noexcept : execution_{e} {}
    class execution& execution_;
};

using program = std::function<void(stage&)>;

struct limits {
    std::uint64_t executions{20'000'000};
    std::size_t steps{500};  ///< of one execution; more are taken for a livelock
    std::size_t spurious{};  ///< how often compare_exchange_weak may fail for no reason, in one execution
    bool every_order{};      ///< explores all orders of independent operations too, which gives nothing new
};

struct failure {
    std::string what{};
    std::string replay{};  ///< for `replay`
    std::string steps{};   ///< what each thread did, for people
};

struct report {
    bool complete{};  ///< everything was explored
    std::uint64_t executions{};
    std::uint64_t redundant{};  ///< that were left as equal to others
    std::set<std::string> outcomes{};
    std::optional<failure> failed{};  ///< the first one; the search ends there
};

[[nodiscard]] report explore(const program& p, const limits& l = {});
/// One execution again. Throws std::invalid_argument if the choices are not this program's.
[[nodiscard]] report replay(const program& p, std::string_view choices, const limits& l = {});

/// One place in the sources where an atomic operation names a memory order.
struct site {
    std::string file{};  ///< without folders
    unsigned line{};
    unsigned column{};
    std::string operation{};  ///< "load", "store", "exchange", ..., "compare_exchange failure", "fence"
    std::memory_order order{};
    auto operator<=>(const site&) const = default;
};
[[nodiscard]] std::string to_text(const site& s);
[[nodiscard]] std::string_view to_text(std::memory_order o) noexcept;

/// The sites that the first executions of these programs pass.
[[nodiscard]] std::set<site> sites_of(const std::vector<program>& programs);

/// While it lives, that site has another order: to see what its own is good for.
class weakened {
public:
    weakened(site where, std::memory_order to);
    weakened(const weakened&) = delete;
    weakened& operator=(const weakened&) = delete;
    ~weakened();
};
/// The orders one step below: seq_cst: acq_rel, acquire or release, as the operation has it; acq_rel: acquire, release;
/// acquire, release: relaxed.
[[nodiscard]] std::vector<std::memory_order> weaker(const site& s);

}  // namespace galley::interleave
