// SPDX-License-Identifier: BSL-1.0
// The wheel against an ordered map: tiny wheels exhausted (their whole range, so that every level but the top one wraps
// at least twice, and the top one meets the end of time), the real one under random sequences that favour digit
// boundaries and the ends of the range.
#include <galley/fast/timer_wheel.hpp>
#include <tests/checked_wheel.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using galley::duration;
using galley::instant;
using galley::timer;
using galley::test::checked_wheel;
using galley::test::tick;

/// Runs one case of an enumeration; a failure names the case.
template <class... Numbers, class Case>
bool holds(const Case& run, const char* what, Numbers... numbers) {
    try {
        run();
        return true;
    } catch (const std::logic_error& error) {
        std::ostringstream text;
        text << what;
        ((text << ' ' << numbers), ...);
        ADD_FAILURE() << error.what() << " in " << text.str();
        return false;
    }
}

/// From every tick, two timers of every two deadlines, each cancel choice, then every second sample and the end.
template <unsigned LevelBits, unsigned KeyBits, unsigned Handful = 512>
void every_pair() {
    using wheel = checked_wheel<LevelBits, KeyBits, Handful>;
    constexpr tick end = wheel::last_tick + 1;
    std::uint64_t cases = 0;
    std::uint64_t fired = 0;
    for (tick from = 0; from != end; ++from) {
        for (tick a = from; a != end; ++a) {
            for (tick b = from; b != end; ++b) {
                for (int cancel = 0; cancel != 3; ++cancel) {
                    for (tick then = from; then != end; ++then) {
                        const auto run = [&] {
                            wheel w{2};
                            w.collect(from);
                            w.start(0, a);
                            w.start(1, b);
                            if (cancel != 0) {
                                w.cancel(cancel == 1 ? 0 : 1);
                            }
                            fired += static_cast<std::uint64_t>(w.collect(then) + w.collect(end - 1));
                        };
                        ++cases;
                        if (!holds(run, "from, first, second, cancelled, then:", from, a, b, cancel, then)) {
                            return;
                        }
                    }
                }
            }
        }
    }
    EXPECT_EQ(fired * 3, cases * 4) << "two, one and one timers fire";
    std::cout << "wheel<" << LevelBits << "," << KeyBits << ">, pairs: " << cases << " cases, " << fired << " fired\n";
}

TEST(TimerWheel, EveryPairOneBitLevels) { every_pair<1, 5>(); }
TEST(TimerWheel, EveryPairTwoBitLevels) { every_pair<2, 5>(); }
TEST(TimerWheel, EveryPairOfOneLevel) { every_pair<4, 4>(); }
// A handful of one: every slot that has a timer is crowded.
TEST(TimerWheel, EveryPairMovedAhead) { every_pair<1, 5, 1>(); }
TEST(TimerWheel, EveryPairHalfMovedAhead) { every_pair<2, 5, 2>(); }

/// One timer from every tick to every tick of a larger range, walked tick by tick: every level but the top one wraps
/// twice and more.
template <unsigned LevelBits, unsigned KeyBits, unsigned Handful = 512>
void every_walk() {
    using wheel = checked_wheel<LevelBits, KeyBits, Handful>;
    std::uint64_t cases = 0;
    for (tick from = 0; from <= wheel::last_tick; ++from) {
        for (tick due = from; due <= wheel::last_tick; ++due) {
            const auto run = [&] {
                wheel w{2};
                w.collect(from);
                w.start(0, due);
                w.start(1, wheel::last_tick);  // so that there is always one to be passed over
                int fired = 0;
                for (tick now = from; now <= wheel::last_tick; ++now) {
                    fired += w.collect(now);
                }
                if (fired != 2) {
                    throw std::logic_error("a timer was lost");
                }
            };
            ++cases;
            if (!holds(run, "from, due:", from, due)) {
                return;
            }
        }
    }
    std::cout << "wheel<" << LevelBits << "," << KeyBits << ">, walks: " << cases << " cases\n";
}

TEST(TimerWheel, EveryWalkOneBitLevels) { every_walk<1, 6>(); }
TEST(TimerWheel, EveryWalkTwoBitLevels) { every_walk<2, 6>(); }
TEST(TimerWheel, EveryWalkUnevenTopLevel) { every_walk<3, 7>(); }
TEST(TimerWheel, EveryWalkMovedAhead) { every_walk<1, 6, 1>(); }
TEST(TimerWheel, EveryWalkMovedAheadTwoBitLevels) { every_walk<2, 6, 1>(); }

/// Every sequence of `depth` operations on `timers` timers: start at any tick, cancel, collect at any tick.
template <unsigned LevelBits, unsigned KeyBits, unsigned Handful = 512>
struct every_sequence {
    using wheel = checked_wheel<LevelBits, KeyBits, Handful>;
    struct step {
        enum { start, cancel, collect } what;
        std::size_t timer;
        tick at;
    };
    std::size_t timers;
    std::size_t depth;
    std::uint64_t cases{};
    std::vector<step> steps{};

