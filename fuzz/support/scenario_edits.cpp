// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/scenario_edits.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace galley::fuzz {

using namespace spec;

namespace {

template <class T>
auto place(std::vector<T>& items, std::size_t index) {
    return items.begin() + static_cast<std::ptrdiff_t>(index);
}

}  // namespace

// By insertion, as most of it is sorted. (std::stable_sort uses what clang rejects as deprecated.)
void sort_world(scenario& s) {
    auto& world = s.world;
    for (auto next = world.begin(); next != world.end(); ++next) {
        std::rotate(std::ranges::upper_bound(world.begin(), next, next->at, {}, &world_entry::at), next, next + 1);
    }
}

void scenario_editor::edit() {
    switch (random_.below(16)) {
        case 0:
        case 1: edit_routines(); break;
        case 2:
        case 3:
        case 4: edit_world(); break;
        case 5: edit_settings(); break;
        case 6: edit_objects(); break;
        default: edit_statements(); break;
    }
}

// ---- numbers and indices -------------------------------------------------------------------------------------------

/// Few and the same ones again and again, so that things happen at the same instant; and those where digits change.
std::int64_t scenario_editor::number(std::int64_t low, std::int64_t high) {
    std::int64_t n = static_cast<std::int64_t>(random_.below(8));
    switch (random_.below(8)) {
        case 0:
        case 1:
            n = static_cast<std::int64_t>((std::uint64_t{1} << random_.below(63)) - 1 + random_.below(3));
            if (random_.one_in(4)) n = -n;
            break;
        case 2: n = std::clamp(known_number(), low, high); break;
        default: break;
    }
    return std::clamp(n, low, high);
}

/// An operand or a time of the program, or its neighbour.
std::int64_t scenario_editor::known_number() {
    std::int64_t n = 0;
    if (!s_.world.empty() && random_.one_in(3)) {
        n = s_.world[random_.below(s_.world.size())].at;
    } else {
        const auto& body = s_.routines[any_routine()].body;
        if (!body.empty()) n = body[random_.below(body.size())].operands[0];
    }
    const auto step = random_.below(4);
    if (step == 0 && n > 0) --n;
    if (step == 1 && n < last_time) ++n;
    return n;
}

std::size_t scenario_editor::routine_above(std::size_t own) {
    const auto higher = s_.routines.size() - own - 1;
    return own + 1 + (higher == 0 ? 0 : random_.below(higher));
}

std::int64_t scenario_editor::any_operand(const operand_info& row, std::size_t own) {
    if (is_number(row.kind)) return number(row.low, row.high);
    if (row.kind == operand_kind::routine) return static_cast<std::int64_t>(routine_above(own));
    const auto reach = static_cast<std::size_t>(row.high) + 1;
    return static_cast<std::int64_t>(random_.below(random_.one_in(8) ? reach : std::min<std::size_t>(reach, 3)));
}

// ---- statements ----------------------------------------------------------------------------------------------------

statement scenario_editor::any_statement(std::size_t own) {
    statement st{};
    change_verb(st, own);
    return st;
}

/// Another verb, which keeps the operands that it has in common with the one before.
void scenario_editor::change_verb(statement& st, std::size_t own) {
    // Structure is what short programs lack.
    constexpr std::array starters{verb::spawn, verb::all,   verb::any,     verb::go,
                                  verb::group, verb::scope, verb::timeout, verb::call};
    const auto before = info(st.what).operands();
    st.what =
        random_.one_in(4) ? starters[random_.below(starters.size())] : static_cast<verb>(random_.below(verb_count));
    const auto row = info(st.what).operands();
    st.routines.clear();
    if (has_list(st.what)) {
        st.operands = {};
        for (auto left = row[0].low + static_cast<std::int64_t>(random_.below(4)); left > 0; --left)
            change_list(st, own);
        return;
    }
    for (std::size_t i = 0; i < st.operands.size(); ++i) {
        const bool kept = i < row.size() && i < before.size() && row[i].kind == before[i].kind;
        if (!kept) st.operands[i] = i < row.size() ? any_operand(row[i], own) : 0;
        if (kept) st.operands[i] = std::clamp(st.operands[i], row[i].low, row[i].high);
    }
}

void scenario_editor::change_operand(statement& st, std::size_t own) {
    const auto row = info(st.what).operands();
    if (row.empty()) return change_verb(st, own);
    if (has_list(st.what)) return change_list(st, own);
    const auto i = random_.below(row.size());
    st.operands[i] = any_operand(row[i], own);
}

/// One routine more, less, or another one.
void scenario_editor::change_list(statement& st, std::size_t own) {
    const auto& row = info(st.what).slots[0];
    auto& list = st.routines;
    const auto count = static_cast<std::int64_t>(list.size());
    const auto any = static_cast<std::uint8_t>(routine_above(own));
    if (count < std::max<std::int64_t>(row.low, 1) || (count < row.high && random_.one_in(2))) {
        list.insert(place(list, random_.below(list.size() + 1)), any);
    } else if (count > row.low && random_.one_in(2)) {
        list.erase(place(list, random_.below(list.size())));
    } else {
        list[random_.below(list.size())] = any;
    }
}

