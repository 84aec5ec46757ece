// SPDX-License-Identifier: BSL-1.0
// Bounded exhaustion loses nothing and repeats nothing: the enumerator against brute force, made
// canonical by other means.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spec/stage/form/json.hpp"
#include "spec/stage/form/print.hpp"
#include "spec/stage/generate/enumerate.hpp"

using namespace galley::spec;

namespace {

/// Calls `change(kind, number)` for each operand that is a name, in scan order; lists count as routines.
template <typename Change>
void for_each_name(scenario& s, Change change) {
    const auto each = [&](const verb_info& verb, std::array<std::int64_t, 2>& operands) {
        for (std::size_t i = 0; i < verb.count; ++i) {
            if (!is_number(verb.slots[i].kind) && verb.slots[i].kind != operand_kind::routines) {
                change(verb.slots[i].kind, operands[i]);
            }
        }
    };
    for (auto& e : s.world) each(info(e.what), e.operands);
    for (auto& r : s.routines) {
        for (auto& st : r.body) {
            each(info(st.what), st.operands);
            for (auto& named : st.routines) {
                std::int64_t number = named;
                change(operand_kind::routine, number);
                named = static_cast<std::uint8_t>(number);
            }
        }
    }
}

/// Gives routine r the number places[r]; of routines with one place the last stays.
void renumber(scenario& s, const std::vector<std::size_t>& places) {
    for_each_name(s, [&](operand_kind kind, std::int64_t& number) {
        if (kind == operand_kind::routine) number = static_cast<std::int64_t>(places[static_cast<std::size_t>(number)]);
    });
    std::vector<routine> moved(1 + *std::ranges::max_element(places));
    for (std::size_t r = 0; r < places.size(); ++r) moved[places[r]] = s.routines[r];
    s.routines = std::move(moved);
}

std::size_t times_named(scenario& s, std::size_t routine) {
    std::size_t times = 0;
    for_each_name(s, [&](operand_kind kind, std::int64_t number) {
        times += kind == operand_kind::routine && number == static_cast<std::int64_t>(routine) ? 1 : 0;
    });
    return times;
}

/// One routine less: one that nobody names, or one of two equal ones. False if there is none.
bool drop_routine(scenario& s) {
    std::vector<std::size_t> places(s.routines.size());
    std::iota(places.begin(), places.end(), 0u);
    for (std::size_t r = 1; r < s.routines.size(); ++r) {
        auto twin = r;
        for (auto other = r + 1; other < s.routines.size(); ++other) {
            if (s.routines[other].body == s.routines[r].body) twin = other;
        }
        if (twin == r && times_named(s, r) > 0) continue;
        for (auto& place : places) place -= place > r ? 1 : 0;
        if (twin != r) {
            places[r] = twin - 1;
        } else {
            s.routines.erase(s.routines.begin() + static_cast<std::ptrdiff_t>(r));
            for_each_name(s, [&](operand_kind kind, std::int64_t& number) {
                if (kind == operand_kind::routine) number -= number > static_cast<std::int64_t>(r) ? 1 : 0;
            });
            return true;
        }
        renumber(s, places);
        return true;
    }
    return false;
}

/// The next number goes to the first-named of the routines whose namers all have numbers: said again, by simulation.
void number_in_order(scenario& s) {
    constexpr auto none = static_cast<std::size_t>(-1);
    std::vector<std::size_t> places(s.routines.size(), none);
    std::vector<std::size_t> order{0};
    places[0] = 0;
    while (order.size() < s.routines.size()) {
        std::size_t next = none;
        for (const auto namer : order) {
            for (const auto& st : s.routines[namer].body) {
                for (const auto named : named_routines(st)) {
                    if (next != none || places[named] != none) continue;
                    bool free = true;
                    for (std::size_t r = 0; r < s.routines.size(); ++r) {
                        for (const auto& other : s.routines[r].body) {
                            const auto names = named_routines(other);
                            free &= places[r] != none || std::ranges::find(names, named) == names.end();
                        }
                    }
                    if (free) next = named;
                }
            }
        }
        places[next] = order.size();
        order.push_back(next);
    }
    renumber(s, places);
}

scenario canonical(scenario s) {
    for (auto& r : s.routines) {
        const auto last = std::ranges::find_if(
            r.body, [](const statement& st) { return st.what == verb::fail || st.what == verb::return_; });
        if (last != r.body.end()) r.body.erase(last + 1, r.body.end());
    }
    while (drop_routine(s)) {
    }
    number_in_order(s);
    std::map<operand_kind, std::map<std::int64_t, std::int64_t>> names;
    for_each_name(s, [&](operand_kind kind, std::int64_t& number) {
        if (kind == operand_kind::routine) return;
        auto& of_kind = names[kind];
        number = of_kind.emplace(number, static_cast<std::int64_t>(of_kind.size())).first->second;
    });
    for (const auto& row : objects) declare(s, row, static_cast<std::int64_t>(names[row.kind].size()));
    return s;
}

/// What bounds::slots asks of a program.
bool is_focused(scenario& s, std::int64_t slots) {
    std::set<std::pair<operand_kind, std::int64_t>> used;
    std::set<std::pair<operand_kind, std::int64_t>> filled;
    for_each_name(s, [&](operand_kind kind, std::int64_t number) {
        if (is_slot(kind)) used.emplace(kind, number);
    });
    for (const auto& r : s.routines) {
        for (const auto& st : r.body) {
            if (st.what == verb::spawn) filled.emplace(operand_kind::handle, st.operands[1]);
            if (st.what == verb::group) filled.emplace(operand_kind::group, st.operands[0]);
            if (st.what == verb::scope) filled.emplace(operand_kind::scope, st.operands[0]);
        }
    }
    return used == filled && std::ranges::all_of(used, [&](const auto& slot) { return slot.second < slots; });
}

/// Every program, canonical or not, with exactly so many routines and at most so many statements.
class brute_force {
public:
    brute_force(const alphabet& letters, std::size_t routines, std::size_t most) : letters_{letters}, left_{most} {
        program_ = letters.base;
        program_.routines.resize(routines);
    }

