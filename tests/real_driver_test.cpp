// SPDX-License-Identifier: BSL-1.0
// Scenarios on real drivers: every loop on every driver, with real descriptors and a real thread (std::jthread) that is
// the world. What is claimed is in spec/stage/real/README.md.
#include "judges.hpp"
#include "real_scenarios.hpp"

#include <spec/stage/check/check.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/form/print.hpp>
#include <spec/stage/form/validate.hpp>
#include <spec/stage/generate/generate.hpp>
#include <spec/stage/generate/shrink.hpp>
#include <spec/stage/real/real_run.hpp>
#include <spec/stage/trace/by_task.hpp>
#include <spec/stage/trace/compare.hpp>

#include <galley/fast/epoll_driver.hpp>
#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>
#include <galley/ref/poll_driver.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace galley::spec {
namespace {

using namespace std::chrono_literals;

template <class Loop>
std::unique_ptr<loop> make_loop(driver& d, const loop_options& o) {
    return std::make_unique<Loop>(d, o);
}
template <class Driver>
std::unique_ptr<driver> make_driver() {
    return std::make_unique<Driver>();
}

struct combination {
    const char* name;
    std::unique_ptr<loop> (*new_loop)(driver&, const loop_options&);
    std::unique_ptr<driver> (*new_driver)();
};

constexpr std::array<combination, 4> combinations{{
    {"ref on poll", &make_loop<ref::loop>, &make_driver<ref::poll_driver>},
    {"ref on epoll", &make_loop<ref::loop>, &make_driver<fast::epoll_driver>},
    {"fast on poll", &make_loop<fast::loop>, &make_driver<ref::poll_driver>},
    {"fast on epoll", &make_loop<fast::loop>, &make_driver<fast::epoll_driver>},
}};

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

/// What is wrong with the scenario in lockstep; empty if nothing.
std::string lockstep_objection(const scenario& s, std::chrono::milliseconds hang_after = patience) {
    const trace expected = run_on_ref(s);
    for (const combination& c : combinations) {
        const real_outcome real = run_in_lockstep(s, c.new_loop, c.new_driver, hang_after);
        const std::string text = joined(real.problems) + difference_text(expected, real.recorded, "ref on sim", c.name);
        if (!text.empty()) {
            return std::string{c.name} + ":\n" + text;
        }
    }
    return {};
}

/// How much of what the test is for has occurred.
struct tally {
    int completions{};
    int entries{};
    int callbacks{};
    void print() const {
        std::cout << completions << " operations that were in flight in the simulation, " << entries
                  << " times that the world ended a wait, " << callbacks << " callbacks\n";
    }
    void add(const trace& t) {
        event_kind before{};
        for (const event& e : t.events) {
            completions += e.kind == event_kind::complete ? 1 : 0;
            entries += e.kind == event_kind::world && before == event_kind::wait ? 1 : 0;
            callbacks += e.kind == event_kind::callback ? 1 : 0;
            before = e.kind;
        }
    }
};

/// What is wrong with a trace that must end completed; empty if nothing.
std::string trace_objection(const trace& t) {
    for (const violation& v : check_without_world(t)) {
        return "rule " + v.rule + " (" + v.predicate + "): " + v.what + "\n" + context_text(t, v.event_index);
    }
    const bool completed = std::ranges::any_of(t.events, [](const event& e) {  // a stop may hit an orderly close
        return e.kind == event_kind::exit && e.texts[0] == "completed";
    });
    return completed ? "" : "the run did not complete\n";
}

/// What is wrong with the scenario, which must be one that ends, on the real clock; empty if nothing.
std::string free_objection(const scenario& s, std::chrono::milliseconds hang_after) {
    for (const combination& c : combinations) {
        const real_outcome real = run_freely(s, c.new_loop, c.new_driver, hang_after);
        if (const std::string text = joined(real.problems) + trace_objection(real.recorded); !text.empty()) {
            return std::string{c.name} + ":\n" + text;
        }
    }
    return {};
}

using judge = std::string (*)(const scenario&, std::chrono::milliseconds);

/// The failing scenario made small, if it fails again.
std::string report_of(const scenario& failing, const std::string& first, judge objection,
                      bool (*eligible)(const scenario&)) {
    const auto still_fails = [&](const scenario& s) { return eligible(s) && !objection(s, 500ms).empty(); };
    const scenario small = shrink(failing, still_fails, {.attempts = 200});
    const std::string last = objection(small, 1s);
    return "\n" + to_text(small) + "\n" + to_json(small, true) + "\n" + (last.empty() ? first : last);
}

bool fits_lockstep(const scenario& s) { return !why_not_lockstep(s); }

TEST(lockstep, random_scenarios_give_the_trace_of_the_simulation) {
    const std::uint64_t count = std::getenv("GALLEY_LONG") != nullptr ? 10'000 : 1'000;
    std::map<std::string, int> left_out;
    int run = 0;
    tally seen;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const auto size = static_cast<std::size_t>(seed % 60);
        const scenario s = for_lockstep(seed % 2 == 0 ? random_scenario(seed, size) : fair_scenario(seed, size));
        if (const auto reason = why_not_lockstep(s)) {
            ++left_out[*reason];
            continue;
        }
        ++run;
        seen.add(run_on_ref(s));
        if (const std::string text = lockstep_objection(s, patience); !text.empty()) {
            FAIL() << "seed " << seed << report_of(s, text, &lockstep_objection, &fits_lockstep);
        }
    }
    std::cout << run << " scenarios on " << combinations.size() << " combinations; left out:";
    for (const auto& [reason, times] : left_out) {
        std::cout << " " << times << " for " << reason << ";";
    }
    std::cout << "\nin each combination: ";
    seen.print();
    EXPECT_GT(seen.completions, run / 4);
    EXPECT_GT(seen.entries, run / 2);
    EXPECT_GT(run, static_cast<int>(count * 9 / 10));
}

