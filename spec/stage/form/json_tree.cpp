// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/json_tree.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spec/stage/form/validate.hpp"

namespace galley::spec::detail {

namespace {

constexpr std::size_t deepest = 8;  // a scenario nests six deep; the rest is for a better message than this limit's

std::string shortened(const std::string& text) { return text.size() <= 40 ? text : text.substr(0, 40) + "..."; }

/// The parser's events, made a tree. nlohmann's own tree would keep only the last of two equal fields.
class tree_builder final : public nlohmann::json_sax<nlohmann::json> {
public:
    tree_builder(std::string_view text, std::string_view file) : text_{text}, file_{file} {}

    json_node take() { return std::move(root_); }

    bool null() override { return add(json_node{}); }
    bool boolean(bool v) override { return add(json_node{v}); }
    bool number_integer(number_integer_t v) override { return add(json_node{json_number{std::to_string(v)}}); }
    bool number_unsigned(number_unsigned_t v) override { return add(json_node{json_number{std::to_string(v)}}); }
    bool number_float(number_float_t, const string_t& written) override { return add(json_node{json_number{written}}); }
    bool string(string_t& v) override { return add(json_node{std::move(v)}); }
    bool binary(binary_t&) override { return false; }  // not in text

    bool start_object(std::size_t) override { return open(json_node{json_node::object{}}); }
    bool start_array(std::size_t) override { return open(json_node{json_node::list{}}); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        auto& fields = std::get<json_node::object>(open_.back()->value);
        if (std::ranges::find(fields, name, &json_node::object::value_type::first) != fields.end()) {
            throw scenario_error{located(), "expected each field once, got \"" + shortened(name) + "\" twice"};
        }
        if (fields.size() >= most_fields) throw scenario_error{located(), "unknown fields: no object has so many"};
        fields.emplace_back(std::move(name), json_node{});
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
        const auto before = text_.substr(0, std::min(position == 0 ? 0 : position - 1, text_.size()));
        const auto line = 1 + std::ranges::count(before, '\n');
        const auto newline = before.rfind('\n');
        const auto column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
        std::string where{file_.empty() ? std::string{} : std::string{file_} + ':'};
        throw scenario_error{where + std::to_string(line) + ':' + std::to_string(column), reason(error.what())};
    }

private:
    static constexpr std::size_t most_fields = 64;  // bounds the search for doubled fields; a scenario has 14

    /// Without the library's own prefix `[json.exception.…] parse error at line 1, column 2: `.
    static std::string reason(std::string_view what) {
        const auto column = what.find(", column ");
        const auto prefix = column == std::string_view::npos ? what.find("] ") : what.find(": ", column);
        return std::string{prefix == std::string_view::npos ? what : what.substr(prefix + 2)};
    }

    std::string located() const {
        const auto place = path();
        return file_.empty() ? place : std::string{file_} + (place.empty() ? "" : ": ") + place;
    }

    std::string path() const {
        std::string text;
        for (const auto* node : open_) {
            if (const auto* fields = std::get_if<json_node::object>(&node->value); fields && !fields->empty()) {
                if (node == open_.back()) break;  // the message says what is wrong in it
                text += (text.empty() ? "" : ".") + shortened(fields->back().first);
            } else if (const auto* items = std::get_if<json_node::list>(&node->value); items && !items->empty()) {
                if (node == open_.back()) break;
                text += '[' + std::to_string(items->size() - 1) + ']';
            }
        }
        return text;
    }

    json_node* place(json_node&& node) {
        if (open_.empty()) return &(root_ = std::move(node));
        if (auto* items = std::get_if<json_node::list>(&open_.back()->value)) {
            return &items->emplace_back(std::move(node));
        }
        auto& field = std::get<json_node::object>(open_.back()->value).back().second;
        return &(field = std::move(node));
    }

    bool add(json_node&& node) {
        place(std::move(node));
        return true;
    }

    // The pointers in open_ stay good: only the innermost open node grows, and nothing points into it.
    bool open(json_node&& node) {
        if (open_.size() >= deepest)
            throw scenario_error{located(), "expected a scenario, got text that nests too deep"};
        open_.push_back(place(std::move(node)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    std::string_view text_;
    std::string_view file_;
    json_node root_{};
    std::vector<json_node*> open_{};
};

}  // namespace

std::string described(const json_node& node) {
    struct describe {
        std::string operator()(std::nullptr_t) const { return "null"; }
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(const json_number& v) const { return shortened(v.text); }
        std::string operator()(const std::string& v) const { return '"' + shortened(v) + '"'; }
        std::string operator()(const json_node::list&) const { return "a list"; }
        std::string operator()(const json_node::object&) const { return "an object"; }
    };
    return std::visit(describe{}, node.value);
}

json_node parse_tree(std::string_view text, std::string_view file) {
    tree_builder builder{text, file};
    static_cast<void>(nlohmann::json::sax_parse(text.begin(), text.end(), &builder));
    return builder.take();
}

}  // namespace galley::spec::detail
