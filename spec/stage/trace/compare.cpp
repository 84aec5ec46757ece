// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/trace/compare.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "spec/stage/form/print.hpp"

namespace galley::spec {
namespace {

constexpr std::size_t events_before = 6;

std::string time_text(std::string_view text) {
    std::int64_t ns{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ns);
    if (error != std::errc{} || end != text.data() + text.size()) return std::string{text};
    // duration_text of the last of times is a word that hides it.
    return ns == std::numeric_limits<std::int64_t>::max() ? std::string{text} : duration_text(ns);
}

std::string of_task(std::uint64_t id) { return " task " + std::to_string(id); }

std::string with_operands(const std::string& verb, const std::string& arg) {
    return " " + verb + (arg.empty() ? "" : " " + arg);
}

// A line of the file: its number, flush right, and what is there.
void append_line(std::string& out, std::string_view mark, std::size_t width, std::size_t index, const trace& t) {
    const auto number = std::to_string(index + 2);
    out.append(mark).append(mark.size() < width ? width - mark.size() : 0, ' ');
    out.append(number.size() < 6 ? 6 - number.size() : 0, ' ').append(number).append("  ");
    out.append(index < t.events.size() ? event_text(t.events[index]) : "(the end of the trace)").append("\n");
}

void append_before(std::string& out, const trace& t, std::size_t index, std::size_t width) {
    for (auto i = index - std::min(index, events_before); i < index; ++i) append_line(out, "", width, i, t);
}

}  // namespace

std::string event_text(const event& e) {
    const auto& [a, b, c] = e.texts;
    const auto number = [&](std::size_t n) { return std::to_string(e.numbers[n]); };
    switch (e.kind) {
        case event_kind::run: return "run";
        case event_kind::exit: {
            auto text = "exit " + a + ", pending:";
            for (const auto& p : e.pending) text += of_task(p.task) + " (" + p.await + ")";
            return e.pending.empty() ? text + " none" : text;
        }
        case event_kind::spawn:
            return "spawn" + of_task(e.numbers[0]) + (e.numbers[1] == 0 ? "" : " by" + of_task(e.numbers[1])) +
                   (e.numbers[2] == 0 ? "" : " in scope " + number(2));
        case event_kind::step: return "step" + of_task(e.numbers[0]) + " at " + time_text(a) + " with " + b;
        case event_kind::await: return "await" + of_task(e.numbers[0]) + ":" + with_operands(a, b);
        case event_kind::did:
            return "did" + of_task(e.numbers[0]) + ":" + with_operands(a, b) + " -> " + (c.empty() ? "(nothing)" : c);
        case event_kind::scope:
            return a + " scope " + number(1) + " of" + of_task(e.numbers[0]) + (b.empty() ? "" : ": " + b);
        case event_kind::end: return "end" + of_task(e.numbers[0]) + ": " + a + (b.empty() ? "" : " " + b);
        case event_kind::callback: return "callback of post " + number(0);
        case event_kind::unobserved: return "unobserved failure of" + of_task(e.numbers[0]);
        case event_kind::destroyed: return "destroyed" + of_task(e.numbers[0]);
        case event_kind::refused: return "refused post " + number(0);
        case event_kind::box: return "box " + a;
        case event_kind::wait: return "wait until " + time_text(a);
        case event_kind::sample: return "sample " + time_text(a);
        case event_kind::world: return "world entry " + number(0);
        case event_kind::fire: return "fire timer " + number(0) + ", key " + time_text(a);
        case event_kind::complete: return "complete operation " + number(0) + ": " + a;
        case event_kind::ready:
            return "ready" + (e.numbers[0] == 0 ? " callback" : of_task(e.numbers[0])) + ", cause " + a;
        case event_kind::round: return "round " + number(0) + " of " + number(1);
    }
    return {};
}

std::optional<std::size_t> first_difference(const trace& a, const trace& b) noexcept {
    const bool same_header = a.resolution == b.resolution && a.ask_every == b.ask_every && a.budget == b.budget &&
                             a.has_level_l == b.has_level_l;
    if (!same_header) return 0;
    const auto [in_a, in_b] = std::ranges::mismatch(a.events, b.events);
    if (in_a == a.events.end() && in_b == b.events.end()) return {};
    return static_cast<std::size_t>(in_a - a.events.begin());
}

std::string difference_text(const trace& a, const trace& b, std::string_view name_a, std::string_view name_b) {
    const auto index = first_difference(a, b);
    if (!index) return {};
    const auto width = std::max(name_a.size(), name_b.size()) + 2;
    const auto marked = [](std::string_view name) { return "> " + std::string{name}; };
    if (header_json(a) != header_json(b))
        return "the headers differ:\n" + marked(name_a) + "  " + header_json(a) + "\n" + marked(name_b) + "  " +
               header_json(b) + "\n";
    std::string out = "line " + std::to_string(*index + 2) + " is the first to differ (" + std::string{name_a} +
                      " has " + std::to_string(a.events.size() + 1) + " lines, " + std::string{name_b} + " " +
                      std::to_string(b.events.size() + 1) + "):\n";
    append_before(out, a, *index, width);
    append_line(out, marked(name_a), width, *index, a);
    append_line(out, marked(name_b), width, *index, b);
    return out;
}

std::string context_text(const trace& t, std::size_t index) {
    std::string out;
    append_before(out, t, index, 1);
    append_line(out, ">", 1, index, t);
    return out;
}

}  // namespace galley::spec
