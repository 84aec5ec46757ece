// SPDX-License-Identifier: BSL-1.0
// Litmus tests of three and four threads; see litmus_test.cpp.
#include "litmus.hpp"

namespace galley::interleave {
namespace {

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

TEST(Litmus, WRWC) {  // write, read to write causality: a fence on both sides forbids it
    const auto with = [](bool fences) {
        return [=](stage& s) {
            atomic<int> x{0};
            atomic<int> y{0};
            atomic<int> z{0};
            std::array<int, 3> r{};
            s.run({[&] {
                       x.store(1, relaxed);
                       y.store(1, release);
                   },
                   [&] {
                       r[0] = y.load(acquire);
                       if (fences) {
                           fence(seq_cst);
                       }
                       r[1] = z.load(relaxed);
                   },
                   [&] {
                       z.store(1, relaxed);
                       if (fences) {
                           fence(seq_cst);
                       }
                       r[2] = x.load(relaxed);
                   }});
            s.outcome(text(r[0], r[1], r[2]));
        };
    };
    EXPECT_EQ(outcomes(with(false)), all_but(3));
    EXPECT_EQ(outcomes(with(true)), all_but(3, {"100"}));
}

TEST(Litmus, SBOfThree) {
    const auto with = [](order stores, order loads) {
        return [=](stage& s) {
            std::array<atomic<int>, 3> x{};
            std::array<int, 3> r{};
            const auto side = [&](std::size_t i) {
                x[i].store(1, stores);
                r[i] = x[(i + 1) % 3].load(loads);
            };
            s.run({[&] { side(0); }, [&] { side(1); }, [&] { side(2); }});
            s.outcome(text(r[0], r[1], r[2]));
        };
    };
    EXPECT_EQ(outcomes(with(release, acquire)), all_but(3));
    EXPECT_EQ(outcomes(with(seq_cst, seq_cst)), all_but(3, {"000"}));
}

TEST(Litmus, MPThroughAReadModifyWrite) {  // of a third thread, which need not order anything itself
    const auto found = outcomes([](stage& s) {
        atomic<int> data{0};
        atomic<int> x{0};
        int seen = 0;
        int d = 0;
        s.run({[&] {
                   data.store(1, relaxed);
                   x.store(1, release);
               },
               [&] {
                   int one = 1;
                   (void)x.compare_exchange_strong(one, 2, relaxed, relaxed);
               },
               [&] {
                   seen = x.load(acquire);
                   d = data.load(relaxed);
               }});
        s.outcome(text(seen, d));
    });
    EXPECT_EQ(found, (set{"00", "01", "11", "21"}));
}

}  // namespace
}  // namespace galley::interleave
