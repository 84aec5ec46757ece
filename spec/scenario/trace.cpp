// SPDX-License-Identifier: BSL-1.0
// Traces as JSON lines. Reading and writing go by one table, so that they cannot disagree. The reader is by hand and accepts
// exactly what the writer writes: a port that adds a space or swaps two keys learns it from the first line.
#include "spec/scenario/trace.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <span>

#include "spec/scenario/vocabulary.hpp"

namespace galley::spec {
namespace {

enum class field_type : std::uint8_t {
    id, id_or_0,                                                                                  // numbers
    time, time_or_never, number_or_nothing, verb_name, await_kind, pending_kind, operands, result,  // texts
    verdict, with, opening, scope_outcome, outcome, box_name, cause,                              // texts of a closed set
    pending,                                                                                      // the list of `exit`
};
constexpr bool is_count(field_type t) { return t <= field_type::id_or_0; }

struct field {
    std::string_view key{};
    field_type type{};
};

struct event_form {
    std::string_view name{};
    std::array<field, 4> slots{};
    std::size_t count{};

    template <class... Fields>
    constexpr explicit event_form(std::string_view n, Fields... f) : name{n}, slots{f...}, count{sizeof...(f)} {}
    [[nodiscard]] constexpr std::span<const field> fields() const noexcept { return {slots.data(), count}; }
};

constexpr field task{"task", field_type::id};
constexpr field now{"now", field_type::time};

// Indexed by event_kind. The `outcome` of `scope` is there only when it closes.
constexpr std::array<event_form, event_kind_count> forms{
    event_form{"run"},
    event_form{"exit", field{"verdict", field_type::verdict}, field{"pending", field_type::pending}},
    event_form{"spawn", task, field{"by", field_type::id_or_0}, field{"scope", field_type::id_or_0}},
    event_form{"step", task, now, field{"with", field_type::with}},
    event_form{"await", task, field{"kind", field_type::await_kind}, field{"arg", field_type::operands}},
    event_form{"did", task, field{"verb", field_type::verb_name}, field{"arg", field_type::operands},
               field{"result", field_type::result}},
    event_form{"scope", task, field{"id", field_type::id}, field{"do", field_type::opening},
               field{"outcome", field_type::scope_outcome}},
    event_form{"end", task, field{"outcome", field_type::outcome}, field{"value", field_type::number_or_nothing}},
    event_form{"callback", field{"post", field_type::id}},
    event_form{"unobserved", task},
    event_form{"destroyed", task},
    event_form{"refused", field{"post", field_type::id}},
    event_form{"box", field{"name", field_type::box_name}},
    event_form{"wait", field{"until", field_type::time_or_never}},
    event_form{"sample", now},
    event_form{"world", field{"entry", field_type::id_or_0}},
    event_form{"fire", field{"timer", field_type::id}, field{"key", field_type::time}},
    event_form{"complete", field{"op", field_type::id}, field{"result", field_type::result}},
    event_form{"ready", field{"task", field_type::id_or_0}, field{"cause", field_type::cause}},
    event_form{"round", field{"n", field_type::id}, field{"count", field_type::id}},
};
static_assert(forms[static_cast<std::size_t>(event_kind::refused)].name == "refused");
static_assert(forms[static_cast<std::size_t>(event_kind::round)].name == "round");

constexpr const event_form& form(event_kind k) { return forms[static_cast<std::size_t>(k)]; }

using words = std::span<const std::string_view>;
constexpr std::array<std::string_view, 3> verdicts{"completed", "stopped", "deadlocked"};
constexpr std::array<std::string_view, 4> withs{"start", "value", "error", "cancelled"};
constexpr std::array<std::string_view, 2> openings{"open", "close"};
constexpr std::array<std::string_view, 4> scope_outcomes{"value", "exception", "cancelled", "absorbed"};
constexpr std::array<std::string_view, 7> boxes{"start", "pending", "pick", "run", "save", "check", "continue"};
constexpr std::array<std::string_view, 10> causes{"spawn", "yield",    "budget",   "timer",  "complete",
                                                  "join",  "children", "handover", "cancel", "post"};
constexpr std::array<std::string_view, 20> await_kinds{
    "yield", "sleep", "join", "all", "any", "group", "wait", "acquire", "lock", "put", "get", "read", "write", "accept",
    "connect", "readable", "writable", "budget", "ready", "start"};  // the last two only of a pending task

words words_of(field_type t) {
    switch (t) {
    case field_type::verdict: return verdicts;
    case field_type::with: return withs;
    case field_type::opening: return openings;
    case field_type::scope_outcome: return scope_outcomes;
    case field_type::outcome: return words{scope_outcomes}.first(3);
    case field_type::box_name: return boxes;
    case field_type::cause: return causes;
    case field_type::await_kind: return words{await_kinds}.first(await_kinds.size() - 2);
    case field_type::pending_kind: return await_kinds;
    default: return {};
    }
}

constexpr std::uint64_t last_number = (std::uint64_t{1} << 53) - 1;  // what every JSON reader can hold

// Canonical decimals only: no sign, no leading zero. Times and values go up to 2^63-1.
bool is_decimal(std::string_view s) {
    std::int64_t v{};
    if (s.empty() || s.front() < '0' || s.front() > '9' || (s.size() > 1 && s.front() == '0')) return false;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    return error == std::errc{} && end == s.data() + s.size();
}

bool is_operands(std::string_view s) {
    while (!s.empty()) {
        const auto comma = s.find(',');
        if (!is_decimal(s.substr(0, comma))) return false;
        if (comma == s.npos) return true;
        s.remove_prefix(comma + 1);
        if (s.empty()) return false;
    }
    return true;
}

// Nothing that would need an escape can be part of any result.
bool is_result(std::string_view s) {
    return std::ranges::all_of(s, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == ',';
    });
}

// What a text of that type must be, or nothing if `s` is it.
std::string unless_text(field_type t, std::string_view s) {
    const auto unless = [](bool good, const char* what) { return good ? std::string{} : std::string{what}; };
    switch (t) {
    case field_type::time: return unless(is_decimal(s), "a decimal from 0 to 2^63-1");
    case field_type::time_or_never: return unless(s == "never" || is_decimal(s), "a decimal from 0 to 2^63-1 or never");
    case field_type::number_or_nothing: return unless(s.empty() || is_decimal(s), "a decimal from 0 to 2^63-1 or nothing");
    case field_type::operands: return unless(is_operands(s), "decimals joined by commas");
    case field_type::result: return unless(is_result(s), "a result (letters a-z, digits, ':' and ',')");
    case field_type::verb_name: return unless(find_verb(s).has_value(), "the name of a statement");
    default: break;
    }
    const auto set = words_of(t);
    if (std::ranges::find(set, s) != set.end()) return {};
    std::string expected{"one of"};
    for (const auto w : set) expected.append(" ").append(w);
    return expected;
}

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
        if (f.type == field_type::scope_outcome && e.texts[0] == "open") break;
        out += ',';
        append_quoted(out, f.key);
        out += ':';
        if (is_count(f.type)) out.append(std::to_string(e.numbers[numbers++]));
        else if (f.type == field_type::pending) append_pending(out, e.pending);
        else append_quoted(out, e.texts[texts++]);
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
        const auto found = std::ranges::find(forms, name, &event_form::name);
        if (found == forms.end()) fail(start, "the name of an event");
        event e{.kind = static_cast<event_kind>(found - forms.begin())};
        std::size_t numbers = 0;
        std::size_t texts = 0;
        for (const auto& f : found->fields()) {
            if (f.type == field_type::scope_outcome && e.texts[0] == "open") break;
            field_ = f.key;
            key(',', f.key);
            if (is_count(f.type)) e.numbers[numbers++] = count(f.type == field_type::id ? 1 : 0, last_number);
            else if (f.type == field_type::pending) e.pending = pending();
            else e.texts[texts++] = text_of(f.type);
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
        if (is_decimal(digits)) std::from_chars(digits.data(), digits.data() + digits.size(), v);
        if (!is_decimal(digits) || v < low || v > high)
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
        if (const auto expected = unless_text(t, s); !expected.empty()) fail(start, expected);
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
        if (number == 1) t = line.read_header();
        else t.events.push_back(line.read_event());
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
