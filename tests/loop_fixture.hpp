// SPDX-License-Identifier: BSL-1.0
// Both loops under virtual time, for typed suites.
#pragma once

#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>
#include <galley/ref/loop.hpp>
#include <galley/testing/virtual_driver.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <string>
#include <vector>

namespace galley::test {

/// An awaiter that is galley's by its form only: it tells the loop nothing, as that of another library, badly wrapped.
struct foreign_await {
    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <task_promise Promise>
    static void await_suspend(std::coroutine_handle<Promise>) noexcept {}
    static void await_resume() noexcept {}
};

template <class Loop>
class on_loop : public ::testing::Test {
protected:
    on_loop() {
        loop.tasks().on_failure(
            [](void* self, const context* task, std::exception_ptr error) noexcept {
                std::string text = task == nullptr ? "callback: " : std::to_string(task->id()) + ": ";
                try {
                    std::rethrow_exception(error);
                } catch (const std::exception& e) {
                    text += e.what();
                } catch (...) {
                    text += "?";
                }
                static_cast<on_loop*>(self)->unobserved.push_back(text);
            },
            this);
    }

    std::vector<std::string> unobserved{};
    galley::testing::virtual_driver driver;
    Loop loop{driver, loop_options{.resolution_bits = 0}};
};

struct loop_names {
    template <class Loop>
    static std::string GetName(int) {
        return std::is_same_v<Loop, ref::loop> ? "ref" : "fast";
    }
};
using both_loops = ::testing::Types<ref::loop, fast::loop>;

}  // namespace galley::test
