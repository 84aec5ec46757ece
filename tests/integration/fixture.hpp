// SPDX-License-Identifier: BSL-1.0
// Every loop on every driver of real time: suites that are run four times, and what each run is held to: as many
// descriptors open afterwards as before, no operation left in flight, no task left, no failure that nobody took.
#pragma once

#include "galley/fast/epoll_driver.hpp"
#include "galley/fast/loop.hpp"
#include "galley/ref/loop.hpp"
#include "galley/ref/poll_driver.hpp"
#include "tests/integration/spied_driver.hpp"
#include "tests/socket_fixture.hpp"

#include <galley/galley.hpp>
#include <galley/kernel/frame_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace galley_test {

using namespace std::chrono_literals;
using galley::instant;
using galley::task;

/// Frames are not pooled under sanitizers, which make everything some ten times slower: sizes are smaller there.
inline constexpr bool sanitized = GALLEY_POOL_FRAMES == 0;

/// A size of which a tenth will do under sanitizers. What was chosen is printed, so that nobody is deceived.
inline std::size_t scaled(std::size_t size, const char* what) {
    const std::size_t chosen = sanitized ? size / 10 : size;
    std::printf("%zu %s%s\n", chosen, what, sanitized ? " (a tenth, under a sanitizer)" : "");
    return chosen;
}

enum class loop_kind : std::uint8_t { ref, fast };
enum class driver_kind : std::uint8_t { poll, epoll };
struct combination {
    loop_kind loop;
    driver_kind driver;
};
inline std::string name_of(const combination& c) {
    return std::string{c.loop == loop_kind::ref ? "ref" : "fast"} +
           (c.driver == driver_kind::poll ? "_on_poll" : "_on_epoll");
}
inline void PrintTo(const combination& c, std::ostream* out) { *out << name_of(c); }

/// `number -> what it refers to`, for each descriptor of this process.
inline std::set<std::string> open_descriptors() {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        std::error_code gone;  // the iterator's own is among them
        const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
        if (!gone && target.find("/proc/") != 0) {
            found.insert(entry.path().filename().string() + " -> " + target);
        }
    }
    return found;
}

inline std::unique_ptr<galley::driver> make_driver(driver_kind kind) {
    if (kind == driver_kind::poll) {
        return std::make_unique<galley::ref::poll_driver>();
    }
    return std::make_unique<galley::fast::epoll_driver>();
}
inline std::unique_ptr<galley::loop> make_loop(loop_kind kind, galley::driver& d) {
    if (kind == loop_kind::ref) {
        return std::make_unique<galley::ref::loop>(d);
    }
    return std::make_unique<galley::fast::loop>(d);
}

/// A loop, and the driver under it. What it is asked to do it must have done when it goes.
class world {
public:
    explicit world(const combination& c) : world{c, make_driver(c.driver)} {}
    world(const combination& c, std::unique_ptr<galley::driver> kernel)
        : driver{std::move(kernel)}, loop_{make_loop(c.loop, driver)} {
        driver.on_hang = [this] {
            ADD_FAILURE() << "nothing happens any more\n" << galley::describe_pending(*loop_);
            loop_->stop();
        };
        loop_->tasks().on_failure(
            [](void*, const galley::context* task, std::exception_ptr error) noexcept {
                try {
                    std::rethrow_exception(error);
                } catch (const std::exception& e) {
                    ADD_FAILURE() << "nobody took: " << e.what() << " of task " << (task == nullptr ? 0 : task->id());
                }
            },
            nullptr);
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    [[nodiscard]] galley::loop& loop() noexcept { return *loop_; }
    /// Runs `body` as the main task; everything that it started must have ended, too.
    template <class F>
    void run(F body) {
        galley::run(*loop_, galley::invoke(std::move(body)));
        EXPECT_EQ(loop_->tasks().pending(), 0U) << galley::describe_pending(*loop_);
    }
    /// Hands a descriptor over to the loop.
    [[nodiscard]] galley::descriptor adopt(owned& from) { return {*loop_, from.release()}; }
    void destroy_loop() noexcept { loop_.reset(); }

    spied_driver driver;

private:
    std::unique_ptr<galley::loop> loop_;
};

class integration : public ::testing::TestWithParam<combination> {
protected:
    ~integration() override { EXPECT_EQ(open_descriptors(), before_) << "descriptors leaked, or were closed twice"; }

private:
    std::set<std::string> before_{open_descriptors()};
};

/// What each suite is instantiated with:
///     INSTANTIATE_TEST_SUITE_P(, suite, every_loop_on_every_driver, combination_name)
inline const auto every_loop_on_every_driver = ::testing::Values(
    combination{loop_kind::ref, driver_kind::poll}, combination{loop_kind::ref, driver_kind::epoll},
    combination{loop_kind::fast, driver_kind::poll}, combination{loop_kind::fast, driver_kind::epoll});
inline std::string combination_name(const ::testing::TestParamInfo<combination>& info) { return name_of(info.param); }

/// An endless text of its own for each number: any byte that is lost, doubled, out of place or of another stream shows.
inline std::byte byte_of(std::uint64_t stream, std::uint64_t position) noexcept {
    std::uint64_t x = (stream << 40U) + position + 1;  // the finaliser of splitmix64
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::byte>(x >> 56U);
}
inline void write_text(std::uint64_t stream, std::uint64_t from, std::span<std::byte> into) noexcept {
    for (std::byte& b : into) {
        b = byte_of(stream, from++);
    }
}
[[nodiscard]] inline bool is_text(std::uint64_t stream, std::uint64_t from, std::span<const std::byte> bytes) noexcept {
    for (const std::byte b : bytes) {
        if (b != byte_of(stream, from++)) {
            return false;
        }
    }
    return true;
}

/// Writes the bytes of a stream's text from `from` on; gives how many went, and why no more.
inline task<galley::transferred> send_text(int to, std::uint64_t stream, std::uint64_t from, std::size_t count) {
    std::array<std::byte, 16384> block;
    std::size_t sent = 0;
    while (sent < count) {
        const std::span<std::byte> part = std::span{block}.first(std::min(block.size(), count - sent));
        write_text(stream, from + sent, part);
        const auto [error, n] = co_await galley::write(to, part);
        if (error) {
            co_return galley::transferred{error, sent};
        }
        EXPECT_GT(n, 0U);
        sent += n;
    }
    co_return galley::transferred{{}, sent};
}

/// Reads a stream's text from `from` on, up to `most` bytes or its end; gives how many came, and why no more.
inline task<galley::transferred> expect_text(int at, std::uint64_t stream, std::uint64_t from, std::size_t most) {
    std::array<std::byte, 16384> block;
    std::size_t got = 0;
    while (got < most) {
        const auto [error, n] = co_await galley::read(at, std::span{block}.first(std::min(block.size(), most - got)));
        if (error || n == 0) {
            co_return galley::transferred{error, got};
        }
        EXPECT_TRUE(is_text(stream, from + got, {block.data(), n})) << "stream " << stream << " behind " << from + got;
        got += n;
    }
    co_return galley::transferred{{}, got};
}

/// Waits until `condition` holds, which something else must bring about; a hang if it never does.
template <class Condition>
task<> until(Condition condition) {
    while (!condition()) {
        co_await galley::sleep_for(100us);
    }
}

}  // namespace galley_test