    template <typename Visit>
    void run(Visit visit) {
        extend(0, visit);
    }

private:
    template <typename Visit>
    void extend(std::size_t own, Visit& visit) {
        if (own == program_.routines.size()) return visit(program_);
        extend(own + 1, visit);
        if (left_ == 0) return;
        --left_;
        for (const auto& l : letters_.letters) {
            program_.routines[own].body.push_back({l.what, l.numbers, std::vector<std::uint8_t>(l.list)});
            choose(own, 0, visit);
            program_.routines[own].body.pop_back();
        }
        ++left_;
    }

    template <typename Visit>
    void choose(std::size_t own, std::size_t i, Visit& visit) {
        const auto last = [&]() -> statement& { return program_.routines[own].body.back(); };
        const auto& verb = info(last().what);
        const bool list = has_list(last().what);
        if (i == (list ? last().routines.size() : verb.count)) return extend(own, visit);
        const auto kind = list ? operand_kind::routine : verb.slots[i].kind;
        if (is_number(kind)) return choose(own, i + 1, visit);
        std::int64_t low = 0;
        std::int64_t count = 3;  // slots: as many as three statements can tell apart
        if (kind == operand_kind::routine) {
            low = static_cast<std::int64_t>(own) + 1;
            count = static_cast<std::int64_t>(program_.routines.size());
        } else if (is_object(kind)) {
            count = declared(letters_.base, object(kind));
        }
        for (auto number = low; number < count; ++number) {
            if (list) {
                last().routines[i] = static_cast<std::uint8_t>(number);
            } else {
                last().operands[i] = number;
            }
            choose(own, i + 1, visit);
        }
    }

    const alphabet& letters_;
    std::size_t left_;
    scenario program_{};
};

void expect_same_as_brute_force(const alphabet& letters, std::size_t most) {
    std::set<std::string> visited;
    std::size_t visits = 0;
    for_each_program(letters, most, [&](const scenario& s) {
        ++visits;
        visited.insert(to_json(s, false));
    });
    EXPECT_EQ(visits, visited.size()) << letters.name << ": a program came twice";
    std::set<std::string> expected;
    std::size_t all = 0;
    for (std::size_t routines = 1; routines <= most + 1; ++routines) {
        brute_force{letters, routines, most}.run([&](const scenario& s) {
            ++all;
            auto same = canonical(s);
            if (letters.limits.slots == 0 || is_focused(same, letters.limits.slots)) {
                expected.insert(to_json(same, false));
            }
        });
    }
    EXPECT_GT(all, expected.size()) << letters.name;
    for (const auto& text : expected) EXPECT_TRUE(visited.contains(text)) << letters.name << " lost " << text;
    for (const auto& text : visited) EXPECT_TRUE(expected.contains(text)) << letters.name << " made up " << text;
}

}  // namespace

TEST(enumerate, agrees_with_brute_force_on_every_alphabet) {
    for (const auto& letters : all_alphabets()) {
        expect_same_as_brute_force(letters, letters.letters.size() <= 6 && letters.name != "lists" ? 3 : 2);
    }
}

TEST(enumerate, agrees_with_brute_force_on_three_operations) {
    scenario base;
    base.events = 2;
    expect_same_as_brute_force({"small",
                                {{verb::spawn, {}, 0},
                                 {verb::join, {}, 0},
                                 {verb::all, {}, 2},
                                 {verb::return_, {1, 0}, 0},
                                 {verb::set, {}, 0}},
                                base,
                                {}},
                               3);
}

TEST(enumerate, the_world_names_objects_first) {
    scenario base;
    base.events = 2;
    base.world = {{1, world_verb::post, {0, 0}}};
    std::set<std::string> programs;
    for_each_program({"posted", {{verb::wait, {}, 0}}, base, {}}, 1, [&](const scenario& s) {
        const auto& main = s.routines[0].body;
        programs.insert(main.empty() ? "nothing" : statement_text(s, main[0]));
    });
    EXPECT_EQ(programs, (std::set<std::string>{"nothing", "wait event 0", "wait event 1"}));
}

TEST(enumerate, every_program_of_the_brief_bound_is_valid_and_of_its_size) {
    for (const auto& letters : all_alphabets()) {
        std::vector<std::size_t> count(letters.limits.brief + 1);
        std::size_t largest = 0;
        for_each_program(letters, letters.limits.brief, [&](const scenario& s) {
            const auto size = operation_count(s);
            ASSERT_GE(size, largest);
            largest = size;
            ASSERT_LT(size, count.size());
            ++count[size];
            if (count[size] % 7 == 0) {  // all would take most of the suite's time
                ASSERT_NO_THROW(validate(s));
            }
        });
        std::printf("%-8s programs of 0, 1, ... operations:", std::string{letters.name}.c_str());
        for (const auto n : count) std::printf(" %zu", n);
        std::printf("\n");
        EXPECT_GE(count.back(), 4'000u) << letters.name;
        EXPECT_LE(count.back(), 250'000u) << letters.name;
        EXPECT_LT(letters.limits.brief, letters.limits.whole) << letters.name;
    }
}
