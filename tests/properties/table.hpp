// SPDX-License-Identifier: BSL-1.0
// Which property stands for which rule, and what its scenarios are rich in.
#pragma once

#include <spec/stage/form/scenario.hpp>
#include <spec/stage/generate/generate.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace galley::spec::properties {

/// `name` is that of the test suite, and says what holds. `adjusted`: what makes its scenarios ready for the rule; each
/// keeps them valid.
struct rule_property {
    std::string_view rule{};
    std::string_view name{};
    leaning to{};
    std::vector<void (*)(scenario&)> adjusted{};
};

/// A rule of which scenarios have occasions, but which has no property, and why.
struct rule_without_property {
    std::string_view rule{};
    std::string_view reason{};
};
[[nodiscard]] std::span<const rule_without_property> rules_without_property() noexcept;

/// All of them, by rule. Each rule that a scenario can put to the test (occasions.hpp) is here, is one of those that
/// property_test.cpp states by itself, or is in the other table.
[[nodiscard]] std::span<const rule_property> rule_properties();

}  // namespace galley::spec::properties
