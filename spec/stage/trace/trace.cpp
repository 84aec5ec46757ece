// SPDX-License-Identifier: BSL-1.0
// Traces as JSON lines. Reading and writing go by the table in trace_form.hpp. The reader is by hand and accepts
// exactly what the writer writes: a port that adds a space or swaps two keys learns it from the first line.
#include "spec/stage/trace/trace.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>

#include "spec/stage/trace/trace_form.hpp"

namespace galley::spec {
namespace {

using trace_form::field_type;
using trace_form::form;

constexpr std::uint64_t last_number = (std::uint64_t{1} << 53) - 1;  // what every JSON reader can hold

void append_quoted(std::string& out, std::string_view text) { out.append("\"").append(text).append("\""); }

void append_pending(std::string& out, const std::vector<pending_task>& pending) {
    out += '[';
    for (const auto& p : pending) {
        if (out.back() != '[') out += ',';
        out.append(R"({"task":)").append(std::to_string(p.task)).append(R"(,"await":)");
        append_quoted(out, p.await);
        out += '}';
    }
    out += ']';
}

void append_json(std::string& out, const event& e) {
    out.append(R"({"ev":)");
    append_quoted(out, form(e.kind).name);
    std::size_t numbers = 0;
    std::size_t texts = 0;
    for (const auto& f : form(e.kind).fields()) {
        if (f.type == field_type::scope_outcome && opens(e)) break;
        out += ',';
        append_quoted(out, f.key);
        out += ':';
        if (trace_form::is_count(f.type))
            out.append(std::to_string(e.numbers[numbers++]));
        else if (f.type == field_type::pending)
            append_pending(out, e.pending);
        else
            append_quoted(out, e.texts[texts++]);
    }
    out += '}';
}

/// Reads one line; every failure says where it is and what was expected there.
class line_reader {
public:
    line_reader(std::string_view line, std::size_t number, std::string_view file)
        : line_{line}, number_{number}, file_{file} {}

    event read_event() {
        expect(R"({"ev":)");
        const auto start = at_;
        const auto name = text("the name of an event");
        const auto found = std::ranges::find(trace_form::forms, name, &trace_form::event_form::name);
        if (found == trace_form::forms.end()) fail(start, "the name of an event");
        event e{.kind = static_cast<event_kind>(found - trace_form::forms.begin())};
        std::size_t numbers = 0;
        std::size_t texts = 0;
        for (const auto& f : found->fields()) {
            if (f.type == field_type::scope_outcome && opens(e)) break;
            field_ = f.key;
            key(',', f.key);
            if (trace_form::is_count(f.type))
                e.numbers[numbers++] = count(f.type == field_type::id ? 1 : 0, last_number);
            else if (f.type == field_type::pending)
                e.pending = pending();
            else
                e.texts[texts++] = text_of(f.type);
        }
        field_ = {};
        finish();
        return e;
    }

    trace read_header() {
        constexpr std::uint64_t most = 1'000'000;
        trace t;
        expect(R"({"galley_trace":1,"R":)");
        field_ = "R";
        const auto start = at_;
        const auto resolution = text_of(field_type::time);
        std::from_chars(resolution.data(), resolution.data() + resolution.size(), t.resolution);
        constexpr std::int64_t coarsest = std::int64_t{1} << 40;
        if (t.resolution > coarsest || !std::has_single_bit(static_cast<std::uint64_t>(t.resolution)))
            fail(start, "a power of two up to 2^40");
        field_ = "B";
        key(',', "B");
        t.ask_every = static_cast<std::int64_t>(count(1, most));
        field_ = "budget";
        key(',', "budget");
        t.budget = static_cast<std::int64_t>(count(1, most));
        field_ = "features";
        key(',', "features");
        expect(R"(["P")");
        t.has_level_l = line_.substr(at_).starts_with(',');
        if (t.has_level_l) expect(R"(,"L")");
        expect("]");
        field_ = {};
        finish();
        return t;
    }

