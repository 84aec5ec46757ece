// SPDX-License-Identifier: BSL-1.0
// What the fuzzer's mutation gives is a scenario that its bytes hold exactly, and it can get anywhere.
#include <fuzz/support/scenario_mutator.hpp>

#include <spec/stage/form/bytes.hpp>
#include <spec/stage/form/validate.hpp>
#include <spec/stage/form/vocabulary.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace galley;
using fuzz::byte_string;

/// Repeated mutation and crossing from nothing on, as a fuzzer without coverage would do it.
template <class See>
void wander(std::uint64_t steps, See see) {
    byte_string one;
    byte_string other;
    for (std::uint64_t seed = 0; seed < steps; ++seed) {
        byte_string next = seed % 8 == 0 ? fuzz::crossed(one, other, 2'000, seed) : fuzz::mutated(one, 2'000, seed);
        see(next);
        other = std::exchange(one, std::move(next));
        if (one.size() > 400) one.clear();
    }
}

TEST(ScenarioMutator, GivesValidScenariosThatTheirBytesHold) {
    wander(20'000, [](const byte_string& bytes) {
        ASSERT_LE(bytes.size(), 2'000U);
        const spec::scenario s = spec::from_bytes(bytes);
        ASSERT_NO_THROW(spec::validate(s));
        ASSERT_EQ(spec::from_bytes(spec::to_bytes(s)), s);
    });
}

TEST(ScenarioMutator, ReachesEveryVerbAndSetting) {
    std::set<spec::verb> verbs;
    std::set<spec::world_verb> world;
    std::set<std::size_t> changed;
    std::set<std::size_t> declared;
    wander(20'000, [&](const byte_string& bytes) {
        const spec::scenario s = spec::from_bytes(bytes);
        for (const auto& r : s.routines) {
            for (const auto& st : r.body) verbs.insert(st.what);
        }
        for (const auto& e : s.world) world.insert(e.what);
        for (std::size_t i = 0; i < spec::settings.size(); ++i) {
            if (spec::settings[i].get(s) != spec::settings[i].usual) changed.insert(i);
        }
        for (std::size_t i = 0; i < spec::objects.size(); ++i) {
            if (spec::declared(s, spec::objects[i]) > 1) declared.insert(i);
        }
    });
    EXPECT_EQ(verbs.size(), spec::verb_count);
    EXPECT_EQ(world.size(), spec::world_verb_count);
    EXPECT_EQ(changed.size(), spec::settings.size());
    EXPECT_EQ(declared.size(), spec::objects.size());
}

/// An engine gives a buffer of that size.
TEST(ScenarioMutator, KeepsToTheLengthItIsGiven) {
    const byte_string empty;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        EXPECT_LE(fuzz::mutated(empty, seed % 5, seed).size(), seed % 5);
        EXPECT_LE(fuzz::crossed(empty, empty, seed % 5, seed).size(), seed % 5);
    }
}

}  // namespace
