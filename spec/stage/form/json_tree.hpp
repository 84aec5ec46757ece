// SPDX-License-Identifier: BSL-1.0
// A JSON text as a tree that keeps what a precise error needs: doubled fields are refused with their path, integers
// keep all their digits. Internal to json.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace galley::spec::detail {

/// A number, as written: whether it is an integer, and of which size, is for the reader to judge.
struct json_number {
    std::string text{};
};

struct json_node {
    using list = std::vector<json_node>;
    using object = std::vector<std::pair<std::string, json_node>>;
    std::variant<std::nullptr_t, bool, json_number, std::string, list, object> value{};
};

/// For messages: `an object`, `the number 1.5`, ...
[[nodiscard]] std::string described(const json_node& node);

/// Throws scenario_error: `file:line:column: ...` for a syntax error, `file: path: ...` for a doubled field or for
/// text that nests deeper than a scenario can.
[[nodiscard]] json_node parse_tree(std::string_view text, std::string_view file);

}  // namespace galley::spec::detail