    bool run_one() {
        ++cases;
        const auto run = [this] {
            wheel w{timers};
            for (const step& s : steps) {
                s.what == step::start    ? w.start(s.timer, s.at)
                : s.what == step::cancel ? w.cancel(s.timer)
                                         : static_cast<void>(w.collect(s.at));
            }
            w.collect(wheel::last_tick);
        };
        if (holds(run, "sequence")) {
            return true;
        }
        for (const step& s : steps) {
            const char* const names[] = {"start", "cancel", "collect"};
            std::cout << "  " << names[s.what] << " timer " << s.timer << " at " << s.at << "\n";
        }
        return false;
    }
    bool from(tick now) {
        if (steps.size() == depth) {
            return run_one();
        }
        const auto with = [this](step s, tick later) {
            steps.push_back(s);
            const bool good = from(later);
            steps.pop_back();
            return good;
        };
        for (std::size_t i = 0; i != timers; ++i) {
            for (tick due = now; due <= wheel::last_tick; ++due) {
                if (!with({step::start, i, due}, now)) {
                    return false;
                }
            }
            if (!with({step::cancel, i, 0}, now)) {
                return false;
            }
        }
        for (tick later = now; later <= wheel::last_tick; ++later) {
            if (!with({step::collect, 0, later}, later)) {
                return false;
            }
        }
        return true;
    }
};

TEST(TimerWheel, EverySequenceOfFiveOnTwoTimers) {
    every_sequence<1, 3> all{.timers = 2, .depth = 5};
    EXPECT_TRUE(all.from(0));
    std::cout << "wheel<1,3>, 2 timers: " << all.cases << " sequences of 5\n";
}

TEST(TimerWheel, EverySequenceOfFourOnTwoTimers) {
    every_sequence<2, 4> all{.timers = 2, .depth = 4};
    EXPECT_TRUE(all.from(0));
    std::cout << "wheel<2,4>, 2 timers: " << all.cases << " sequences of 4\n";
}

TEST(TimerWheel, EverySequenceOfFourOnThreeTimers) {
    every_sequence<1, 3> all{.timers = 3, .depth = 4};
    EXPECT_TRUE(all.from(0));
    std::cout << "wheel<1,3>, 3 timers: " << all.cases << " sequences of 4\n";
}

TEST(TimerWheel, EverySequenceOfFiveMovedAhead) {
    every_sequence<1, 3, 1> all{.timers = 2, .depth = 5};
    EXPECT_TRUE(all.from(0));
    std::cout << "wheel<1,3,1>, 2 timers: " << all.cases << " sequences of 5\n";
}

TEST(TimerWheel, EverySequenceOfFourHalfMovedAhead) {
    every_sequence<1, 3, 2> all{.timers = 3, .depth = 4};
    EXPECT_TRUE(all.from(0));
    std::cout << "wheel<1,3,2>, 3 timers: " << all.cases << " sequences of 4\n";
}

/// Every three deadlines; the timer that fires first does every possible thing to every timer (itself too); then every
/// sample (TIME-3, TIME-6, TIME-8).
template <unsigned LevelBits, unsigned KeyBits, unsigned Handful = 512>
void every_fire() {
    using wheel = checked_wheel<LevelBits, KeyBits, Handful>;
    constexpr tick end = wheel::last_tick + 1;
    std::uint64_t cases = 0;
    for (std::size_t code = 0; code != end * end * end; ++code) {
        const tick dues[] = {code % end, code / end % end, code / end / end};
        for (tick sample = 0; sample != end; ++sample) {
            for (std::size_t target = 0; target != 3; ++target) {
                for (tick restart = sample; restart <= end; ++restart) {  // `end`: cancel instead
                    const auto run = [&] {
                        wheel w{3};
                        for (std::size_t i = 0; i != 3; ++i) {
                            w.start(i, dues[i]);
                        }
                        int acted = 0;
                        const auto act = [&](std::size_t) {
                            if (++acted == 1) {
                                restart == end ? w.cancel(target) : w.start(target, std::max(restart, w.now()));
                            }
                        };
                        w.collect(sample, act);
                        w.collect(sample, act);
                        w.collect(end - 1, act);
                    };
                    ++cases;
                    if (!holds(run, "deadlines, sample, target, restart:", dues[0], dues[1], dues[2], sample, target,
                               restart)) {
                        return;
                    }
                }
            }
        }
    }
    std::cout << "wheel<" << LevelBits << "," << KeyBits << ">, fires: " << cases << " cases\n";
}

