// SPDX-License-Identifier: BSL-1.0
// Proves the arithmetic of fast's timer wheel for all values: the shipped source (fast/wheel_arithmetic.hpp),
// instantiated with bit vectors. Each theorem is also put to wrong wheels, which must give counterexamples.
//
// usage: wheel_proof     exit status 0 if all theorems hold, for this wheel and for none of those that they must refute
#include "term.hpp"

#include <galley/fast/wheel_arithmetic.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace galley::proofs {
namespace {

constexpr unsigned level_bits = 6;
constexpr unsigned key_bits = 63;
constexpr unsigned levels = (key_bits + level_bits - 1) / level_bits;

/// The functions of a wheel: the shipped ones, or wrong ones.
struct wheel {
    const char* name;
    std::function<term(term tick, term position)> level;
    std::function<term(term tick, term level)> digit;
    std::function<term(term position, term level, term digit)> begin;
};

wheel shipped() {
    using right = fast::wheel_arithmetic<term, level_bits>;
    return {"the wheel", &right::level, &right::digit, &right::begin};
}

/// Wrong wheels: each is one slip away from the right one.
std::vector<wheel> wrong_wheels() {
    std::vector<wheel> wrong;
    const auto one = [&](const char* name, auto change) {
        wheel w = shipped();
        w.name = name;
        change(w);
        wrong.push_back(std::move(w));
    };
    one("level by distance, not by digit (T9)", [](wheel& w) {
        w.level = [](const term& t, const term& p) { return (bit_width((t - p) | term{1}) - 1) / term{level_bits}; };
    });
    one("levels of one bit less", [](wheel& w) {
        w.level = [](const term& t, const term& p) {
            return (bit_width((t ^ p) | term{1}) - 1) / term{level_bits - 1};
        };
    });
    one("a level too high at powers of the slot count (T5)", [](wheel& w) {
        w.level = [](const term& t, const term& p) { return bit_width((t ^ p) | term{1}) / term{level_bits}; };
    });
    one("digit of the distance", [](wheel& w) {
        w.digit = [](const term& t, const term& l) { return ((t + term{1}) >> (l * term{level_bits})) & term{63}; };
    });
    one("digit with one bit less", [](wheel& w) {
        w.digit = [](const term& t, const term& l) { return (t >> (l * term{level_bits})) & term{31}; };
    });
    one("a slot's range that begins at the position's block, without its digit (T1)", [](wheel& w) {
        w.begin = [](const term& p, const term& l, const term&) {
            const term shift = l * term{level_bits};
            return ((p >> shift) & ~term{63}) << shift;
        };
    });
    one("a slot's range that keeps the position's digit (T6)", [](wheel& w) {
        w.begin = [](const term& p, const term& l, const term& d) {
            const term shift = l * term{level_bits};
            return ((p >> shift) | d) << shift;
        };
    });
    one("a slot's range that begins a tick late", [](wheel& w) {
        w.begin = [](const term& p, const term& l, const term& d) {
            const term shift = l * term{level_bits};
            return ((((p >> shift) & ~term{63}) | d) << shift) + term{1};
        };
    });
    return wrong;
}

struct statement {
    z3::expr premise;
    z3::expr claim;
};

struct theorem {
    const char* name;
    const char* rules;  ///< which the theorem is a part of: spec/LEDGER.md
    const char* text;
    std::function<statement(const wheel&)> about;
};

/// A tick's place: level and digit as one number, in the order in which the wheel looks for the first.
term place(const wheel& w, const term& tick, const term& position) {
    const term level = w.level(tick, position);
    return level * term{64} + w.digit(tick, level);
}
term begin_of(const wheel& w, const term& tick, const term& position) {
    const term level = w.level(tick, position);
    return w.begin(position, level, w.digit(tick, level));
}
/// A tick that a wheel at this position may hold.
z3::expr held(const term& tick, const term& position) { return position <= tick && tick < term{1ULL << key_bits}; }

std::vector<theorem> theorems() {
    const term p = term::variable("position");
    const term t = term::variable("first");  // a tick in the first occupied slot
    const term u = term::variable("other");
    const term now = term::variable("now");
    // t's slot is the first: nothing that is held lies in an earlier one.
    const auto first_is = [=](const wheel& w) { return held(t, p) && held(u, p) && place(w, t, p) <= place(w, u, p); };
    return {
        {"place_exists", "TIME-3", "every place exists",
         [=](const wheel& w) {
             return statement{held(t, p), w.level(t, p) < term{levels} && w.digit(t, w.level(t, p)) < term{64}};
         }},
        {"range_contains_its_ticks", "WAIT-2",
         "a slot's range contains its ticks: no wake-up comes after the first key",
         [=](const wheel& w) {
             const term length = term{1} << (w.level(t, p) * term{level_bits});
             const term begin = begin_of(w, t, p);
             return statement{held(t, p), begin <= t && t - begin < length && p <= t};
         }},
        {"slot_lies_ahead", "TIME-2, TIME-3",
         "a slot lies ahead of the position: none is taken for one of the turn before",
         [=](const wheel& w) {
             const term level = w.level(t, p);
             return statement{held(t, p) && !(t == p), w.digit(p, level) < w.digit(t, level)};
         }},
        {"order_of_places", "TIME-4", "an earlier tick never lies in a later slot",
         [=](const wheel& w) {
             return statement{held(t, p) && held(u, p) && t < u, place(w, t, p) <= place(w, u, p)};
         }},
        {"level_0_is_exact", "TIME-2, TIME-3", "at level 0 a slot is one tick: nothing is early, nothing late",
         [=](const wheel& w) { return statement{held(t, p) && w.level(t, p) == term{0}, begin_of(w, t, p) == t}; }},
        {"move_passes_nobody", "TIME-3", "a move to the first slot's beginning passes nobody",
         [=](const wheel& w) { return statement{first_is(w), begin_of(w, t, p) <= u}; }},
        {"move_goes_forward", "TIME-2", "a move to the first slot's beginning goes forward",
         [=](const wheel& w) { return statement{first_is(w), p <= begin_of(w, t, p)}; }},
        {"others_stay", "TIME-4", "a move to the first slot's beginning leaves all others where they are",
         [=](const wheel& w) {
             return statement{first_is(w) && !(place(w, t, p) == place(w, u, p)),
                              place(w, u, begin_of(w, t, p)) == place(w, u, p)};
         }},
        {"cascade_descends", "TIME-3", "a cascade lands in lower levels",
         [=](const wheel& w) {
             return statement{first_is(w) && place(w, t, p) == place(w, u, p) && !(w.level(t, p) == term{0}),
                              w.level(u, begin_of(w, t, p)) < w.level(t, p)};
         }},
        {"sample_moves_nobody", "TIME-4", "a move to a sample before the first slot leaves all where they are",
         [=](const wheel& w) {
             return statement{first_is(w) && p <= now && now < begin_of(w, t, p), place(w, u, now) == place(w, u, p)};
         }},
    };
}

enum class verdict { proved, refuted, unknown, vacuous };

verdict judge(const statement& s, std::string& counterexample) {
    z3::solver premise{context()};
    premise.add(s.premise);
    if (premise.check() != z3::sat) {
        return verdict::vacuous;
    }
    z3::solver solver{context()};
    solver.add(s.premise);
    solver.add(!s.claim);
    switch (solver.check()) {
        case z3::unsat: return verdict::proved;
        case z3::sat: {
            const z3::model m = solver.get_model();
            for (unsigned i = 0; i < m.num_consts(); ++i) {
                const z3::func_decl name = m.get_const_decl(i);
                counterexample +=
                    " " + name.name().str() + "=" + std::to_string(m.get_const_interp(name).get_numeral_uint64());
            }
            return verdict::refuted;
        }
        default: return verdict::unknown;
    }
}

}  // namespace
}  // namespace galley::proofs

