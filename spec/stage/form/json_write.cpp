// SPDX-License-Identifier: BSL-1.0
#include <nlohmann/json.hpp>

#include "spec/stage/form/json.hpp"
#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {

namespace {

/// Writes fields in the format's order; `gap` is what stands after `:` and `,` within a line.
class writer {
public:
    explicit writer(bool pretty) : pretty_{pretty}, gap_{pretty ? " " : ""} {}

    std::string take() { return std::move(text_); }

    void scenario_text(const scenario& s) {
        text_ += '{';
        break_line(1);
        text_ += key("galley_scenario") + '1';
        next_line(1);
        text_ += key("name") + quoted(s.name);
        next_line(1);
        for (const auto& row : settings) text_ += key(row.key) + number(row.get(s)) + ',' + gap_;
        text_ += key("close") + quoted(s.close == closing::orderly ? "orderly" : "destroy");
        next_line(1);
        for (const auto& row : objects) {
            if (&row != &objects.front()) text_ += ',' + gap_;
            text_ += key(row.key);
            if (row.initial) {
                numbers(s.*row.initial);
            } else {
                text_ += number(s.*row.count);
            }
        }
        next_line(1);
        text_ += key("routines");
        lines(s.routines, 1, [this](const routine& r) { routine_text(r); });
        next_line(1);
        text_ += key("world");
        lines(s.world, 1, [this](const world_entry& e) { entry_text(e); });
        break_line(0);
        text_ += '}';
        if (pretty_) text_ += '\n';
    }

private:
    static std::string quoted(std::string_view text) { return nlohmann::json(text).dump(); }

    static std::string number(std::int64_t value) {
        constexpr std::int64_t exact = std::int64_t{1} << 53;  // beyond, readers that use doubles would round
        const auto digits = std::to_string(value);
        return value > exact || value < -exact ? '"' + digits + '"' : digits;
    }

    std::string key(std::string_view name) const { return '"' + std::string{name} + "\":" + gap_; }

    void break_line(int depth) {
        if (pretty_) text_ += '\n' + std::string(static_cast<std::size_t>(depth) * 2, ' ');
    }

    void next_line(int depth) {
        text_ += ',';
        break_line(depth);
    }

    template <typename Values>
    void numbers(const Values& values) {
        text_ += '[';
        bool first = true;
        for (const auto v : values) {
            if (!first) text_ += ',' + gap_;
            first = false;
            text_ += number(v);
        }
        text_ += ']';
    }

    template <typename Items, typename Write>
    void lines(const Items& items, int depth, Write write) {
        text_ += '[';
        bool first = true;
        for (const auto& item : items) {
            if (!first) text_ += ',';
            first = false;
            break_line(depth + 1);
            write(item);
        }
        if (!items.empty()) break_line(depth);
        text_ += ']';
    }

    void routine_text(const routine& r) {
        text_ += '{' + key("name") + quoted(r.name) + ',' + gap_ + key("body");
        lines(r.body, 2, [this](const statement& s) { statement_text(s); });
        text_ += '}';
    }

    void statement_text(const statement& s) {
        text_ += '{' + key("do") + quoted(info(s.what).name);
        if (has_list(s.what)) {
            text_ += ',' + gap_ + key(info(s.what).slots[0].key);
            numbers(s.routines);
        } else {
            operands_of(info(s.what), s.operands);
        }
        text_ += '}';
    }

    void entry_text(const world_entry& e) {
        text_ += '{' + key("at") + number(e.at) + ',' + gap_ + key("do") + quoted(info(e.what).name);
        operands_of(info(e.what), e.operands);
        text_ += '}';
    }

    void operands_of(const verb_info& row, const std::array<std::int64_t, 2>& operands) {
        for (std::size_t i = 0; i < row.count; ++i) text_ += ',' + gap_ + key(row.slots[i].key) + number(operands[i]);
    }

    bool pretty_;
    std::string gap_;
    std::string text_{};
};

}  // namespace

std::string to_json(const scenario& s, bool pretty) {
    writer w{pretty};
    w.scenario_text(s);
    return w.take();
}

}  // namespace galley::spec
