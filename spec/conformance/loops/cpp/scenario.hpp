// SPDX-License-Identifier: BSL-1.0
// Reading a scenario (spec/scenario/README.md, section 1), which comes as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace loops {

using json = nlohmann::json;

/// Integers beyond 2^53 come as texts.
[[nodiscard]] inline std::int64_t number(const json& field) {
    return field.is_string() ? std::stoll(field.get<std::string>()) : field.get<std::int64_t>();
}

[[nodiscard]] inline std::size_t index(const json& field) { return static_cast<std::size_t>(number(field)); }

/// The statements that use each channel.
[[nodiscard]] inline std::map<std::size_t, std::set<std::string>> verbs_on_channels(const json& scenario) {
    std::map<std::size_t, std::set<std::string>> used;
    for (const auto& routine : scenario["routines"])
        for (const auto& statement : routine["body"])
            if (statement.contains("channel")) used[index(statement["channel"])].insert(statement["do"]);
    return used;
}

}  // namespace loops
