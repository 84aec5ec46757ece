// SPDX-License-Identifier: BSL-1.0
// Litmus tests of read-modify-writes; see litmus_test.cpp.
#include "litmus.hpp"

namespace galley::interleave {
namespace {

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

TEST(Litmus, ExchangesFormAChain) {  // each value is taken by one
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int a = 0;
        int b = 0;
        s.run({[&] { a = x.exchange(1, relaxed); }, [&] { b = x.exchange(2, relaxed); }});
        s.outcome(text(a, b, x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"012", "201"}));
}

TEST(Litmus, NothingComesBetweenTheHalvesOfAReadModifyWrite) {
    const auto found = outcomes([](stage& s) {
        atomic<int> x{0};
        int a = 0;
        s.run({[&] { a = x.fetch_add(1, relaxed); }, [&] { x.store(5, relaxed); }});
        s.outcome(text(a, x.load(relaxed)));
    });
    EXPECT_EQ(found, (set{"05", "56"}));
}

TEST(Litmus, AWeakCompareExchangeMayFailForNoReason) {
    const auto with = [](bool weak) {
        return [=](stage& s) {
            atomic<int> x{0};
            int expected = 0;
            bool done = false;
            s.run({[&] {
                done = weak ? x.compare_exchange_weak(expected, 1, relaxed, relaxed)
                            : x.compare_exchange_strong(expected, 1, relaxed, relaxed);
            }});
            s.outcome(text(int{done}, expected, x.load(relaxed)));
        };
    };
    EXPECT_EQ(outcomes(with(true)), (set{"101"}));
    EXPECT_EQ(outcomes(with(true), {.spurious = 1}), (set{"101", "000"}));
    EXPECT_EQ(outcomes(with(false), {.spurious = 1}), (set{"101"}));
}

}  // namespace
}  // namespace galley::interleave