    [[noreturn]] void fail(std::size_t where, std::string_view expected) const {
        std::string message{file_.empty() ? "trace" : file_};
        message.append(":").append(std::to_string(number_)).append(":").append(std::to_string(where + 1)).append(": ");
        if (!field_.empty()) message.append("field ").append(field_).append(": ");
        message.append("expected ").append(expected).append(", found ").append(found_at(where));
        throw trace_error{message};
    }

private:
    // What stands there, cut short and free of anything that could upset a terminal.
    [[nodiscard]] std::string found_at(std::size_t where) const {
        constexpr std::size_t longest = 24;
        if (where >= line_.size()) return "the end of the line";
        std::string shown;
        for (const char c : line_.substr(where, longest)) shown += c >= ' ' && c <= '~' ? c : '?';
        return line_.size() - where > longest ? shown + "..." : shown;
    }

    void expect(std::string_view what) {
        if (!line_.substr(at_).starts_with(what)) fail(at_, what);
        at_ += what.size();
    }

    void key(char before, std::string_view name) { expect(before + std::string{"\""}.append(name).append("\":")); }

    void finish() {
        expect("}");
        if (at_ != line_.size()) fail(at_, "the end of the line");
    }

    std::uint64_t count(std::uint64_t low, std::uint64_t high) {
        const auto digits = line_.substr(at_, line_.find_first_not_of("0123456789", at_) - at_);
        std::uint64_t v{};
        if (trace_form::is_decimal(digits)) std::from_chars(digits.data(), digits.data() + digits.size(), v);
        if (!trace_form::is_decimal(digits) || v < low || v > high)
            fail(at_, "a number from " + std::to_string(low) + " to " + std::to_string(high));
        at_ += digits.size();
        return v;
    }

    std::string_view text(std::string_view what) {
        if (!line_.substr(at_).starts_with('"')) fail(at_, std::string{what} + ", in quotes");
        const auto end = line_.find('"', at_ + 1);
        if (end == line_.npos) fail(line_.size(), "a closing quote");
        const auto s = line_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return s;
    }

    std::string text_of(field_type t) {
        const auto start = at_;
        const auto s = text("a text");
        if (const auto expected = trace_form::expected_unless(t, s); !expected.empty()) fail(start, expected);
        return std::string{s};
    }

    std::vector<pending_task> pending() {
        std::vector<pending_task> list;
        expect("[");
        while (!line_.substr(at_).starts_with(']')) {
            if (!list.empty()) expect(",");
            pending_task p;
            key('{', "task");
            p.task = count(1, last_number);
            key(',', "await");
            p.await = text_of(field_type::pending_kind);
            expect("}");
            list.push_back(std::move(p));
        }
        expect("]");
        return list;
    }

    std::string_view line_;
    std::size_t number_;
    std::string_view file_;
    std::size_t at_{0};
    std::string_view field_{};
};

}  // namespace

std::string to_json(const event& e) {
    std::string out;
    append_json(out, e);
    return out;
}

std::string header_json(const trace& t) {
    return R"({"galley_trace":1,"R":")" + std::to_string(t.resolution) + R"(","B":)" + std::to_string(t.ask_every) +
           R"(,"budget":)" + std::to_string(t.budget) + R"(,"features":["P")" + (t.has_level_l ? R"(,"L")" : "") + "]}";
}

std::string to_json(const trace& t) {
    std::string out = header_json(t) + '\n';
    for (const auto& e : t.events) {
        append_json(out, e);
        out += '\n';
    }
    return out;
}

trace parse_trace(std::string_view text, std::string_view file) {
    trace t;
    std::size_t number = 0;
    do {
        const auto end = text.find('\n');
        line_reader line{text.substr(0, end), ++number, file};
        if (number == 1)
            t = line.read_header();
        else
            t.events.push_back(line.read_event());
        if (end == text.npos) line.fail(text.size(), "a newline after each line (is the trace cut short?)");
        if (number > 1 && !t.has_level_l && !is_level_p(t.events.back().kind))
            line.fail(0, "an event of level P, for the header promises no level L");
        text.remove_prefix(end + 1);
    } while (!text.empty());
    return t;
}

trace level_p(const trace& t) {
    trace p{.resolution = t.resolution, .ask_every = t.ask_every, .budget = t.budget, .has_level_l = false};
    std::ranges::copy_if(t.events, std::back_inserter(p.events), [](const event& e) { return is_level_p(e.kind); });
    return p;
}

}  // namespace galley::spec
