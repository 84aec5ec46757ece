// SPDX-License-Identifier: BSL-1.0
// The explorer itself on programs whose outcomes are known: each set must be exact, nothing missing and nothing more.
//
// The programs and their names are those of the literature on weak memory (SB store buffering, MP message passing, LB
// load buffering, IRIW independent reads of independent writes, ...); what C++20 allows follows from [atomics.order].
#include "atomic.hpp"
#include "explore.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>
#include <string>

namespace galley::interleave {
namespace {

using set = std::set<std::string>;
using enum std::memory_order;
using order = std::memory_order;

/// All strings of so many zeros and ones, but for those.
set all_but(std::size_t digits, const set& without = {}) {
    set all;
    for (std::size_t bits = 0; bits < std::size_t{1} << digits; ++bits) {
        std::string text;
        for (std::size_t i = digits; i-- > 0;) {
            text += (bits >> i & 1) != 0 ? '1' : '0';
        }
        if (!without.contains(text)) {
            all.insert(text);
        }
    }
    return all;
}

template <class... Ints>
std::string text(Ints... n) {
    return (std::to_string(n) + ...);
}

set outcomes(const program& p) {
    const report r = explore(p);
    EXPECT_TRUE(r.complete) << (r.failed ? r.failed->what + "\n" + r.failed->steps : "");
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    std::cout << test->name() << ": " << r.executions << " executions, " << r.outcomes.size() << " outcomes\n";
    return r.outcomes;
}

std::string failure_of(const program& p) {
    const report r = explore(p);
    return r.failed ? r.failed->what : "";
}

program store_buffering(order stores, order loads, bool fences = false) {
    return [=](stage& s) {
        atomic<int> x{0};
        atomic<int> y{0};
        int a = 0;
        int b = 0;
        const auto side = [=](atomic<int>& mine, atomic<int>& other, int& seen) {
            mine.store(1, stores);
            if (fences) {
                fence(seq_cst);
            }
            seen = other.load(loads);
        };
        s.run({[&] { side(x, y, a); }, [&] { side(y, x, b); }});
        s.outcome(text(a, b));
    };
}

TEST(Litmus, SB) {
    EXPECT_EQ(outcomes(store_buffering(relaxed, relaxed)), all_but(2));
    EXPECT_EQ(outcomes(store_buffering(release, acquire)), all_but(2));
    EXPECT_EQ(outcomes(store_buffering(seq_cst, seq_cst)), all_but(2, {"00"}));
    EXPECT_EQ(outcomes(store_buffering(seq_cst, acquire)), all_but(2));
    EXPECT_EQ(outcomes(store_buffering(relaxed, relaxed, true)), all_but(2, {"00"}));
}

TEST(Litmus, SBThroughOneMoreVariable) {  // read-modify-writes of one variable are ordered, whichever comes first
    const auto with = [](order o) {
        return [o](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            atomic<int> between{0};
            int a = 0;
            int b = 0;
            const auto side = [&](atomic<int>& mine, atomic<int>& other, int& seen) {
                mine.store(1, relaxed);
                between.fetch_add(1, o);
                seen = other.load(relaxed);
            };
            s.run({[&] { side(x, y, a); }, [&] { side(y, x, b); }});
            s.outcome(text(a, b));
        };
    };
    EXPECT_EQ(outcomes(with(acq_rel)), all_but(2, {"00"}));
    EXPECT_EQ(outcomes(with(release)), all_but(2));
    EXPECT_EQ(outcomes(with(acquire)), all_but(2));
}

program message_passing(order stored, order loaded, bool release_fence = false, bool acquire_fence = false) {
    return [=](stage& s) {
        atomic<int> data{0};
        atomic<int> flag{0};
        int f = 0;
        int d = 0;
        s.run({[&] {
                   data.store(1, relaxed);
                   if (release_fence) {
                       fence(release);
                   }
                   flag.store(1, stored);
               },
               [&] {
                   f = flag.load(loaded);
                   if (acquire_fence) {
                       fence(acquire);
                   }
                   d = data.load(relaxed);
               }});
        s.outcome(text(f, d));
    };
}

TEST(Litmus, MP) {
    EXPECT_EQ(outcomes(message_passing(relaxed, relaxed)), all_but(2));
    EXPECT_EQ(outcomes(message_passing(release, relaxed)), all_but(2));
    EXPECT_EQ(outcomes(message_passing(relaxed, acquire)), all_but(2));
    EXPECT_EQ(outcomes(message_passing(release, acquire)), all_but(2, {"10"}));
    EXPECT_EQ(outcomes(message_passing(relaxed, relaxed, true, true)), all_but(2, {"10"}));
    EXPECT_EQ(outcomes(message_passing(release, relaxed, false, true)), all_but(2, {"10"}));
    EXPECT_EQ(outcomes(message_passing(relaxed, acquire, true, false)), all_but(2, {"10"}));
    EXPECT_EQ(outcomes(message_passing(relaxed, relaxed, true, false)), all_but(2));
}

TEST(Litmus, MPOfPlainData) {
    const auto with = [](order stored, order loaded) {
        return [=](stage& s) {
            plain<int> data{0};
            atomic<int> flag{0};
            s.run({[&] {
                       data.set(1);
                       flag.store(1, stored);
                   },
                   [&] {
                       if (flag.load(loaded) == 1) {
                           s.require(data.get() == 1, "what was published is seen");
                       }
                   }});
        };
    };
    EXPECT_EQ(failure_of(with(release, acquire)), "");
    EXPECT_TRUE(failure_of(with(relaxed, acquire)).starts_with("race: "));
    EXPECT_TRUE(failure_of(with(release, relaxed)).starts_with("race: "));
}

TEST(Litmus, LB) {  // 11 is allowed by C++ and not explored: a thread never reads what is written later
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        atomic<int> y{0};
        int a = 0;
        int b = 0;
        s.run({[&] {
                   a = x.load(relaxed);
                   y.store(1, relaxed);
               },
               [&] {
                   b = y.load(relaxed);
                   x.store(1, relaxed);
               }});
        s.outcome(text(a, b));
    });
    EXPECT_EQ(found, all_but(2, {"11"}));
}