int main() {
    using namespace galley::proofs;
    bool well = true;
    std::printf("the wheel's arithmetic, %u bits a level, all %u-bit ticks:\n", level_bits, key_bits);
    for (const theorem& t : theorems()) {
        std::string example;
        const verdict v = judge(t.about(shipped()), example);
        well = well && v == verdict::proved;
        std::printf("  %-8s %s: %s%s\n",
                    v == verdict::proved    ? "proved"
                    : v == verdict::refuted ? "REFUTED"
                                            : "FAILED",
                    t.name, t.text, example.c_str());
        std::fflush(stdout);
    }
    std::vector<bool> refutes(theorems().size());
    std::printf("wrong wheels, which must be refuted:\n");
    for (const wheel& w : wrong_wheels()) {
        bool refuted = false;
        std::size_t n = 0;
        for (const theorem& t : theorems()) {
            std::string example;
            if (judge(t.about(w), example) == verdict::refuted) {
                refutes[n] = true;
                if (!refuted) {
                    std::printf("  refuted  %s\n           by: %s;%s\n", w.name, t.text, example.c_str());
                }
                refuted = true;
            }
            ++n;
        }
        well = well && refuted;
        if (!refuted) {
            std::printf("  NOT REFUTED  %s\n", w.name);
        }
    }
    for (std::size_t n = 0; n < refutes.size(); ++n) {
        if (!refutes[n]) {
            well = false;
            std::printf("  refutes no wrong wheel: %s\n", theorems()[n].text);
        }
    }
    std::printf("%s\n", well ? "all theorems hold, and all can fail" : "NOT PROVED");
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
