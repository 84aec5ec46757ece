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
    std::function<term(term tick, term level)> index;
    std::function<term(term tick, term level)> block;
    std::function<term(term tick, term level)> block_begin;
    std::function<term(term position, term level, term index)> begin;
    std::function<term(term begin, term level)> before;
    std::function<term(term position, term level)> next_index;
};

wheel shipped() {
    using right = fast::wheel_arithmetic<term, level_bits>;
    return {"the wheel",         &right::level, &right::index,  &right::block,
            &right::block_begin, &right::begin, &right::before, &right::next_index};
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
    const auto shift = [](const term& level) { return level * term{level_bits}; };
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
    one("index of the next tick", [=](wheel& w) {
        w.index = [=](const term& t, const term& l) { return ((t + term{1}) >> shift(l)) & term{127}; };
    });
    one("index with one bit less: the two blocks are one",
        [=](wheel& w) { w.index = [=](const term& t, const term& l) { return (t >> shift(l)) & term{63}; }; });
    one("block of two blocks", [=](wheel& w) {
        w.block = [=](const term& t, const term& l) { return (t >> shift(l)) >> term{level_bits + 1}; };
    });
    one("a block's beginning without its lowest level",
        [=](wheel& w) { w.block_begin = [=](const term& t, const term& l) { return (t >> shift(l)) << shift(l); }; });
    one("a block's beginning of the level above", [=](wheel& w) {
        w.block_begin = [right = w.block_begin](const term& t, const term& l) { return right(t, l + term{1}); };
    });
    one("a slot's range that begins at the block's beginning, without its digit (T1)", [=](wheel& w) {
        w.begin = [=](const term& p, const term& l, const term&) { return ((p >> shift(l)) & ~term{63}) << shift(l); };
    });
    one("a slot's range that keeps the position's digit (T6)", [=](wheel& w) {
        w.begin = [=](const term& p, const term& l, const term& i) {
            return ((p >> shift(l)) | (i & term{63})) << shift(l);
        };
    });
    one("a slot's range in the position's own block, whichever the slot's is", [=](wheel& w) {
        w.begin = [=](const term& p, const term& l, const term& i) {
            return (((p >> shift(l)) & ~term{63}) | (i & term{63})) << shift(l);
        };
    });
    one("a slot's range in the next block if its index says 1, whatever the position's own is", [=](wheel& w) {
        w.begin = [=](const term& p, const term& l, const term& i) {
            return ((((p >> shift(l)) & ~term{63}) + (i & term{64})) | (i & term{63})) << shift(l);
        };
    });
    one("a slot's range that begins a tick late", [](wheel& w) {
        w.begin = [right = w.begin](const term& p, const term& l, const term& i) { return right(p, l, i) + term{1}; };
    });
    one("the range before a range is as long as those of the level below", [=](wheel& w) {
        w.before = [=](const term& b, const term& l) { return b - ((term{1} << shift(l)) >> term{level_bits}); };
    });
    one("the slot that follows is in the position's own block", [=](wheel& w) {
        w.next_index = [=](const term& p, const term& l) {
            const term index = p >> shift(l);
            return (index & term{64}) | ((index + term{1}) & term{63});
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

/// A tick that a wheel at this position may hold.
z3::expr held(const term& tick, const term& position) { return position <= tick && tick < term{1ULL << key_bits}; }

/// The number of the level's slot that a tick belongs to, counted from the beginning of time: no part of a wheel.
term slot_number(const term& tick, const term& level) { return tick >> (level * term{level_bits}); }
term block_number(const term& tick, const term& level) { return slot_number(tick, level) >> term{level_bits}; }

/// Whether a timer of this tick may lie in this level (invariant 2 of the wheel): in the position's block of it or the
/// next one, and above level 0 not in the position's own slot.
z3::expr lies(const term& tick, const term& level, const term& position) {
    const term ahead = block_number(tick, level) - block_number(position, level);
    return held(tick, position) && level < term{levels} && ahead <= term{1} &&
           (level == term{0} || !(slot_number(tick, level) == slot_number(position, level)));
}
z3::expr in_next_block(const term& tick, const term& level, const term& position) {
    return lies(tick, level, position) && !(block_number(tick, level) == block_number(position, level));
}
term begin_of(const wheel& w, const term& tick, const term& level, const term& position) {
    return w.begin(position, level, w.index(tick, level));
}
/// The order in which a wheel looks through a level's slots: its own block, then the other, each by digit.
term rank(const wheel& w, const term& tick, const term& level, const term& position) {
    const term index = w.index(tick, level);
    return (((index >> term{level_bits}) ^ w.block(position, level)) & term{1}) << term{level_bits} |
           (index & term{63});
}

std::vector<theorem> theorems() {
    const term p = term::variable("position");
    const term q = term::variable("later");  // a position that the wheel moves to
    const term t = term::variable("tick");
    const term u = term::variable("other");
    const term l = term::variable("level");
    const term m = term::variable("higher");
    return {
        {"place_exists", "TIME-3", "a start's place exists",
         [=](const wheel& w) {
             return statement{held(t, p), w.level(t, p) < term{levels} && w.index(t, w.level(t, p)) < term{128}};
         }},
        {"start_lies_right", "TIME-3", "a start's place is one of those in which its tick is looked for",
         [=](const wheel& w) { return statement{held(t, p), lies(t, w.level(t, p), p)}; }},
        {"start_is_on_top", "TIME-4", "no timer of an equal tick lies above a start: those started earlier are below",
         [=](const wheel& w) { return statement{lies(t, l, p), l <= w.level(t, p)}; }},
        {"one_range_a_slot", "TIME-3, TIME-4", "timers in one slot are of one range: its two blocks are told apart",
         [=](const wheel& w) {
             return statement{lies(t, l, p) && lies(u, l, p) && w.index(t, l) == w.index(u, l),
                              slot_number(t, l) == slot_number(u, l)};
         }},
        {"range_contains_its_ticks", "WAIT-2",
         "a slot's range contains its ticks: no wake-up comes after the first key",
         [=](const wheel& w) {
             const term begin = begin_of(w, t, l, p);
             return statement{lies(t, l, p), begin <= t && t - begin < term{1} << (l * term{level_bits})};
         }},
        {"slot_lies_ahead", "TIME-2, TIME-3", "above level 0 a slot begins after the position",
         [=](const wheel& w) { return statement{lies(t, l, p) && !(l == term{0}), p < begin_of(w, t, l, p)}; }},
        {"level_0_is_exact", "TIME-2, TIME-3", "at level 0 a slot is one tick: nothing is early, nothing late",
         [=](const wheel& w) { return statement{lies(t, term{0}, p), begin_of(w, t, term{0}, p) == t}; }},
        {"order_in_a_level", "TIME-3, TIME-4", "an earlier slot of a level has the earlier ticks",
         [=](const wheel& w) {
             return statement{lies(t, l, p) && lies(u, l, p) && rank(w, t, l, p) < rank(w, u, l, p), t < u};
         }},
        {"lower_levels_first", "TIME-3, TIME-4",
         "what lies in the position's own block of a level comes before all slots of higher levels",
         [=](const wheel& w) {
             return statement{lies(t, l, p) && !in_next_block(t, l, p) && lies(u, m, p) && l < m,
                              t < begin_of(w, u, m, p)};
         }},
        {"cover_is_found", "TIME-3, TIME-4",
         "what lies in the next block comes before all slots of higher levels but those that contain the block, which "
         "begin where it does",
         [=](const wheel& w) {
             const term begin = begin_of(w, t, l, p);
             return statement{in_next_block(t, l, p) && lies(u, m, p) && l < m,
                              begin < begin_of(w, u, m, p) || (w.index(begin, m) == w.index(u, m) &&
                                                               begin_of(w, u, m, p) == w.block_begin(begin, l))};
         }},
        {"cover_is_elsewhere", "TIME-3, TIME-4",
         "above the level where the next block's slot is the position's own, none contains the block but the "
         "position's",
         [=](const wheel& w) {
             return statement{in_next_block(t, l, p) && l < m && m < term{levels} && w.index(t, m) == w.index(p, m),
                              slot_number(t, m) == slot_number(p, m)};
         }},
        {"move_moves_nobody", "TIME-3, TIME-4",
         "a move that enters no slot in which timers lie leaves all where they are",
         [=](const wheel& w) {
             const z3::expr enters_none = q < begin_of(w, t, l, p) || (l == term{0} && q <= t);
             return statement{lies(t, l, p) && p <= q && enters_none,
                              lies(t, l, q) && begin_of(w, t, l, q) == begin_of(w, t, l, p)};
         }},
        {"block_begins_ahead", "TIME-2", "a move to the next block's beginning goes forward, and not too far",
         [=](const wheel& w) {
             return statement{in_next_block(t, l, p), p < w.block_begin(t, l) && w.block_begin(t, l) <= t};
         }},
        {"cascade_stays_in_reach", "TIME-3",
         "from a slot that the position has come to, a timer goes one level down into the position's own block",
         [=](const wheel& w) {
             const term begin = begin_of(w, t, l, p);
             return statement{lies(t, l, p) && !(l == term{0}),
                              block_number(t, l - term{1}) == block_number(begin, l - term{1}) &&
                                  w.begin(begin, l - term{1}, w.index(t, l - term{1})) <= t};
         }},
        {"ahead_is_next", "TIME-3", "from the slot that follows, a timer goes one level down into the next block",
         [=](const wheel& w) {
             return statement{lies(t, l, p) && !(l == term{0}) && w.index(t, l) == w.next_index(p, l),
                              in_next_block(t, l - term{1}, p) && slot_number(t, l) == slot_number(p, l) + term{1}};
         }},
        {"woken_a_slot_before", "WAIT-2", "a slot before one that does not follow yet begins the slot that it follows",
         [=](const wheel& w) {
             const term before = w.before(begin_of(w, t, l, p), l);
             return statement{lies(t, l, p) && !(l == term{0}) && !(w.index(t, l) == w.next_index(p, l)),
                              p < before && before == (slot_number(t, l) - term{1}) << (l * term{level_bits}) &&
                                  w.next_index(before, l) == w.index(t, l)};
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
            if (refuted && refutes[n]) {
                ++n;  // both have shown what they must
                continue;
            }
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