void scenario_editor::edit_statements() {
    const auto own = any_routine();
    auto& body = s_.routines[own].body;
    const auto what = body.empty() ? 0 : random_.below(10);
    if (what < 3) {
        if (body.size() < most_statements) {
            body.insert(place(body, random_.below(body.size() + 1)), any_statement(own));
        }
        return;
    }
    const auto at = random_.below(body.size());
    switch (what) {
        case 3: {
            const auto length = random_.one_in(4) ? 1 + random_.below(body.size() - at) : 1;
            body.erase(place(body, at), place(body, at + length));
            break;
        }
        case 4:
            if (body.size() < most_statements) {
                statement copy = body[at];
                body.insert(place(body, random_.below(body.size() + 1)), std::move(copy));
            }
            break;
        case 5: std::swap(body[at], body[random_.below(body.size())]); break;
        case 6: {  // to another routine
            statement moved = std::move(body[at]);
            body.erase(place(body, at));
            auto& other = s_.routines[any_routine()].body;
            if (other.size() < most_statements) {
                other.insert(place(other, random_.below(other.size() + 1)), std::move(moved));
            }
            break;
        }
        case 7: change_verb(body[at], own); break;
        default: change_operand(body[at], own); break;
    }
}

// ---- routines ------------------------------------------------------------------------------------------------------

void scenario_editor::edit_routines() {
    const auto own = any_routine();
    switch (random_.below(5)) {
        case 0: {  // a new one, short, that somebody uses
            if (s_.routines.size() == most_routines) return;
            s_.routines.emplace_back();
            const auto last = s_.routines.size() - 1;
            for (auto left = 1 + random_.below(4); left > 0; --left) {
                s_.routines[last].body.push_back(any_statement(last));
            }
            statement user{verb::spawn, {static_cast<std::int64_t>(last), static_cast<std::int64_t>(random_.below(3))}};
            auto& body = s_.routines[random_.below(last)].body;
            if (body.size() < most_statements)
                body.insert(place(body, random_.below(body.size() + 1)), std::move(user));
            break;
        }
        case 1: {
            if (s_.routines.size() == most_routines) return;
            routine copy = s_.routines[own];
            s_.routines.insert(place(s_.routines, random_.below(s_.routines.size() + 1)), std::move(copy));
            break;
        }
        case 2:
            if (s_.routines.size() > 1) s_.routines.erase(place(s_.routines, own));
            break;
        case 3: std::swap(s_.routines[own], s_.routines[any_routine()]); break;
        default: {  // split: the rest becomes a routine of its own
            auto& body = s_.routines[own].body;
            if (body.size() < 2 || s_.routines.size() == most_routines) return;
            const auto at = 1 + random_.below(body.size() - 1);
            routine rest{{}, {place(body, at), body.end()}};
            body.erase(place(body, at), body.end());
            constexpr std::array users{verb::call, verb::try_, verb::shield};
            body.push_back({users[random_.below(users.size())], {static_cast<std::int64_t>(own) + 1}});
            s_.routines.insert(place(s_.routines, own + 1), std::move(rest));
            break;
        }
    }
}

// ---- the rest ------------------------------------------------------------------------------------------------------

world_entry scenario_editor::any_entry() {
    auto what = static_cast<world_verb>(random_.below(world_verb_count));
    if (what == world_verb::stop && !random_.one_in(4)) what = world_verb::post;
    world_entry e{number(0, last_time), what};
    const auto row = info(what).operands();
    for (std::size_t i = 0; i < row.size(); ++i) e.operands[i] = any_operand(row[i], 0);
    return e;
}

void scenario_editor::edit_world() {
    auto& world = s_.world;
    const auto what = world.empty() ? 0 : random_.below(6);
    if (what < 2) {
        if (world.size() < most_entries) world.push_back(any_entry());
    } else {
        const auto at = random_.below(world.size());
        const auto row = info(world[at].what).operands();
        if (what == 2) {
            world.erase(place(world, at));
        } else if (what == 3) {
            world[at].at = number(0, last_time);
        } else if (what == 4 && !row.empty()) {
            const auto i = random_.below(row.size());
            world[at].operands[i] = any_operand(row[i], 0);
        } else if (world.size() < most_entries) {
            world_entry copy = world[at];
            if (random_.one_in(2)) copy.at = number(0, last_time);
            world.push_back(copy);
        }
    }
    sort_world(s_);
}

void scenario_editor::edit_settings() {
    const auto which = random_.below(settings.size() + 1);
    if (which == settings.size()) {
        s_.close = s_.close == closing::orderly ? closing::destroy : closing::orderly;
        return;
    }
    const auto& row = settings[which];
    if (row.key == "resolution") {
        s_.resolution = std::int64_t{1} << (random_.one_in(2) ? random_.below(5) : random_.below(41));
    } else {
        row.set(s_, number(row.low, row.high));
    }
}

void scenario_editor::edit_objects() {
    const auto& row = objects[random_.below(objects.size())];
    const auto count = declared(s_, row);
    const auto what = random_.below(3);
    if (what == 0 && count < static_cast<std::int64_t>(most_objects)) {
        declare(s_, row, count + 1);
    } else if (what == 1 && count > 0) {
        declare(s_, row, count - 1);
    }
    if (row.initial && declared(s_, row) > 0) {
        auto& initial = s_.*row.initial;
        initial[random_.below(initial.size())] = number(row.low, row.high);
    }
}

}  // namespace galley::fuzz