TEST(Litmus, CoRR) {  // what one thread reads of one variable never goes back
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int a = 0;
        int b = 0;
        s.run({[&] {
                   x.store(1, relaxed);
                   x.store(2, relaxed);
               },
               [&] {
                   a = x.load(relaxed);
                   b = x.load(relaxed);
               }});
        s.outcome(text(a, b));
    });
    EXPECT_EQ(found, (set{"00", "01", "02", "11", "12", "22"}));
}

TEST(Litmus, CoRROfTwoWriters) {  // two readers agree on the order of two writes
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        std::array<int, 4> r{};
        const auto read_twice = [&](int& first, int& second) {
            first = x.load(relaxed);
            second = x.load(relaxed);
        };
        s.run({[&] { x.store(1, relaxed); }, [&] { x.store(2, relaxed); }, [&] { read_twice(r[0], r[1]); },
               [&] { read_twice(r[2], r[3]); }});
        s.outcome(text(r[0], r[1], r[2], r[3]));
    });
    EXPECT_FALSE(found.contains("1221"));
    EXPECT_FALSE(found.contains("2112"));
    EXPECT_TRUE(found.contains("1212"));
    EXPECT_TRUE(found.contains("0021"));
    // Each reader: 00 01 02 11 12 21 22. Forbidden together: 12 and 21, both ways.
    EXPECT_EQ(found.size(), 7U * 7U - 2U);
}

TEST(Litmus, CoWR) {  // a thread reads its own write, or what came later
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int a = 0;
        s.run({[&] {
                   x.store(1, relaxed);
                   a = x.load(relaxed);
               },
               [&] { x.store(2, relaxed); }});
        s.outcome(text(a, x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"11", "12", "22"}));
}

program independent_reads(order stores, order loads, bool fences = false) {
    return [=](stage& s) {
        atomic<int> x{0};
        atomic<int> y{0};
        std::array<int, 4> r{};
        const auto read = [=](atomic<int>& first, atomic<int>& second, int& a, int& b) {
            a = first.load(loads);
            if (fences) {
                fence(seq_cst);
            }
            b = second.load(loads);
        };
        s.run({[&] { x.store(1, stores); }, [&] { y.store(1, stores); }, [&] { read(x, y, r[0], r[1]); },
               [&] { read(y, x, r[2], r[3]); }});
        s.outcome(text(r[0], r[1], r[2], r[3]));
    };
}

TEST(Litmus, IRIW) {
    EXPECT_EQ(outcomes(independent_reads(relaxed, relaxed)), all_but(4));
    EXPECT_EQ(outcomes(independent_reads(release, acquire)), all_but(4));
    EXPECT_EQ(outcomes(independent_reads(seq_cst, seq_cst)), all_but(4, {"1010"}));
    EXPECT_EQ(outcomes(independent_reads(relaxed, relaxed, true)), all_but(4, {"1010"}));
}

