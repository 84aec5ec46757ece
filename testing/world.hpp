// SPDX-License-Identifier: BSL-1.0
// What a test's body finds around itself.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/task.hpp>
#include <galley/testing/virtual_driver.hpp>

#include <concepts>
#include <functional>
#include <utility>

namespace galley::testing {

/// A fresh loop, and the world outside of it. Both outlive the body and all its tasks.
struct world {
    galley::loop& loop;
    virtual_driver& outside;
};

/// A test's body: called once for each run, all of whose state should be made in there.
using body_function = std::function<task<>(world&)>;

/// From a callable that takes a world, or nothing.
template <class F>
[[nodiscard]] body_function body_of(F f) {
    if constexpr (std::invocable<F&, world&>) {
        return f;
    } else {
        return [f = std::move(f)](world&) mutable -> task<> { return f(); };
    }
}

}  // namespace galley::testing
