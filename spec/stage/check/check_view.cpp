// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/check/check_view.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace galley::spec::checking {
namespace {

template <std::size_t N>
bool among(const text& word, const std::array<text, N>& words) noexcept {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

void view::apply(const event& e) {
    const auto id = e.numbers[0];
    switch (e.kind) {
        case event_kind::run: in_run = has_run = true; break;
        case event_kind::exit: in_run = false; break;
        case event_kind::spawn:
            tasks.push_back(task_view{.by = e.numbers[1], .scope = e.numbers[2], .spawn_round = round});
            break;
        case event_kind::step: {
            auto& t = task(id);
            t.resuming = t.started;
            t.started = true;
            t.state = status::running;
            t.now = number(e.texts[0]);
            t.with = e.texts[1];
            t.satisfied = 0;
            running = id;
            last_ended = 0;
            if (!this->t.has_level_l) sample = t.now;
            break;
        }
        case event_kind::await: {
            auto& t = task(id);
            // With level L a yield and a used-up budget have made the task ready already.
            if (t.state == status::running) t.state = status::waiting;
            t.kind = e.texts[0];
            t.arg = e.texts[1];
            // A join whose budget was used up is told by its `did` only: what the slot holds by then
            // may be another task.
            t.joins = in_slot(e.texts[1]);
            t.awaited_at = index;
            t.awaited_now = t.now;
            running = 0;
            break;
        }
        case event_kind::did: apply_did(e); break;
        case event_kind::scope:
            if (opens(e)) {
                ++scopes_opened;
                task(id).scopes.push_back({.id = e.numbers[1]});
            } else {
                task(id).last_closed = e.numbers[1];
                task(id).scopes.pop_back();
            }
            break;
        case event_kind::end: {
            auto& t = task(id);
            t.state = status::ended;
            t.outcome = e.texts[0];
            t.value = e.texts[1];
            t.ended_at = index;
            running = 0;
            last_ended = id;
            break;
        }
        case event_kind::callback: last_ended = 0; break;
        case event_kind::destroyed:
            task(id).state = status::destroyed;
            destroying = true;
            break;
        case event_kind::refused: destroying = true; break;
        case event_kind::ready:
            if (id == 0) break;
            task(id).cause = e.texts[0];
            task(id).state = status::ready;
            break;
        case event_kind::box: box = e.texts[0]; break;
        case event_kind::sample: sample = number(e.texts[0]); break;
        case event_kind::round: round = e.numbers[0]; break;
        case event_kind::unobserved:
        case event_kind::wait:
        case event_kind::world:
        case event_kind::fire:
        case event_kind::complete: break;
    }
}

task_id view::in_slot(std::string_view arg) const noexcept {
    const auto slot = static_cast<std::size_t>(number(arg));
    return is_decimal(arg) && slot < slots.size() ? slots[slot] : 0;
}

task_id view::target(const event& did) const noexcept {
    const auto& t = task(did.numbers[0]);
    return is_join(did.texts[0]) && t.resuming ? t.joins : in_slot(did.texts[1]);
}

void view::apply_slots(const event& e) {
    const auto& [verb, arg, result] = e.texts;
    const bool spawns = verb == "spawn";
    const auto slot = static_cast<std::size_t>(number(operand(arg, spawns ? 1 : 0)));
    if (slot >= slots.size()) return;
    if (spawns) slots[slot] = static_cast<task_id>(number(result));
    const bool delivers = is_join(verb) && result != "misuse" && result != "cancelled" && target(e) == slots[slot];
    const bool finds_none = (is_join(verb) || cancels_task(verb)) && result == "empty";
    if (verb == "drop" || verb == "lose" || delivers || finds_none) slots[slot] = 0;
}

void view::apply_did(const event& e) {
    apply_slots(e);
    auto& t = task(e.numbers[0]);
    const auto& [verb, arg, result] = e.texts;
    const bool refused = result == "misuse" || result == "empty";
    if (is_awaiting(verb) && !refused) {
        if (!t.resuming) ++t.satisfied;
        // An await of a group may end cancelled for the sake of a child; every other one tells of the task's own scope.
        if (result == "cancelled" && verb != "group") {
            if (t.scopes.empty())
                t.cancelled = true;
            else
                t.scopes.back().cancelled = true;
        }
    }
    t.resuming = false;
    t.left_by = t.left_with = {};
    if (verb == "return") {
        t.left_by = verb;
        t.left_with = arg;
    } else if (verb != "try" && !(verb == "try_join" && result != "cancelled") &&
               (result == "cancelled" || result.starts_with("error:"))) {
        t.left_by = verb;
        t.left_with = result;
    }
}

void reporter::operator()(predicate p, std::string what) const {
    const auto& row = predicates()[static_cast<std::size_t>(p)];
    out_.push_back({std::string{row.rule}, view_.index, std::move(what), std::string{row.name}});
}

bool is_operation(const text& kind) noexcept {
    constexpr std::array<text, 6> kinds{"read", "write", "accept", "connect", "readable", "writable"};
    return among(kind, kinds);
}

bool is_synchronisation(const text& kind) noexcept {
    constexpr std::array<text, 5> kinds{"wait", "acquire", "lock", "put", "get"};
    return among(kind, kinds);
}

bool is_for_children(const text& kind) noexcept { return kind == "all" || kind == "any" || kind == "group"; }

bool is_join(const text& verb) noexcept { return verb == "join" || verb == "try_join"; }
bool cancels_task(const text& verb) noexcept { return verb == "cancel" || verb == "lose"; }
bool is_timeout(const text& verb) noexcept { return verb == "timeout" || verb == "timeout_at"; }

const text& kind_of(const text& verb) noexcept {
    static constexpr text sleep{"sleep"};
    static constexpr text join{"join"};
    return verb == "sleep_until" ? sleep : verb == "try_join" ? join : verb;
}

bool is_awaiting(const text& verb) noexcept {
    constexpr std::array<text, 5> others{"yield", "sleep", "sleep_until", "join", "try_join"};
    return is_operation(verb) || is_synchronisation(verb) || is_for_children(verb) || among(verb, others);
}

bool is_decimal(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t number(std::string_view text) noexcept {
    std::int64_t v{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
    return error == std::errc::result_out_of_range ? std::numeric_limits<std::int64_t>::max() : v;
}

std::string_view operand(std::string_view arg, std::size_t n) noexcept {
    for (; n > 0; --n) {
        const auto comma = arg.find(',');
        if (comma == arg.npos) return {};
        arg.remove_prefix(comma + 1);
    }
    return arg.substr(0, arg.find(','));
}

task_name::operator std::string() const { return "task " + std::to_string(id_); }

}  // namespace galley::spec::checking