program write_to_read_causality(order stores, order loads) {
    return [=](stage& s) {
        atomic<int> x{0};
        atomic<int> y{0};
        std::array<int, 3> r{};
        s.run({[&] { x.store(1, stores); },
               [&] {
                   r[0] = x.load(loads);
                   y.store(1, stores);
               },
               [&] {
                   r[1] = y.load(loads);
                   r[2] = x.load(loads);
               }});
        s.outcome(text(r[0], r[1], r[2]));
    };
}

TEST(Litmus, WRC) {
    EXPECT_EQ(outcomes(write_to_read_causality(relaxed, relaxed)), all_but(3));
    EXPECT_EQ(outcomes(write_to_read_causality(release, acquire)), all_but(3, {"110"}));
}

TEST(Litmus, RWC) {  // read to write causality: only seq_cst forbids it
    const auto with = [](order stores, order loads) {
        return [=](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            std::array<int, 3> r{};
            s.run({[&] { x.store(1, stores); },
                   [&] {
                       r[0] = x.load(loads);
                       r[1] = y.load(loads);
                   },
                   [&] {
                       y.store(1, stores);
                       r[2] = x.load(loads);
                   }});
            s.outcome(text(r[0], r[1], r[2]));
        };
    };
    EXPECT_EQ(outcomes(with(release, acquire)), all_but(3));
    EXPECT_EQ(outcomes(with(seq_cst, seq_cst)), all_but(3, {"100"}));
}

TEST(Litmus, ISA2) {  // message passing along a chain of three
    const auto with = [](order stores, order loads) {
        return [=](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            atomic<int> z{0};
            std::array<int, 3> r{};
            s.run({[&] {
                       x.store(1, relaxed);
                       y.store(1, stores);
                   },
                   [&] {
                       r[0] = y.load(loads);
                       z.store(1, stores);
                   },
                   [&] {
                       r[1] = z.load(loads);
                       r[2] = x.load(relaxed);
                   }});
            s.outcome(text(r[0], r[1], r[2]));
        };
    };
    EXPECT_EQ(outcomes(with(relaxed, relaxed)), all_but(3));
    EXPECT_EQ(outcomes(with(release, acquire)), all_but(3, {"110"}));
}

program two_plus_two_writes(order o) {
    return [=](stage& s) {
        atomic<int> x{0};
        atomic<int> y{0};
        s.run({[&] {
                   x.store(1, o);
                   y.store(2, o);
               },
               [&] {
                   y.store(1, o);
                   x.store(2, o);
               }});
        s.outcome(text(x.load(relaxed), y.load(relaxed)));
    };
}

TEST(Litmus, TwoPlusTwoW) {  // the modification orders of two variables need not agree with any one order
    EXPECT_EQ(outcomes(two_plus_two_writes(relaxed)), (set{"11", "12", "21", "22"}));
    EXPECT_EQ(outcomes(two_plus_two_writes(release)), (set{"11", "12", "21", "22"}));
    EXPECT_EQ(outcomes(two_plus_two_writes(seq_cst)), (set{"12", "21", "22"}));
}

TEST(Litmus, S) {
    const auto with = [](order stored, order loaded) {
        return [=](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            int a = 0;
            s.run({[&] {
                       x.store(2, relaxed);
                       y.store(1, stored);
                   },
                   [&] {
                       a = y.load(loaded);
                       x.store(1, relaxed);
                   }});
            s.outcome(text(a, x.load(relaxed)));
        };
    };
    EXPECT_EQ(outcomes(with(relaxed, relaxed)), (set{"01", "02", "11", "12"}));
    EXPECT_EQ(outcomes(with(release, acquire)), (set{"01", "02", "11"}));
}

TEST(Litmus, R) {
    const auto with = [](order o, order loaded) {
        return [=](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            int a = 0;
            s.run({[&] {
                       x.store(1, o);
                       y.store(1, o);
                   },
                   [&] {
                       y.store(2, o);
                       a = x.load(loaded);
                   }});
            s.outcome(text(y.load(relaxed), a));
        };
    };
    EXPECT_EQ(outcomes(with(release, acquire)), (set{"10", "11", "20", "21"}));
    EXPECT_EQ(outcomes(with(seq_cst, seq_cst)), (set{"10", "11", "21"}));
}

TEST(Litmus, ReadModifyWritesAreAtomic) {
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int a = 0;
        int b = 0;
        s.run({[&] { a = x.fetch_add(1, relaxed); }, [&] { b = x.fetch_add(1, relaxed); }});
        s.outcome(text(a, b, x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"012", "102"}));
}

TEST(Litmus, OneCompareExchangeWins) {
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        bool a = false;
        bool b = false;
        const auto claim = [&](int value) {
            int expected = 0;
            return x.compare_exchange_strong(expected, value, relaxed, relaxed);
        };
        s.run({[&] { a = claim(1); }, [&] { b = claim(2); }});
        s.outcome(text(int{a}, int{b}, x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"101", "012"}));
}

