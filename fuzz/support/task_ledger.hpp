// SPDX-License-Identifier: BSL-1.0
// What a program of tasks must not lose or double: values, failures, tasks' outcomes, permits, and turns in a mutex.
// The program tells the ledger what it sees; what does not add up ends the process.
#pragma once

#include <fuzz/support/require.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace galley::fuzz {

class ledger;

/// A value that only moves. Instances are counted, and so are those that hold a value.
class token {
public:
    explicit token(ledger& l);
    token(token&& other) noexcept;
    token& operator=(token&& other) noexcept;
    ~token();
    /// 0 if it was moved from.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

private:
    ledger* ledger_;
    std::uint64_t number_;
};

/// What a body throws. Each has a number, and is to be seen once by whoever it reaches.
struct failure {
    std::uint64_t number;
};

enum class ending : std::uint8_t { none, value, failure, cancelled };

class ledger {
    struct end {
        ending how{};
        std::uint64_t number{};
    };

public:
    // ---- bodies

    [[nodiscard]] std::size_t new_body() {
        ends_.emplace_back();
        return ends_.size() - 1;
    }
    /// A body tells how it comes to its end.
    void ends(std::size_t body, ending how, std::uint64_t number) {
        require(ends_[body].how == ending::none, "TASK-2: a body ends once");
        ends_[body] = {how, number};
        note('e', body, number);
    }
    /// Somebody is told the outcome of a body.
    void told(std::size_t body, ending how, std::uint64_t number) {
        note('t', body, number);
        const end& came_to = ends_[body];
        // A body that was cancelled before it began never told.
        const bool same = came_to.how == how || (how == ending::cancelled && came_to.how == ending::none);
        require(same && came_to.number == number, "TASK-2: the outcome is what the task came to");
    }

    // ---- failures

    [[nodiscard]] failure new_failure() {
        seen_.push_back(0);
        return failure{seen_.size()};
    }
    void sees(failure f) {
        note('f', f.number, 0);
        require(++seen_[f.number - 1] == 1, "TASK-3: a failure reaches one owner, or the handler, and not both");
    }

    // ---- what is seen, in order; the same on both loops

    void note(char what, std::uint64_t a, std::uint64_t b) { log_.push_back({static_cast<std::uint64_t>(what), a, b}); }
    using log = std::vector<std::array<std::uint64_t, 3>>;
    [[nodiscard]] log take_log() { return std::move(log_); }

    /// When the loop and everything else that could hold something is gone.
    void close() const {
        require(instances == 0 && holding == 0, "every value is destroyed once");
        require(frames == 0, "LIFE-5: every body is destroyed");
        for (const int times : seen_) require(times == 1, "TASK-3: no failure is silent");
    }

    std::int64_t instances{};  ///< tokens that exist
    std::int64_t holding{};    ///< those with a value
    std::int64_t frames{};     ///< bodies that exist
    std::uint64_t values{};    ///< made so far

private:
    std::vector<end> ends_{};
    std::vector<int> seen_{};
    log log_{};
};

inline token::token(ledger& l) : ledger_{&l}, number_{++l.values} {
    ++l.instances;
    ++l.holding;
}
inline token::token(token&& other) noexcept : ledger_{other.ledger_}, number_{std::exchange(other.number_, 0)} {
    ++ledger_->instances;
}
inline token& token::operator=(token&& other) noexcept {
    if (number_ != 0) --ledger_->holding;
    number_ = std::exchange(other.number_, 0);
    return *this;
}
inline token::~token() {
    --ledger_->instances;
    if (number_ != 0) --ledger_->holding;
}

/// A body's frame, for as long as it exists.
class in_frame {
public:
    explicit in_frame(ledger& l) noexcept : ledger_{&l} { ++l.frames; }
    in_frame(const in_frame&) = delete;
    in_frame& operator=(const in_frame&) = delete;
    ~in_frame() { --ledger_->frames; }

private:
    ledger* ledger_;
};

}  // namespace galley::fuzz
