// SPDX-License-Identifier: BSL-1.0
// Scenarios from seeds, and from large ones small ones. RapidCheck prints how to replay a failure.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <span>

#include "spec/stage/form/bytes.hpp"
#include "spec/stage/form/vocabulary.hpp"
#include "tests/arbitrary_scenario.hpp"

using namespace galley::spec;

RC_GTEST_PROP(generators, random_scenarios_are_valid_in_every_form, (const scenario& s)) {
    validate(s);
    RC_ASSERT(from_bytes(to_bytes(s)) == s);
    RC_ASSERT(parse_json(to_json(s, true)) == s);
    RC_ASSERT(!to_text(s).empty());
}

RC_GTEST_PROP(generators, fair_scenarios_are_valid_and_keep_their_argument, ()) {
    const auto s = *arbitrary_fair_scenario();
    validate(s);
    const auto closer = s.routines.size() - 1;
    RC_ASSERT((s.routines[0].body[0] == statement{verb::spawn, {static_cast<std::int64_t>(closer), 15}, {}}));
    for (std::size_t r = 0; r < closer; ++r) {
        for (const auto& st : std::span{s.routines[r].body}.subspan(r == 0 ? 1 : 0)) {
            for (const auto named : named_routines(st)) RC_ASSERT(named < closer);
            const auto first = static_cast<std::size_t>(st.operands[0]);
            if (st.what == verb::join) RC_ASSERT(first > r);
            if (st.what == verb::spawn) RC_ASSERT(st.operands[0] == st.operands[1]);
            if (st.what == verb::group) RC_ASSERT(first == r);
            if (st.what == verb::go) RC_ASSERT(first <= r);
            RC_ASSERT(st.what != verb::stop);
        }
    }
    for (int e = 0; e < s.events; ++e) {
        const auto posts = [e](const world_entry& w) { return w.what == world_verb::post && w.operands[0] == e; };
        RC_ASSERT(std::ranges::any_of(s.world, posts));
    }
}

TEST(generators, a_seed_gives_the_same_everywhere) {
    // A compiler's order of evaluation must not show. The number changes with the generators, and only with them.
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        for (const auto& s : {random_scenario(seed, 40), fair_scenario(seed, 40)}) {
            for (const char c : to_json(s, false)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
    }
    EXPECT_EQ(hash, 11920443915164523764u);
}

TEST(generators, every_verb_is_generated) {
    std::array<int, verb_count> times{};
    std::array<int, world_verb_count> world_times{};
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const auto s = random_scenario(seed, 40);
        for (const auto& r : s.routines) {
            for (const auto& st : r.body) ++times[static_cast<std::size_t>(st.what)];
        }
        for (const auto& e : s.world) ++world_times[static_cast<std::size_t>(e.what)];
    }
    for (std::size_t v = 0; v < verb_count; ++v) EXPECT_GT(times[v], 10) << verbs[v].name;
    for (std::size_t v = 0; v < world_verb_count; ++v) EXPECT_GT(world_times[v], 10) << world_verbs[v].name;
}

TEST(generators, a_leaning_is_followed) {
    const leaning to{.verbs = {verb::yield, verb::sleep}, .world = {world_verb::jump}, .far_in = 0};
    int statements = 0;
    int leant = 0;
    int entries = 0;
    int jumps = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const auto s = random_scenario(seed, 40, to);
        ASSERT_NO_THROW(validate(s));
        for (const auto& r : s.routines) {
            for (const auto& st : r.body) {
                ++statements;
                leant += st.what == verb::yield || st.what == verb::sleep ? 1 : 0;
                if (st.what == verb::sleep) {
                    EXPECT_LT(st.operands[0], 8) << "seed " << seed;
                }
            }
        }
        for (const auto& e : s.world) {
            ++entries;
            jumps += e.what == world_verb::jump ? 1 : 0;
        }
    }
    EXPECT_GT(leant * 2, statements);  // half, and what the other half has of them
    EXPECT_GT(jumps * 2, entries);
}

