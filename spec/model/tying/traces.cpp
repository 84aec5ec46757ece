// SPDX-License-Identifier: BSL-1.0
// Scenarios that the model of the loop can play, and the loops' traces of scenarios, many in one process; for `tie`.
//
//   model_traces programs MOST     every program of at most MOST statements over the alphabets below, one a line
//   model_traces project MOST N FOLDER
//                                  what the project tries anyway: every program of at most MOST statements over its own
//                                  alphabets, N random scenarios, and the fuzzing seeds in FOLDER
//   model_traces run ref|fast      a scenario a line; for each the trace and an empty line, like oracle.py --batch
#include <spec/stage/form/bytes.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/generate/enumerate.hpp>
#include <spec/stage/generate/generate.hpp>
#include <spec/stage/run/run.hpp>
#include <spec/stage/trace/trace.hpp>

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace galley::spec {
namespace {

letter plain(verb what, std::int64_t number = 0) { return {what, {number, 0}, 0}; }

/// Tasks that spawn, join, drop and fail.
alphabet tasks() {
    return {"tasks",
            {plain(verb::yield), plain(verb::spawn), plain(verb::join), plain(verb::drop), plain(verb::fail, 1),
             plain(verb::try_)},
            {},
            {.slots = 2}};
}

/// Timers on both sides of the resolution, steps that take time, and a stop among them.
alphabet timers() {
    scenario base;
    base.resolution = 2;
    base.runs = 2;
    base.world = {{3, world_verb::stop, {}}};
    return {"timers",
            {plain(verb::yield), plain(verb::sleep, 0), plain(verb::sleep, 1), plain(verb::sleep, 3),
             plain(verb::burn, 1), plain(verb::burn, 2), plain(verb::spawn)},
            base,
            {.slots = 1}};
}

/// Operations that complete early, late or never, and a loop that asks every second step.
alphabet operations() {
    scenario base;
    base.ask_every = 2;
    base.channels = {0, 0};
    base.world = {{1, world_verb::data, {0, 1}}, {2, world_verb::data, {1, 1}}, {3, world_verb::data, {0, 1}}};
    return {
        "operations",
        {plain(verb::yield), plain(verb::sleep, 1), plain(verb::burn, 1), {verb::read, {0, 1}, 0}, plain(verb::spawn)},
        base,
        {.slots = 1}};
}

/// Posts that bring what tasks wait for, and stops.
alphabet posts() {
    scenario base;
    base.ask_every = 3;
    base.runs = 3;
    base.events = 1;
    base.world = {{1, world_verb::post, {0, 0}}, {2, world_verb::stop, {}}, {2, world_verb::post, {0, 0}}};
    return {"posts",
            {plain(verb::yield), plain(verb::wait), plain(verb::reset), plain(verb::sleep, 1), plain(verb::burn, 1),
             plain(verb::spawn)},
            base,
            {.slots = 1}};
}

void print(const scenario& s) { std::cout << to_json(s, false) << '\n'; }

void print_programs(const std::vector<alphabet>& alphabets, std::size_t most) {
    for (const alphabet& letters : alphabets) {
        for_each_program(letters, most, [](const scenario& s) { print(s); });
    }
}

void print_project(std::size_t most, std::uint64_t random, const std::filesystem::path& seeds) {
    print_programs(all_alphabets(), most);
    for (std::uint64_t seed = 0; seed < random; ++seed) {
        print(random_scenario(seed, seed % 12));
    }
    std::vector<std::filesystem::path> files{std::filesystem::directory_iterator{seeds}, {}};
    std::ranges::sort(files);
    for (const auto& file : files) {
        std::ifstream in{file, std::ios::binary};
        const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>{in}, {}};
        print(from_bytes(bytes));
    }
}

std::unique_ptr<loop> make_loop(std::string_view name, driver& d, const loop_options& o) {
    if (name == "fast") {
        return std::make_unique<fast::loop>(d, o);
    }
    return std::make_unique<ref::loop>(d, o);
}

void run_all(std::string_view name) {
    const loop_factory make = [name](driver& d, const loop_options& o) { return make_loop(name, d, o); };
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << to_json(run_scenario(parse_json(line), make)) << '\n';
    }
}

int main(const std::vector<std::string_view>& words) {
    if (words.size() == 2 && words[0] == "programs") {
        print_programs({tasks(), timers(), operations(), posts()}, std::stoul(std::string{words[1]}));
    } else if (words.size() == 4 && words[0] == "project") {
        print_project(std::stoul(std::string{words[1]}), std::stoul(std::string{words[2]}), words[3]);
    } else if (words.size() == 2 && words[0] == "run" && (words[1] == "ref" || words[1] == "fast")) {
        run_all(words[1]);
    } else {
        std::cerr << "usage: model_traces programs MOST | project MOST N FOLDER | run ref|fast\n";
        return 2;
    }
    return std::cout.flush() ? 0 : 2;
}

}  // namespace
}  // namespace galley::spec

int main(int argc, char** argv) {
    try {
        std::ios::sync_with_stdio(false);
        return galley::spec::main({argv + 1, argv + argc});
    } catch (const std::exception& e) {
        std::cerr << "model_traces: " << e.what() << '\n';
        return 2;
    }
}