TEST(Litmus, AFailedCompareExchangeMayReadAnOldValue) {
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int seen = 5;
        s.run({[&] {
                   x.store(1, relaxed);
                   x.store(2, relaxed);
               },
               [&] { (void)x.compare_exchange_strong(seen, 9, relaxed, relaxed); }});
        s.outcome(text(seen));
    });
    EXPECT_EQ(found, (set{"0", "1", "2"}));
}

TEST(Litmus, ReleaseSequence) {  // a read-modify-write continues it, a relaxed store (since C++20) does not
    const auto found = [](bool modified) {
        return outcomes([=](stage& s) {
            atomic<int> data{0};
            atomic<int> x{0};
            int seen = 0;
            int d = 0;
            const auto publish = [&] {
                data.store(1, relaxed);
                x.store(1, release);
            };
            const auto read = [&] {
                seen = x.load(acquire);
                d = data.load(relaxed);
            };
            if (modified) {
                s.run({publish, [&] { x.fetch_add(1, relaxed); }, read});
            } else {
                s.run({[&] {
                           publish();
                           x.store(2, relaxed);
                       },
                       read});
            }
            s.outcome(text(seen, d));
        });
    };
    // modified: 1 may be the addition alone, to the initial 0.
    EXPECT_EQ(found(true), (set{"00", "01", "10", "11", "21"}));
    EXPECT_EQ(found(false), (set{"00", "01", "11", "20", "21"}));
}

TEST(Litmus, Tokens) {
    const auto sleeper = [](bool test_before_sleep_only) {
        return [=](stage& s) {
            atomic<int> work{0};
            atomic<int> sleeps{0};
            token wake;
            s.run({[&] {
                       work.store(1, test_before_sleep_only ? relaxed : seq_cst);
                       if (sleeps.load(test_before_sleep_only ? relaxed : seq_cst) == 1) {
                           wake.set();
                       }
                   },
                   [&] {
                       sleeps.store(1, test_before_sleep_only ? relaxed : seq_cst);
                       if (work.load(test_before_sleep_only ? relaxed : seq_cst) == 0) {
                           wake.wait();
                       }
                   }});
        };
    };
    EXPECT_EQ(failure_of(sleeper(false)), "");
    EXPECT_TRUE(failure_of(sleeper(true)).starts_with("deadlock: ")) << "a lost wake-up";
}

TEST(Litmus, ALoopThatNeverEndsIsFound) {
    EXPECT_TRUE(failure_of([](stage& s) {
                    atomic<int> x{0};
                    s.run({[&] {
                        while (x.load(relaxed) == 0) {
                        }
                    }});
                }).starts_with("livelock: "));
}

TEST(Explorer, AFailureReplays) {
    const program p = store_buffering(relaxed, relaxed);
    const program judged = [&](stage& s) {
        atomic<int> x{0};
        atomic<int> y{0};
        int a = 0;
        int b = 0;
        s.run({[&] {
                   x.store(1, relaxed);
                   a = y.load(relaxed);
               },
               [&] {
                   y.store(1, relaxed);
                   b = x.load(relaxed);
               }});
        s.require(a + b != 0, "one of them sees the other");
    };
    const report found = explore(judged);
    ASSERT_TRUE(found.failed);
    EXPECT_NE(found.failed->steps.find("thread 2: load relaxed of variable 0"), std::string::npos)
        << found.failed->steps;
    const report again = replay(judged, found.failed->replay);
    ASSERT_TRUE(again.failed);
    EXPECT_EQ(again.failed->what, found.failed->what);
    EXPECT_EQ(again.failed->steps, found.failed->steps);
    EXPECT_THROW((void)replay(judged, "7.7"), std::invalid_argument);
    EXPECT_THROW((void)replay(judged, "nonsense"), std::invalid_argument);
}

TEST(Explorer, SitesCanBeWeakened) {
    const program p = message_passing(release, acquire);
    EXPECT_EQ(explore(p).outcomes, all_but(2, {"10"}));
    const std::set<site> sites = sites_of({p});
    std::size_t matter = 0;
    for (const site& s : sites) {
        for (const order o : weaker(s)) {
            const weakened now{s, o};
            matter += explore(p).outcomes == all_but(2) ? 1U : 0U;
        }
    }
    EXPECT_EQ(sites.size(), 4U);
    EXPECT_EQ(matter, 2U);
    EXPECT_EQ(explore(p).outcomes, all_but(2, {"10"})) << "it ends with its scope";
}

}  // namespace
}  // namespace galley::interleave
