// SPDX-License-Identifier: BSL-1.0
// The explorer itself on programs whose outcomes are known: each set must be exact, nothing missing and nothing more.
//
// The programs and their names are those of the literature on weak memory (SB store buffering, MP message passing, LB
// load buffering, IRIW independent reads of independent writes, ...); what C++20 allows follows from [atomics.order].
// Here: two threads.
#include "litmus.hpp"

namespace galley::interleave {
namespace {

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

TEST(Litmus, CoWW) {  // a thread's writes of one variable stay in order
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        s.run({[&] {
                   x.store(1, relaxed);
                   x.store(2, relaxed);
               },
               [&] { x.store(3, relaxed); }});
        s.outcome(text(x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"2", "3"}));
}

TEST(Litmus, CoRW) {  // what a thread has read comes before what it writes then
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int a = 0;
        s.run({[&] {
                   a = x.load(relaxed);
                   x.store(1, relaxed);
               },
               [&] { x.store(2, relaxed); }});
        s.outcome(text(a, x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"01", "02", "21"}));
}

TEST(Litmus, SBWithOneFence) {  // against relaxed accesses it is none; against seq_cst ones it has its place in S
    const auto with = [](order others) {
        return [=](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            int a = 0;
            int b = 0;
            s.run({[&] {
                       x.store(1, relaxed);
                       fence(seq_cst);
                       a = y.load(relaxed);
                   },
                   [&] {
                       y.store(1, others);
                       b = x.load(others);
                   }});
            s.outcome(text(a, b));
        };
    };
    EXPECT_EQ(outcomes(with(relaxed)), all_but(2));
    EXPECT_EQ(outcomes(with(seq_cst)), all_but(2, {"00"}));
}

}  // namespace
}  // namespace galley::interleave
