// SPDX-License-Identifier: BSL-1.0
// Over many cases: in how many did a rule's precondition occur?
#pragma once

#include <spec/stage/check/occasions.hpp>
#include <spec/stage/form/scenario.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace galley::fuzz {

class occasion_count {
public:
    /// Runs the valid scenario on ref and adds what occurred.
    void add(const spec::scenario& s);

    [[nodiscard]] std::size_t cases() const noexcept { return cases_; }
    /// The names of the occasions that no case had, each with its rule.
    [[nodiscard]] std::vector<std::string> missing() const;
    /// A line for each rule: in how many cases at least one of its occasions was there, and in how many each.
    [[nodiscard]] std::string table() const;

private:
    [[nodiscard]] std::size_t of_rule(std::string_view rule) const;

    std::vector<spec::occasion_set> seen_{};
    std::array<std::size_t, spec::occasion_count> of_{};
    std::size_t cases_{};
};

}  // namespace galley::fuzz
