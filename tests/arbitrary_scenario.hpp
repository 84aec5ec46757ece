// SPDX-License-Identifier: BSL-1.0
// Scenarios for RapidCheck: random ones, shrunk by the project's own steps, and fair ones.
#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <utility>
#include <vector>

#include "spec/stage/form/json.hpp"
#include "spec/stage/form/print.hpp"
#include "spec/stage/generate/generate.hpp"
#include "spec/stage/generate/shrink.hpp"

namespace galley::spec {

/// What a failed property prints: to be read, and to be replayed.
inline void showValue(const scenario& s, std::ostream& out) { out << '\n' << to_text(s) << to_json(s, false) << '\n'; }

using adjustments = std::vector<void (*)(scenario&)>;  // each keeps a valid scenario valid

/// random_scenario, then adjusted.
inline scenario made(const leaning& to, const adjustments& adjusted, std::uint64_t seed, std::size_t size) {
    scenario s = random_scenario(seed, size, to);
    for (auto* const adjust : adjusted) {
        adjust(s);
    }
    return s;
}

/// The same from RapidCheck's seed and size. It shrinks by the project's own steps, which may undo what was adjusted.
inline rc::Gen<scenario> arbitrary_scenario(leaning to, adjustments adjusted = {}) {
    return rc::Gen<scenario>{[to = std::move(to), adjusted = std::move(adjusted)](const rc::Random& random, int size) {
        auto source = random;
        return rc::shrinkable::shrinkRecur(
            made(to, adjusted, source.next(), static_cast<std::size_t>(size)),
            [](const scenario& s) { return rc::seq::fromContainer(shrink_candidates(s)); });
    }};
}

/// fair_scenario from RapidCheck's seed and size. It shrinks by size only: a step of `shrink` could make it unfair.
inline rc::Gen<scenario> arbitrary_fair_scenario() {
    return rc::Gen<scenario>{[](const rc::Random& random, int size) {
        auto source = random;
        const auto seed = source.next();
        const auto made = [seed](int n) { return fair_scenario(seed, static_cast<std::size_t>(n)); };
        return rc::shrinkable::map(rc::shrinkable::shrinkRecur(size, [](int n) { return rc::shrink::towards(n, 0); }),
                                   made);
    }};
}

}  // namespace galley::spec

namespace rc {

template <>
struct Arbitrary<galley::spec::scenario> {
    static Gen<galley::spec::scenario> arbitrary() { return galley::spec::arbitrary_scenario({}); }
};

}  // namespace rc
