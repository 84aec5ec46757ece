// SPDX-License-Identifier: BSL-1.0
// The messages of PROTOCOL.md, held against their JSON Schemas.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace galley::conformance {

using json = nlohmann::ordered_json;

/// What `value` lacks of `schema`, with the field's place (`features[2]: expected one of ...`); empty if nothing. Of
/// JSON Schema it knows what the schemas of this kit use: type, const, enum, anyOf, required, properties,
/// additionalProperties, items, uniqueItems, minItems, minLength, maxLength, minimum, maximum.
[[nodiscard]] std::string complaint(const json& schema, const json& value, const std::string& at = "");

/// The published schema of that name (`hello_answer`), as it is in the folder schema/.
[[nodiscard]] const json& message_schema(std::string_view name);

}  // namespace galley::conformance
