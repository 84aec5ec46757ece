// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/hunt.hpp"

#include <algorithm>
#include <stdexcept>

#include "spec/stage/check/occasions.hpp"
#include "spec/stage/form/digest.hpp"
#include "spec/stage/generate/enumerate.hpp"
#include "spec/stage/generate/generate.hpp"
#include "spec/stage/generate/shrink.hpp"

namespace galley::conformance {
namespace {

using std::chrono::steady_clock;

/// A vector of any scenario, by what the reference loop does with it.
vector vector_of(const spec::scenario& s, const std::string& origin) {
    vector v{.id = "hunt/0", .origin = origin, .program = s, .expected = reference_trace(s)};
    v.features = features_of(s, v.expected);
    const auto found = spec::occasions_in(s, v.expected);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (const std::string rule{spec::occasions()[i].rule};
            found[i] && std::ranges::find(v.rules, rule) == v.rules.end())
            v.rules.push_back(rule);
    return v;
}

/// Puts one; if it fails, makes it small. True to go on.
bool try_one(session& port, const spec::scenario& s, const std::string& origin, catch_& c) {
    auto v = vector_of(s, origin);
    auto r = port.put(v);
    if (r.came == outcome::skipped) return ++c.passed_over, true;
    ++c.put;
    if (r.came == outcome::passed) return true;
    // Whatever is wrong with the smaller one, as long as it is of the same kind.
    const auto kind = r.kind;
    const auto small = spec::shrink(s,
                                    [&](const spec::scenario& smaller) {
                                        const auto again = vector_of(smaller, origin);
                                        port.forgive();
                                        const auto came = port.put(again);
                                        return came.came == outcome::failed && came.kind == kind;
                                    },
                                    {.attempts = kind == "hangs" ? std::size_t{20} : std::size_t{2000}});
    c.failing = std::make_unique<vector>(vector_of(small, origin));
    c.failing->id = "hunt/" + std::to_string(spec::digest_of(to_line(*c.failing)));
    port.forgive();
    c.came = port.put(*c.failing);
    return false;
}

double since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

struct enough {};

}  // namespace

catch_ fuzz(session& port, std::chrono::seconds limit, std::uint64_t seed) {
    catch_ c;
    const auto start = steady_clock::now();
    for (c.seed = seed; steady_clock::now() - start < limit; ++c.seed)
        if (!try_one(port, within(spec::random_scenario(c.seed, 2 + c.seed % 30), port.who().features),
                     "random, seed " + std::to_string(c.seed), c))
            break;
    c.seconds = since(start);
    return c;
}

catch_ exhaust(session& port, const std::string& alphabet, std::size_t depth) {
    const auto all = spec::all_alphabets();
    const auto letters = std::ranges::find(all, alphabet, &spec::alphabet::name);
    if (letters == all.end()) {
        std::string names;
        for (const auto& one : all) names += " " + std::string{one.name};
        throw std::invalid_argument{"there is no alphabet " + alphabet + "; there are:" + names};
    }
    catch_ c;
    const auto start = steady_clock::now();
    try {
        spec::for_each_program(*letters, depth, [&](const spec::scenario& s) {
            if (!try_one(port, s, "alphabet " + alphabet, c)) throw enough{};
        });
    } catch (const enough&) {
    }
    c.seconds = since(start);
    return c;
}

}  // namespace galley::conformance