TEST(TimerWheel, EveryFireOneBitLevels) { every_fire<1, 4>(); }
TEST(TimerWheel, EveryFireTwoBitLevels) { every_fire<2, 4>(); }
TEST(TimerWheel, EveryFireMovedAhead) { every_fire<1, 4, 1>(); }

/// T7: a timer that restarts itself, due at once, fires once in every collect and does not hold it.
TEST(TimerWheel, RestartingDueDoesNotLivelock) {
    checked_wheel<2, 4> w{1};
    w.start(0, 0);
    for (const tick now : {0U, 0U, 5U, 5U, 15U, 15U}) {
        EXPECT_EQ(w.collect(now, [&](std::size_t) { w.start(0, now); }), 1);
    }
}

/// T8: a callback that cancels everything leaves nothing to fire, though all were due.
TEST(TimerWheel, CancelAllFromAFire) {
    checked_wheel<2, 6> w{40};
    for (std::size_t i = 0; i != 40; ++i) {
        w.start(i, i);
    }
    const auto cancel_all = [&](std::size_t) {
        for (std::size_t i = 0; i != 40; ++i) {
            w.cancel(i);
        }
    };
    EXPECT_EQ(w.collect(50, cancel_all), 1);
}

/// More timers in one slot than wake_by is willing to look at: it gives the slot's beginning, and is exact again when
/// that has been reached.
TEST(TimerWheel, WakeByOfASlotOfManyIsItsBeginning) {
    galley::fast::timer_wheel<6, 63> wheel{0};
    std::deque<timer> timers;
    for (std::int64_t i = 0; i != 100; ++i) {
        timer& t = timers.emplace_back(nullptr);
        t.set_key(instant{duration{64 * 64 + 100 - i}});
        wheel.start(t);
    }
    const instant begin{duration{64 * 64}};
    EXPECT_EQ(wheel.first_key(), begin + duration{1});
    EXPECT_EQ(wheel.wake_by(), begin);
    EXPECT_EQ(wheel.pop_due(begin), nullptr);
    EXPECT_EQ(wheel.wake_by(), begin + duration{1});
}

/// A crowded slot is woken for a slot before, and then at once until all but its remainder has been moved ahead.
TEST(TimerWheel, WakeByOfACrowdedSlotIsASlotBefore) {
    constexpr unsigned count = 60;
    galley::fast::timer_wheel<6, 63, 16> wheel{0};
    std::deque<timer> timers;
    const instant begin{duration{9 * 64}};
    for (unsigned i = 0; i != count; ++i) {
        timer& t = timers.emplace_back(nullptr);
        t.set_key(begin + duration{i});
        wheel.start(t);
    }
    const instant before{duration{8 * 64}};
    EXPECT_EQ(wheel.first_key(), begin);
    EXPECT_EQ(wheel.wake_by(), before);
    for (const unsigned moved : {16U, 32U, 48U, count}) {
        EXPECT_EQ(wheel.pop_due(before), nullptr);
        EXPECT_EQ(wheel.moves(), moved);
        EXPECT_EQ(wheel.first_key(), begin);
        EXPECT_EQ(wheel.wake_by(), moved == count ? begin : before) << moved;
    }
}

/// When a million timers are due. One in so many is due at any time of the span, the others within a second of it.
struct crowd {
    const char* name;
    std::int64_t span;  ///< seconds
    std::uint64_t evenly_one_in;
    std::int64_t clock{0};  ///< where it begins, in seconds
};

/// Waits as the loop does, until all have fired. No turn in which none fires moves more than 2,048.
void fires_in_small_turns(const crowd& c) {
    constexpr std::size_t count = 1'000'000;
    constexpr std::int64_t second = 1'000'000'000;
    std::mt19937_64 random{7};
    std::deque<timer> timers;
    const instant begin{duration{c.clock * second}};
    const auto wheel = std::make_unique<galley::fast::timer_wheel<>>(10U, begin);
    for (std::size_t i = 0; i != count; ++i) {
        const bool evenly = i % c.evenly_one_in == 0;
        const auto spread =
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>((evenly ? c.span : 1) * second));
        const auto due = begin + duration{evenly ? spread : c.span * second / 2 + spread};
        timers.emplace_back(nullptr).set_key(galley::resolution{10}.round_up(due));
        wheel->start(timers.back());
    }
    std::size_t fired = 0;
    std::size_t turns = 0;
    std::uint64_t most = 0;
    instant now = begin;
    instant last{};
    while (fired != count) {
        const std::optional<instant> until = wheel->wake_by();
        ASSERT_TRUE(until.has_value());
        now = std::max(now, *until);
        const std::uint64_t moved_before = wheel->moves();
        const std::size_t fired_before = fired;
        while (const timer* const t = wheel->pop_due(now)) {
            ASSERT_LE(last, t->key());
            last = t->key();
            ++fired;
        }
        if (fired == fired_before) {
            most = std::max(most, wheel->moves() - moved_before);
        }
        ASSERT_LE(++turns, 2 * count) << "it is woken too often";
    }
    EXPECT_TRUE(wheel->empty());
    EXPECT_GT(most, 0U);
    EXPECT_LE(most, 2048U);
    std::cout << c.name << ": " << turns << " turns, of which none that fired nothing moved more than " << most << ", "
              << static_cast<double>(wheel->moves()) / count << " moves a timer\n";
}

