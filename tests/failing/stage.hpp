// SPDX-License-Identifier: BSL-1.0
// Where a program runs under faults: a loop on a driver, and the account of what must not be lost. Nothing here
// allocates but the loop and its driver, as what fails shall be galley's.
#pragma once

#include <galley/galley.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <system_error>
#include <utility>

namespace galley_test {

using namespace std::chrono_literals;
using galley::task;

struct combination;

/// What a program's bodies throw of their own accord.
struct burnt {};
/// An error that came to a body as a value, and ends it.
struct io_failed {
    std::error_code error;
};

class stage {
public:
    explicit stage(const combination& c) noexcept : on_{c} {}
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;
    ~stage();

    [[nodiscard]] const combination& on() const noexcept { return on_; }
    /// The loop; it is made, and a driver for it, when it is first asked for. Throws what their constructors throw.
    [[nodiscard]] galley::loop& loop();
    [[nodiscard]] bool has_loop() const noexcept { return loop_ != nullptr; }
    void destroy_loop() noexcept;

    /// Runs `body` as the main task; nothing that it started may be left, however it ends.
    template <class F>
    void run(F body) {
        struct nothing_left {
            stage& s;
            ~nothing_left() { s.check(s.loop_->tasks().pending() == 0, "LIFE-1: a task is left"); }
        };
        galley::loop& l = loop();
        const nothing_left at_end{*this};
        galley::run(l, galley::invoke(std::move(body)));
    }

    // ---- the account

    /// A part of the program's result.
    void did(std::uint64_t part) noexcept { result_ += part; }
    /// What must hold whatever fails. The first that does not is remembered.
    void check(bool holds, const char* what) noexcept {
        const char* none = nullptr;
        if (!holds) {
            broken_.compare_exchange_strong(none, what);
        }
    }
    /// A shortage of memory, or an error, has reached somebody: it was not silent.
    void saw_shortage() noexcept { ++errors_seen_; }
    void saw(std::error_code error) noexcept;
    /// Ends a body if there is an error.
    void must(std::error_code error) {
        if (error) {
            saw(error);
            throw io_failed{error};
        }
    }
    [[noreturn]] void burn() {
        ++burnt_;
        throw burnt{};
    }
    void saw_burnt() noexcept { ++burnt_seen_; }
    /// Judges an exception that has left the program, or reached the loop's failure handler.
    void saw(std::exception_ptr error) noexcept;

    [[nodiscard]] std::uint64_t result() const noexcept { return result_; }
    struct account {
        std::uint64_t errors_seen;
        const char* broken;  ///< what did not hold, or null
    };
    /// When everything is gone. `expected`: the errno that was planted, or 0.
    [[nodiscard]] account close(int expected) noexcept;
    /// Whether a small program still runs on the loop, if that still exists.
    void try_again();

    galley::event bell;  ///< for callbacks, which may outlive the program

private:
    friend class token;
    friend class body;

    const combination& on_;
    std::uint64_t result_{};
    std::uint64_t burnt_{};
    std::uint64_t burnt_seen_{};
    std::atomic<std::uint64_t> errors_seen_{};
    std::error_code first_error_;
    bool other_errors_{};  ///< of another number than the first
    std::atomic<const char*> broken_{};
    std::atomic<std::int64_t> tokens_{};
    std::int64_t bodies_{};
    std::unique_ptr<galley::driver> driver_;
    std::unique_ptr<galley::loop> loop_;
};

/// A value that only moves; those that hold one are counted.
class token {
public:
    explicit token(stage& s) noexcept : stage_{&s} { ++s.tokens_; }
    token(token&& other) noexcept : stage_{std::exchange(other.stage_, nullptr)} {}
    token& operator=(token&& other) noexcept {
        token old{std::move(other)};
        std::swap(stage_, old.stage_);
        return *this;
    }
    ~token() {
        if (stage_ != nullptr) {
            --stage_->tokens_;
        }
    }
    /// Used for what it is good for.
    void spend(std::uint64_t worth) noexcept { stage_->did(worth); }

private:
    stage* stage_;
};

/// In each coroutine of a program: its frame exists.
class body {
public:
    explicit body(stage& s) noexcept : stage_{&s} { ++s.bodies_; }
    body(const body&) = delete;
    body& operator=(const body&) = delete;
    ~body() { --stage_->bodies_; }

private:
    stage* stage_;
};

/// A small whole program. It throws what it cannot deal with.
struct program {
    const char* name;
    void (*run)(stage&);
};
inline void PrintTo(const program& p, std::ostream* out) { *out << p.name; }

}  // namespace galley_test