TEST(free_run, fair_scenarios_complete_and_break_no_rule) {
    const std::uint64_t count = std::getenv("GALLEY_LONG") != nullptr ? 5'000 : 120;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const scenario fair = slowed(fair_scenario(seed, static_cast<std::size_t>(seed % 60)), 1'000);
        const scenario s = with_stops(fair, seed, static_cast<int>(seed % 3));
        ASSERT_EQ(free_objection(s, patience), "") << "seed " << seed << "\n" << to_text(s) << to_json(s, false);
    }
}

TEST(lockstep, example_files_give_the_trace_of_the_simulation) {
    int run = 0;
    for (const auto& file : std::filesystem::directory_iterator{GALLEY_SOURCE_DIR "/spec/scenario/examples"}) {
        std::ifstream in{file.path()};
        std::stringstream text;
        text << in.rdbuf();
        const scenario s = parse_json(text.str(), file.path().string());
        if (const auto reason = why_not_lockstep(s)) {
            std::cout << file.path().filename().string() << " is left out: " << *reason << "\n";
            continue;
        }
        EXPECT_EQ(lockstep_objection(s), "") << file.path();
        ++run;
    }
    EXPECT_GT(run, 8);
}

TEST(lockstep, both_directions_at_one_instant) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const scenario s = duplex_scenario(seed);
        ASSERT_EQ(why_not_lockstep(s).value_or(""), "");
        if (const std::string text = lockstep_objection(s); !text.empty()) {
            FAIL() << "seed " << seed << report_of(s, text, &lockstep_objection, &fits_lockstep);
        }
    }
}

TEST(free_run, both_directions_at_one_instant) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const scenario s = slowed(duplex_scenario(seed), 1'000);
        ASSERT_EQ(free_objection(s, patience), "") << "seed " << seed << "\n" << to_text(s) << to_json(s, false);
    }
}

TEST(free_run, cancelling_loses_no_data) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const scenario s = cancelling_scenario(seed);
        validate(s);
        ASSERT_EQ(free_objection(s, patience), "") << "seed " << seed << "\n" << to_text(s) << to_json(s, false);
    }
}

/// A trace without the world's acts leaves unjudged who requested a stop, and nothing else.
TEST(free_run, only_the_origin_of_a_stop_is_not_judged) {
    scenario s{.routines = {{"main", {{verb::sleep, {5, 0}, {}}}}}, .world = {{3, world_verb::stop, {}}}};
    trace t = run_on_ref(s);
    std::erase_if(t.events, [](const event& e) { return e.kind == event_kind::world; });
    EXPECT_EQ(check(t).size(), 1U);
    EXPECT_TRUE(check_without_world(t).empty());
    std::ranges::find(t.events, event_kind::exit, &event::kind)->texts[0] = "deadlocked";
    EXPECT_FALSE(check_without_world(t).empty());
}

/// A race-free scenario: one history of each task, wherever it runs. `s` has no stops; those are added here, in free
/// runs only.
std::string race_free_objection(const scenario& s, std::chrono::milliseconds hang_after) {
    const trace expected = run_on_ref(s);
    if (const std::string text = trace_objection(expected); !text.empty()) {
        return "on sim:\n" + text;
    }
    const scenario stopped = with_stops(s, s.world.size(), static_cast<int>(s.world.size() % 3));
    for (const combination& c : combinations) {
        const real_outcome real = run_freely(stopped, c.new_loop, c.new_driver, hang_after);
        const std::string text = joined(real.problems) + trace_objection(real.recorded) +
                                 difference_by_task(expected, real.recorded, "ref on sim", c.name);
        if (!text.empty()) {
            return std::string{c.name} + ", free:\n" + text;
        }
    }
    return why_not_lockstep(s) ? "" : lockstep_objection(s, hang_after);
}

TEST(free_run, race_free_scenarios_give_each_task_the_history_of_the_simulation) {
    const std::uint64_t count = std::getenv("GALLEY_LONG") != nullptr ? 5'000 : 150;
    tally seen;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const scenario s = race_free_scenario(seed, 1 + seed % 6);
        validate(s);
        seen.add(run_on_ref(s));
        ASSERT_EQ(race_free_objection(s, patience), "") << "seed " << seed << "\n" << to_text(s) << to_json(s, false);
    }
    std::cout << count << " scenarios, in each combination: ";
    seen.print();
}

}  // namespace
}  // namespace galley::spec
