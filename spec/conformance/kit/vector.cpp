// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/vector.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <galley/ref/loop.hpp>

#include "spec/stage/form/json.hpp"
#include "spec/stage/run/run.hpp"
#include "spec/stage/trace/trace_form.hpp"

namespace galley::conformance {
namespace {

/// The keys of an object in their order, which the protocol leaves to the adapter; unknown ones come last.
json ordered(const json& object, const std::vector<std::string_view>& keys) {
    if (!object.is_object()) return object;
    json result = json::object();
    for (const auto key : keys)
        if (const auto found = object.find(key); found != object.end()) result[std::string{key}] = *found;
    result.update(object);
    return result;
}

json ordered_event(const json& line) {
    if (!line.is_object() || !line.contains("ev"))
        return ordered(line, {"galley_trace", "R", "B", "budget", "features"});
    std::vector<std::string_view> keys{"ev"};
    const auto form =
        std::ranges::find_if(spec::trace_form::forms, [&](const auto& f) { return line["ev"] == f.name; });
    if (form != spec::trace_form::forms.end())
        for (const auto& field : form->fields()) keys.push_back(field.key);
    auto result = ordered(line, keys);
    if (auto pending = result.find("pending"); pending != result.end() && pending->is_array())
        for (auto& one : *pending) one = ordered(one, {"task", "await"});
    return result;
}

}  // namespace

json trace_to_json(const spec::trace& t) {
    json lines = json::array();
    std::istringstream text{spec::to_json(t)};
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
}

spec::trace trace_from_json(const json& t) {
    std::string text;
    for (const auto& line : t) text += ordered_event(line).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    return spec::parse_trace(text);
}

std::string to_line(const vector& v) {
    return json{{"id", v.id},
                {"rules", v.rules},
                {"features", v.features},
                {"origin", v.origin},
                {"scenario", json::parse(spec::to_json(v.program, false))},
                {"trace", trace_to_json(v.expected)}}
        .dump();
}

vector vector_of_line(const std::string& line) {
    const auto all = json::parse(line);
    return {.id = all.at("id"),
            .rules = all.at("rules"),
            .features = all.at("features").get<name_set>(),
            .origin = all.at("origin"),
            .program = spec::parse_json(all.at("scenario").dump()),
            .expected = trace_from_json(all.at("trace"))};
}

std::vector<vector> read_vectors(const std::string& folder) {
    std::vector<vector> all;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator{folder, none}) {
        if (file.path().extension() != ".jsonl") continue;
        std::ifstream in{file.path()};
        std::size_t number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            try {
                all.push_back(vector_of_line(line));
            } catch (const std::exception& e) {
                throw std::runtime_error{file.path().string() + ":" + std::to_string(number) + ": " + e.what()};
            }
        }
    }
    std::ranges::sort(all, {}, &vector::id);
    return all;
}

spec::trace reference_trace(const spec::scenario& s) {
    return spec::run_scenario(
        s, [](driver& d, const loop_options& o) -> std::unique_ptr<loop> { return std::make_unique<ref::loop>(d, o); });
}

}  // namespace galley::conformance
