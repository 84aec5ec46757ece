// SPDX-License-Identifier: BSL-1.0
// What a test's body finds around itself.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/task.hpp>
#include <galley/testing/chooser.hpp>
#include <galley/testing/virtual_driver.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>

namespace galley::testing {

/// A fresh loop, and the world outside of it. Both outlive the body and all its tasks. Loop thread only.
class world {
public:
    /// `decides`: null in a plain test.
    world(galley::loop& l, virtual_driver& d, chooser* decides) noexcept : loop{l}, outside{d}, decides_{decides} {}

    /// One of `of` alternatives, from 0: under `explore` each in its turn, in a plain test 0.
    [[nodiscard]] std::size_t choose(std::size_t of) {
        return decides_ == nullptr || of < 2 ? 0 : decides_->choose(point::body, of);
    }
    /// A thread that calls `remote::post` at that time: `work` is called in a turn of its own after that.
    void post_at(instant when, std::function<void()> work) {
        outside.at(when, [at = loop.get_remote(), work = std::move(work)] { static_cast<void>(at.post(work)); });
    }

    galley::loop& loop;
    virtual_driver& outside;

private:
    chooser* decides_;
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