TEST(shrink, finds_a_planted_minimum) {
    // Fails if some routine sleeps at least 100 ns after a put, and the world breaks something with an even code.
    const auto fails = [](const scenario& s) {
        const bool world = std::ranges::any_of(
            s.world, [](const world_entry& e) { return e.what == world_verb::break_ && e.operands[1] % 2 == 0; });
        return world && std::ranges::any_of(s.routines, [](const routine& r) {
                   const auto put = std::ranges::find(r.body, verb::put, &statement::what);
                   return std::any_of(put, r.body.end(), [](const statement& st) {
                       return st.what == verb::sleep && st.operands[0] >= 100;
                   });
               });
    };
    scenario minimum;
    minimum.queues = {1};
    minimum.channels = {0};
    minimum.routines = {{"", {{verb::put, {0, 0}, {}}, {verb::sleep, {100, 0}, {}}}}};
    minimum.world = {{0, world_verb::break_, {0, 2}}};
    int found = 0;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        const auto s = random_scenario(seed, 150);
        if (!fails(s)) continue;
        ++found;
        EXPECT_EQ(shrink(s, fails), minimum) << "seed " << seed << '\n' << to_text(shrink(s, fails));
    }
    EXPECT_GE(found, 10);
}

TEST(shrink, puts_a_body_in_the_place_of_its_call) {
    scenario s;
    s.events = 1;
    s.routines = {{"", {{verb::set, {0, 0}, {}}, {verb::call, {1, 0}, {}}}},
                  {"", {{verb::yield, {}, {}}, {verb::timeout, {9, 2}, {}}}},
                  {"", {{verb::sleep, {5, 0}, {}}}}};
    // Main sets an event, and then main or what it calls sleeps: no routine can be left out, only moved.
    const auto sleeps = [](const auto& self, const scenario& c, std::size_t r) -> bool {
        return std::ranges::any_of(c.routines[r].body, [&](const statement& st) {
            const auto named = named_routines(st);
            return st.what == verb::sleep || (!named.empty() && self(self, c, named[0]));
        });
    };
    const auto fails = [&](const scenario& c) {
        const auto& main = c.routines[0].body;
        return !main.empty() && main[0].what == verb::set && sleeps(sleeps, c, 0);
    };
    scenario minimum;
    minimum.events = 1;
    minimum.routines = {{"", {{verb::set, {0, 0}, {}}, {verb::sleep, {0, 0}, {}}}}};
    EXPECT_EQ(shrink(s, fails), minimum) << to_text(shrink(s, fails));
}

TEST(shrink, renumbers_what_lists_name) {
    scenario s;
    s.routines = {{"", {{verb::all, {}, {1, 2, 3, 1}}, {verb::any, {}, {2}}}},
                  {"", {{verb::yield, {}, {}}}},
                  {"", {{verb::now, {}, {}}}},
                  {"", {{verb::sleep, {5, 0}, {}}}}};
    const auto fails = [](const scenario& c) {
        const auto& main = c.routines[0].body;
        return !main.empty() && main[0].what == verb::all && std::ranges::any_of(main[0].routines, [&](auto named) {
            return std::ranges::count(c.routines[named].body, verb::sleep, &statement::what) > 0;
        });
    };
    scenario minimum;
    minimum.routines = {{"", {{verb::all, {}, {1}}}}, {"", {{verb::sleep, {0, 0}, {}}}}};
    EXPECT_EQ(shrink(s, fails), minimum) << to_text(shrink(s, fails));
}

TEST(shrink, asks_only_valid_scenarios_and_not_more_often_than_allowed) {
    std::size_t asked = 0;
    const auto fails = [&asked](const scenario& s) {
        ++asked;
        validate(s);
        return operation_count(s) > 3;
    };
    const auto s = random_scenario(7, 80);
    ASSERT_GT(operation_count(s), 20u);
    EXPECT_EQ(operation_count(shrink(s, fails)), 4u);
    asked = 0;
    static_cast<void>(shrink(s, fails, {.attempts = 5}));
    EXPECT_EQ(asked, 5u);
    EXPECT_EQ(shrink(s, [](const scenario&) { return false; }), s);
}

RC_GTEST_PROP(shrink_property, candidates_are_valid_and_other, (const scenario& s)) {
    for (const auto& candidate : shrink_candidates(s)) {
        validate(candidate);
        RC_ASSERT(candidate != s);
        RC_ASSERT(operation_count(candidate) <= operation_count(s));
    }
}
