// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/schema.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "spec/conformance/kit/texts.hpp"

namespace galley::conformance {
namespace {

std::string shown(const json& value) {
    auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

std::string here(const std::string& at) { return at.empty() ? "the message" : at; }

std::string wrong(const std::string& at, const std::string& expected, const json& found) {
    return here(at) + ": expected " + expected + ", found " + shown(found);
}

bool has_type(const json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    return type == "integer" && value.is_number_integer();
}

std::string complaint_of_object(const json& schema, const json& value, const std::string& at) {
    const auto place = [&](const std::string& key) { return at.empty() ? key : at + "." + key; };
    if (schema.contains("required"))
        for (const auto& key : schema["required"])
            if (!value.contains(key)) return place(key) + ": expected a value, found none (the field is required)";
    const json none = json::object();
    const auto& fields = schema.contains("properties") ? schema["properties"] : none;
    for (const auto& [key, field] : value.items()) {
        if (fields.contains(key)) {
            if (auto found = complaint(fields[key], field, place(key)); !found.empty()) return found;
        } else if (schema.contains("additionalProperties")) {
            return place(key) + ": there is no such field";
        }
    }
    return {};
}

std::string complaint_of_array(const json& schema, const json& value, const std::string& at) {
    if (schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>())
        return wrong(at, "at least " + schema["minItems"].dump() + " items", value);
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto place = at + "[" + std::to_string(i) + "]";
        if (schema.contains("items"))
            if (auto found = complaint(schema["items"], value[i], place); !found.empty()) return found;
        if (schema.contains("uniqueItems") && std::find(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(i),
                                                        value[i]) != value.begin() + static_cast<std::ptrdiff_t>(i))
            return wrong(place, "each of them once", value[i]);
    }
    return {};
}

std::string complaint_of_scalar(const json& schema, const json& value, const std::string& at) {
    if (value.is_string()) {
        const auto size = value.get_ref<const std::string&>().size();
        if (schema.contains("minLength") && size < schema["minLength"].get<std::size_t>())
            return wrong(at, "a text that is not empty", value);
        if (schema.contains("maxLength") && size > schema["maxLength"].get<std::size_t>())
            return wrong(at, "at most " + schema["maxLength"].dump() + " bytes", value);
    }
    if (value.is_number_integer()) {
        if (schema.contains("minimum") && value < schema["minimum"])
            return wrong(at, "at least " + schema["minimum"].dump(), value);
        if (schema.contains("maximum") && value > schema["maximum"])
            return wrong(at, "at most " + schema["maximum"].dump(), value);
    }
    return {};
}

}  // namespace

std::string complaint(const json& schema, const json& value, const std::string& at) {
    if (schema.contains("const") && value != schema["const"]) return wrong(at, schema["const"].dump(), value);
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end())
        return wrong(at, "one of " + schema["enum"].dump(), value);
    if (schema.contains("type") && !has_type(value, schema["type"])) {
        const auto type = schema["type"].get<std::string>();
        return wrong(at, (type == "string" ? "a " : "an ") + type, value);
    }
    std::string found = value.is_object()  ? complaint_of_object(schema, value, at)
                        : value.is_array() ? complaint_of_array(schema, value, at)
                                           : complaint_of_scalar(schema, value, at);
    if (!found.empty() || !schema.contains("anyOf")) return found;
    for (const auto& one : schema["anyOf"]) {
        auto why = complaint(one, value, at);
        if (why.empty()) return {};
        found += (found.empty() ? "" : "; or ") + why;
    }
    return found;
}

const json& message_schema(std::string_view name) {
    static const auto schemas = [] {
        std::map<std::string, json, std::less<>> all;
        for (const auto& [key, text] : schema_texts()) all.emplace(key, json::parse(text));
        return all;
    }();
    return schemas.find(name)->second;
}

}  // namespace galley::conformance
