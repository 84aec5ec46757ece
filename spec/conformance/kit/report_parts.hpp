// SPDX-License-Identifier: BSL-1.0
// What the forms of a report (report.hpp) have in common.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "spec/conformance/kit/report.hpp"

namespace galley::conformance {

struct tally {
    std::size_t passed{}, failed{}, skipped{};
};

/// Where two traces differ first, as people read it.
struct first_difference {
    std::size_t line{};
    std::string expected{}, actual{};
};

/// Of all vectors that put a rule to the test, be it the one that they were chosen for or not.
[[nodiscard]] std::map<std::string, tally> by_rule(const report& r);
/// A vector that needs several features which the port has not counts for each of them.
[[nodiscard]] std::map<std::string, std::size_t> skip_reasons(const report& r);
[[nodiscard]] std::optional<first_difference> first_difference_of(const result& r);
[[nodiscard]] std::size_t count(const report& r, outcome came);
/// The vectors that were not skipped.
[[nodiscard]] std::size_t run(const report& r);
/// One line.
[[nodiscard]] std::string counts(const report& r);
/// For XML and HTML. An adapter's words may hold what XML has no way to say.
[[nodiscard]] std::string escaped(std::string text);

}  // namespace galley::conformance
