// SPDX-License-Identifier: BSL-1.0
// Scenarios for RapidCheck: random ones, shrunk by the project's own steps, and fair ones.
#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <vector>

#include "spec/scenario/form/json.hpp"
#include "spec/scenario/form/print.hpp"
#include "spec/scenario/generate/generate.hpp"
#include "spec/scenario/generate/shrink.hpp"

namespace galley::spec {

/// What a failed property prints: to be read, and to be replayed.
inline void showValue(const scenario& s, std::ostream& out) { out << '\n' << to_text(s) << to_json(s, false) << '\n'; }

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
    static Gen<galley::spec::scenario> arbitrary() {
        using galley::spec::scenario;
        return Gen<scenario>{[](const Random& random, int size) {
            auto source = random;
            return shrinkable::shrinkRecur(
                galley::spec::random_scenario(source.next(), static_cast<std::size_t>(size)),
                [](const scenario& s) { return seq::fromContainer(galley::spec::shrink_candidates(s)); });
        }};
    }
};

}  // namespace rc