TEST(TimerWheel, NoTurnThatFiresNothingMovesMany) {
    for (const crowd& c : {crowd{"over 10 s", 10, 1}, crowd{"over 10 min", 600, 1}, crowd{"over 1 h", 3600, 1},
                           crowd{"over a day", 86400, 1}, crowd{"over 1 h, 90 % within one second", 3600, 10},
                           crowd{"over 10 s, ten days after the clock's zero", 10, 1, 864'000}}) {
        fires_in_small_turns(c);
    }
}

/// A distance that favours the places where digits change, and the whole range.
tick random_tick(tick from, tick last) {
    const auto bits = *rc::gen::inRange<unsigned>(0, 64);
    const auto near = *rc::gen::inRange<tick>(0, 3);
    const tick step = bits == 63 ? last - from : tick{1} << bits;
    switch (*rc::gen::inRange(0, 5)) {
        case 0: return from;
        case 1: return from + std::min(step - std::min(step, near), last - from);
        case 2: {  // just before, at and after a multiple of 2^bits
            const tick boundary = (from | (step - 1)) - 1 + near;
            return std::min(std::max(boundary, from), last);
        }
        case 3: return last - std::min(near, last - from);
        default: return std::min(from + *rc::gen::inRange<tick>(0, 200), last);
    }
}

/// Long random sequences on the real constants; timers that fire restart themselves or cancel others.
template <unsigned Handful = 512>
void random_sequence(unsigned resolution_bits) {
    constexpr std::size_t timers = 48;
    checked_wheel<6, 63, Handful> w{timers, resolution_bits};
    const auto any_timer = [] { return *rc::gen::inRange<std::size_t>(0, timers); };
    const int length = *rc::gen::inRange(1, 3000);
    for (int i = 0; i != length; ++i) {
        switch (*rc::gen::inRange(0, 6)) {
            case 0:
            case 1:
            case 2: w.start(any_timer(), random_tick(w.now(), w.last())); break;
            case 3: w.cancel(any_timer()); break;
            default:
                w.collect(random_tick(w.now(), std::max(w.now(), w.last() >> *rc::gen::inRange(0, 40))),
                          [&](std::size_t fired) {
                              switch (*rc::gen::inRange(0, 5)) {
                                  case 0: w.start(fired, random_tick(w.now(), w.last())); break;
                                  case 1: w.cancel(any_timer()); break;
                                  case 2: w.start(any_timer(), w.now()); break;
                                  default: break;
                              }
                          });
        }
    }
    w.collect(w.last());
}

RC_GTEST_PROP(TimerWheel, RandomSequencesAtOneNanosecond, ()) { random_sequence(0); }
RC_GTEST_PROP(TimerWheel, RandomSequencesAtAMicrosecond, ()) { random_sequence(10); }
RC_GTEST_PROP(TimerWheel, RandomSequencesAtTheCoarsest, ()) { random_sequence(40); }
RC_GTEST_PROP(TimerWheel, RandomSequencesMovedAhead, ()) { random_sequence<1>(0); }
RC_GTEST_PROP(TimerWheel, RandomSequencesHalfMovedAhead, ()) { random_sequence<5>(10); }

/// Thousands of timers, few ticks: what is equal keeps its order through sorting, merging and moving ahead.
template <unsigned LevelBits, unsigned Handful>
void random_crowd() {
    constexpr std::size_t timers = 2000;
    checked_wheel<LevelBits, 63, Handful> w{timers};
    std::mt19937_64 random{*rc::gen::arbitrary<std::uint64_t>()};
    const tick span = tick{1} << (4 + random() % 14);
    const auto soon = [&] { return w.now() + random() % span; };
    for (int turn = 0; turn != 12; ++turn) {
        for (std::size_t i = random() % timers; i != 0; --i) {
            w.start(random() % timers, soon());
        }
        for (std::size_t i = random() % 500; i != 0; --i) {
            w.cancel(random() % timers);
        }
        w.collect(w.now() + random() % (span / 8), [&](std::size_t fired) {
            if (random() % 2 == 0) {
                w.start(fired, soon());
            }
        });
    }
    w.collect(w.now() + 2 * span);
}

RC_GTEST_PROP(TimerWheel, RandomCrowds, ()) { random_crowd<6, 512>(); }
RC_GTEST_PROP(TimerWheel, RandomCrowdsMovedAhead, ()) { random_crowd<4, 20>(); }

}  // namespace
