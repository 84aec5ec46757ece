// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/json.hpp"

#include <algorithm>
#include <charconv>

#include "spec/stage/form/json_tree.hpp"
#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {

namespace {

using detail::described;
using detail::json_node;
using detail::json_number;

[[noreturn]] void refuse(const std::string& where, const std::string& expected, const json_node& got) {
    throw scenario_error{where, "expected " + expected + ", got " + described(got)};
}

bool is_decimal(std::string_view text) {
    const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return false;
    return text == "0" || !digits.starts_with('0');  // one way to write each number
}

/// An integer in the range: a JSON integer, or a decimal string.
std::int64_t integer(const json_node& node, const std::string& where, std::int64_t low, std::int64_t high) {
    const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
    const auto* number = std::get_if<json_number>(&node.value);
    const auto* quoted = std::get_if<std::string>(&node.value);
    if (!number && !quoted) refuse(where, expected, node);
    const std::string& text = number ? number->text : *quoted;
    if (!is_decimal(text)) refuse(where, expected, node);
    std::int64_t value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        refuse(where, expected, node);
    }
    return value;
}

const std::string& text_of(const json_node& node, const std::string& where) {
    const auto* text = std::get_if<std::string>(&node.value);
    if (!text) refuse(where, "a string", node);
    return *text;
}

const json_node::list& list_of(const json_node& node, const std::string& where) {
    const auto* items = std::get_if<json_node::list>(&node.value);
    if (!items) refuse(where, "a list", node);
    return *items;
}

std::string indexed(const std::string& where, std::size_t i) { return where + '[' + std::to_string(i) + ']'; }

/// An object's fields, each to be taken once; what nobody took is unknown.
class fields {
public:
    fields(const json_node& node, std::string where) : where_{std::move(where)} {
        object_ = std::get_if<json_node::object>(&node.value);
        if (!object_) refuse(where_, "an object", node);
        taken_.assign(object_->size(), false);
    }

    std::string path(std::string_view key) const {
        return where_.empty() ? std::string{key} : where_ + '.' + std::string{key};
    }

    const json_node* find(std::string_view key) {
        for (std::size_t i = 0; i < object_->size(); ++i) {
            if ((*object_)[i].first != key) continue;
            taken_[i] = true;
            return &(*object_)[i].second;
        }
        return nullptr;
    }

    const json_node& get(std::string_view key) {
        if (const auto* node = find(key)) return *node;
        throw scenario_error{where_, "missing field \"" + std::string{key} + '"'};
    }

    /// `whose` completes the message: "unknown field "x" of sleep".
    void done(std::string_view whose) const {
        const auto left = std::ranges::find(taken_, false);
        if (left == taken_.end()) return;
        const auto& name = (*object_)[static_cast<std::size_t>(left - taken_.begin())].first;
        throw scenario_error{where_, "unknown field \"" + name.substr(0, 40) + "\" of " + std::string{whose}};
    }

private:
    std::string where_;
    const json_node::object* object_{};
    std::vector<bool> taken_{};
};

void parse_operands(fields& f, const verb_info& row, std::array<std::int64_t, 2>& operands,
                    std::vector<std::uint8_t>* routines) {
    for (std::size_t i = 0; i < row.count; ++i) {
        const auto& operand = row.slots[i];
        const auto& node = f.get(operand.key);
        const auto path = f.path(operand.key);
        if (operand.kind != operand_kind::routines) {
            operands[i] = integer(node, path, operand.low, operand.high);
            continue;
        }
        const auto& items = list_of(node, path);
        for (std::size_t k = 0; k < items.size(); ++k) {
            routines->push_back(static_cast<std::uint8_t>(
                integer(items[k], indexed(path, k), operands::routine.low, operands::routine.high)));
        }
    }
}

statement parse_statement(const json_node& node, const std::string& where) {
    fields f{node, where};
    const auto& name = text_of(f.get("do"), f.path("do"));
    const auto what = find_verb(name);
    if (!what) throw scenario_error{f.path("do"), "unknown verb \"" + name.substr(0, 40) + '"'};
    statement s{*what};
    parse_operands(f, info(*what), s.operands, &s.routines);
    f.done(info(*what).name);
    return s;
}

world_entry parse_entry(const json_node& node, const std::string& where) {
    fields f{node, where};
    const auto& name = text_of(f.get("do"), f.path("do"));
    const auto what = find_world_verb(name);
    if (!what) throw scenario_error{f.path("do"), "unknown verb of the world \"" + name.substr(0, 40) + '"'};
    world_entry e{integer(f.get("at"), f.path("at"), operands::at.low, operands::at.high), *what};
    parse_operands(f, info(*what), e.operands, nullptr);
    f.done(info(*what).name);
    return e;
}

routine parse_routine(const json_node& node, const std::string& where) {
    fields f{node, where};
    routine r;
    if (const auto* name = f.find("name")) r.name = text_of(*name, f.path("name"));
    const auto path = f.path("body");
    const auto& body = list_of(f.get("body"), path);
    for (std::size_t i = 0; i < body.size(); ++i) r.body.push_back(parse_statement(body[i], indexed(path, i)));
    f.done("a routine");
    return r;
}

closing parse_close(const std::string& name) {
    if (name == "destroy") return closing::destroy;
    if (name == "orderly") return closing::orderly;
    throw scenario_error{"close", "expected \"destroy\" or \"orderly\", got \"" + name.substr(0, 40) + '"'};
}

void parse_objects(fields& f, scenario& s) {
    for (const auto& row : objects) {
        const auto* node = f.find(row.key);
        const std::string key{row.key};
        if (!node) continue;
        if (!row.initial) {
            s.*row.count = static_cast<int>(integer(*node, key, 0, most_objects));
            continue;
        }
        const auto& items = list_of(*node, key);
        for (std::size_t i = 0; i < items.size(); ++i) {
            (s.*row.initial).push_back(integer(items[i], indexed(key, i), row.low, row.high));
        }
    }
}

scenario parse_scenario(const json_node& node) {
    fields f{node, ""};
    static_cast<void>(integer(f.get("galley_scenario"), "galley_scenario", 1, 1));
    scenario s;
    if (const auto* name = f.find("name")) s.name = text_of(*name, "name");
    for (const auto& row : settings) {
        if (const auto* value = f.find(row.key)) {
            const std::string key{row.key};
            row.set(s, integer(*value, key, row.low, row.high));
        }
    }
    if (const auto* close = f.find("close")) s.close = parse_close(text_of(*close, "close"));
    parse_objects(f, s);
    const auto& routines = list_of(f.get("routines"), "routines");
    for (std::size_t i = 0; i < routines.size(); ++i) {
        s.routines.push_back(parse_routine(routines[i], indexed("routines", i)));
    }
    if (const auto* world = f.find("world")) {
        const auto& entries = list_of(*world, "world");
        for (std::size_t i = 0; i < entries.size(); ++i) {
            s.world.push_back(parse_entry(entries[i], indexed("world", i)));
        }
    }
    f.done("a scenario");
    return s;
}

}  // namespace

scenario parse_json(std::string_view text, std::string_view file) {
    const auto tree = detail::parse_tree(text, file);
    try {
        auto s = parse_scenario(tree);
        validate(s);
        return s;
    } catch (const scenario_error& error) {
        if (file.empty()) throw;
        throw scenario_error{std::string{file}, error.what()};
    }
}

}  // namespace galley::spec
