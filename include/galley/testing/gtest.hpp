// SPDX-License-Identifier: BSL-1.0
// Tests that await, for GoogleTest. (Header only: galley::testing itself is not linked with it.)
#pragma once

#include <galley/fast/loop.hpp>
#include <galley/testing/explore.hpp>
#include <galley/testing/play.hpp>
#include <galley/testing/timeline.hpp>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace galley::testing {

/// What EXPECT_... finds in a run belongs to the run: it is kept here instead of failing the test at once.
class gtest_assertions final : public assertions {
public:
    void begin() override {
        found_ = std::make_unique<::testing::TestPartResultArray>();
        here_.emplace(::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, found_.get());
    }
    [[nodiscard]] std::string failures() override {
        here_.reset();
        std::string text;
        for (int i = 0; i < found_->size(); ++i) {
            const ::testing::TestPartResult& part = found_->GetTestPartResult(i);
            if (!part.failed()) continue;
            if (part.file_name() != nullptr) {
                text += std::string{part.file_name()} + ':' + std::to_string(part.line_number()) + ": ";
            }
            text += std::string{part.message()} + '\n';
        }
        return text;
    }

private:
    std::unique_ptr<::testing::TestPartResultArray> found_{};
    std::optional<::testing::ScopedFakeTestPartResultReporter> here_{};
};

/// Runs the body once, on fast::loop under virtual time. What is wrong, and the timeline; empty: nothing.
[[nodiscard]] inline std::string run_test(const body_function& body) {
    gtest_assertions found;
    timeline shown;
    found.begin();
    std::string failure = play(
        [&](driver& d) {
            auto l = std::make_unique<fast::loop>(d, loop_options{.resolution_bits = 0});
            shown.watch(*l);
            return l;
        },
        body);
    failure = found.failures() + failure;
    return failure.empty() ? failure : failure + '\n' + shown.text();
}

/// Explores the body; the environment's GALLEY_REPLAY has it replayed. What is wrong; empty: nothing.
[[nodiscard]] inline std::string explore_test(explore_options options, const body_function& body) {
    gtest_assertions found;
    options.also = &found;
    if (const char* const replay = std::getenv("GALLEY_REPLAY")) options.replay = replay;
    const exploration e = explore_body(options, body);
    return e.failed() ? e.report() : std::string{};
}

}  // namespace galley::testing

#define GALLEY_TEST_BODY(suite, name)                                                                                  \
    static ::galley::task<> suite##_##name##_body([[maybe_unused]] ::galley::testing::world& world)

/// GALLEY_TEST(suite, name) { co_await ...; }: a test whose body is a task, run once, on fast::loop under virtual time.
/// `world` is its galley::testing::world. It fails as an explored body does, with a timeline. EXPECT_... may be used in
/// it; ASSERT_... not, as it returns: `require` does what it should.
#define GALLEY_TEST(suite, name)                                                                                       \
    GALLEY_TEST_BODY(suite, name);                                                                                     \
    TEST(suite, name) {                                                                                                \
        const ::std::string failure = ::galley::testing::run_test(&suite##_##name##_body);                             \
        if (!failure.empty()) ADD_FAILURE() << failure;                                                                \
    }                                                                                                                  \
    GALLEY_TEST_BODY(suite, name)

/// GALLEY_EXPLORE(suite, name) { co_await ...; }: the same, a property of every schedule. Options may follow the name:
/// GALLEY_EXPLORE(suite, name, {.schedules = 500}). GALLEY_REPLAY=2:1 in the environment replays one.
#define GALLEY_EXPLORE(suite, name, ...)                                                                               \
    GALLEY_TEST_BODY(suite, name);                                                                                     \
    TEST(suite, name) {                                                                                                \
        const ::galley::testing::explore_options options __VA_ARGS__;                                                  \
        const ::std::string failure = ::galley::testing::explore_test(options, &suite##_##name##_body);                \
        if (!failure.empty()) ADD_FAILURE() << failure;                                                                \
    }                                                                                                                  \
    GALLEY_TEST_BODY(suite, name)
