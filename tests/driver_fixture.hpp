// SPDX-License-Identifier: BSL-1.0
// What tests of a bare driver share: operations that belong to no task, and a typed suite over both drivers.
#pragma once

#include "galley/fast/epoll_driver.hpp"
#include "galley/ref/poll_driver.hpp"
#include "tests/socket_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace galley_test {

using namespace std::chrono_literals;
using galley::instant;
using galley::io;
using galley::io_result;

/// An operation with its own buffer.
class test_op : public galley::operation {
public:
    test_op(io kind_, const owned& on, std::size_t room = 0) : test_op{kind_, on.get(), std::string(room, '\0')} {}
    test_op(const owned& on, std::string text) : test_op{io::write, on.get(), std::move(text)} {}
    test_op(const owned& on, const sockaddr_in& to) : test_op{on, reinterpret_cast<const sockaddr&>(to), sizeof to} {}
    test_op(const owned& on, const sockaddr& to, socklen_t size)
        : test_op{io::connect, on.get(), std::string(reinterpret_cast<const char*>(&to), size)} {}
    test_op(io kind_, int descriptor_, std::string text)
        : test_op{kind_, descriptor_, std::make_unique<std::string>(std::move(text))} {}

    /// What a read got.
    [[nodiscard]] std::string text() const { return text_->substr(0, static_cast<std::size_t>(result.count)); }
    [[nodiscard]] bool is_ok() const { return result.how == io_result::status::done && result.error == 0; }
    [[nodiscard]] bool is_cancelled() const { return result.how == io_result::status::cancelled; }
    [[nodiscard]] int error() const { return result.how == io_result::status::done ? result.error : -1; }

private:
    test_op(io kind_, int descriptor_, std::unique_ptr<std::string> text)
        : operation{kind_, descriptor_, text->data(), text->size(), [](operation&) noexcept {}},
          text_{std::move(text)} {}

    std::unique_ptr<std::string> text_;
};

/// Where a wait that should have ended long ago gives up, so that a failure is a failure and not a hang.
constexpr auto for_ever = 20s;

template <class Driver>
class driver_suite : public ::testing::Test {
protected:
    ~driver_suite() override {
        driver.shut();
        galley::operation_list rest;
        driver.ask(rest);
        take(rest);
    }

    /// A new operation, which lives as long as the test does.
    template <class... A>
    test_op& op(A&&... arguments) {
        return operations_.emplace_back(std::forward<A>(arguments)...);
    }
    /// Starts it; true if it is in flight.
    bool in_flight(test_op& op) {
        const bool at_once = driver.start(op);
        EXPECT_GT(op.order, std::exchange(latest_, op.order)) << "the start order";
        if (at_once) {
            report(op);
        }
        return !at_once;
    }
    void take(galley::operation_list& done) {
        while (galley::operation* const op = done.pop_front()) {
            report(*op);
        }
    }
    void ask() {
        galley::operation_list done;
        driver.ask(done);
        take(done);
    }
    void wait(std::optional<instant> until) {
        galley::operation_list done;
        driver.wait(until, done);
        take(done);
    }
    void wait_until_reported(std::size_t count) {
        const instant limit = driver.now() + for_ever;
        while (reported.size() < count && driver.now() < limit) {
            wait(limit);
        }
        ASSERT_EQ(reported.size(), count);
    }
    /// Starts it and waits for it alone.
    void run(test_op& op) {
        const std::size_t before = reported.size();
        in_flight(op);
        wait_until_reported(before + 1);
        ASSERT_EQ(reported.back(), &op);
    }
    /// Through the driver, as descriptors must be whose number may come again.
    void close(owned& descriptor) { EXPECT_EQ(driver.close(descriptor.release()), 0); }
    /// Waits `d` without anything to be reported, as a wait has nothing to say.
    void expect_silence(galley::duration d = 2ms) {
        const std::size_t before = reported.size();
        const instant until = driver.now() + d;
        while (driver.now() < until) {
            wait(until);
        }
        EXPECT_EQ(reported.size(), before);
    }

    Driver driver;
    std::vector<galley::operation*> reported;  ///< in the order of reports; at once or later

private:
    /// A result says nothing that it does not mean (operation.hpp).
    void report(galley::operation& op) {
        const io_result& result = op.result;
        const bool moves = op.kind == io::read || op.kind == io::write || op.kind == io::accept;
        EXPECT_TRUE(result.how == io_result::status::done || result.error == 0) << "cancelled: " << result.error;
        EXPECT_TRUE((moves && result.how == io_result::status::done && result.error == 0) || result.count == 0)
            << result.count << " of what?";
        reported.push_back(&op);
    }

    std::deque<test_op> operations_;
    std::uint64_t latest_{};  ///< its place in the start order
};

using both_drivers = ::testing::Types<galley::ref::poll_driver, galley::fast::epoll_driver>;
struct driver_names {
    template <class Driver>
    static std::string GetName(int) {
        return std::is_same_v<Driver, galley::ref::poll_driver> ? "poll" : "epoll";
    }
};

}  // namespace galley_test
