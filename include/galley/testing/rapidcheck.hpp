// SPDX-License-Identifier: BSL-1.0
// Properties over data and schedules, for RapidCheck. (Header only: galley::testing itself is not linked with it.)
#pragma once

#include <galley/testing/explore.hpp>

#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace galley::testing {

/// Decides as a list says, and then 0. RapidCheck makes such lists, and makes them small.
class listed_choices final : public chooser {
public:
    explicit listed_choices(std::vector<std::uint8_t> list) : list_{std::move(list)} {}
    [[nodiscard]] std::size_t choose(point, std::size_t of) override {
        return next_ < list_.size() ? list_[next_++] % of : 0;
    }

private:
    std::vector<std::uint8_t> list_;
    std::size_t next_{};
};

/// Fails the running property, with a timeline, if `body` fails under a schedule of RapidCheck's choice. So
///     rc::check("...", [](std::vector<int> data) {
///         galley::testing::rc_explore([&](galley::testing::world&) -> galley::task<> { ... data ... });
///     });
/// is a property over data and schedules, both of which are made small.
template <class F>
void rc_explore(F body, const explore_options& options = {}) {
    listed_choices choices{*rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 8))};
    const exploration found = explore_once(options, choices, body_of(std::move(body)));
    if (found.failed()) RC_FAIL(found.failure + '\n' + found.timeline);
}

}  // namespace galley::testing
