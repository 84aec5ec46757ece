// SPDX-License-Identifier: BSL-1.0
// The explorer's verdicts, each seen on a program that deserves it; that they come again; and that the search, which
// leaves out most of the orders, misses nothing.
#include "litmus.hpp"

#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace galley::interleave {
namespace {

/// The program fails like that, and once more, with the same steps, when it is replayed.
void expect_verdict(std::string_view verdict, const program& p) {
    const report found = explore(p);
    ASSERT_TRUE(found.failed) << "nothing was found, but should be: " << verdict;
    EXPECT_TRUE(found.failed->what.starts_with(verdict)) << found.failed->what;
    EXPECT_FALSE(found.complete);
    const report again = replay(p, found.failed->replay);
    ASSERT_TRUE(again.failed);
    EXPECT_EQ(again.failed->what, found.failed->what);
    EXPECT_EQ(again.failed->replay, found.failed->replay);
    EXPECT_EQ(again.failed->steps, found.failed->steps);
}

program sleeper(order o) {
    return [=](stage& s) {
        atomic<int> work{0};
        atomic<int> sleeps{0};
        token wake;
        s.run({[&] {
                   work.store(1, o);
                   if (sleeps.load(o) == 1) {
                       wake.set();
                   }
               },
               [&] {
                   sleeps.store(1, o);
                   if (work.load(o) == 0) {
                       wake.wait();
                   }
               }});
    };
}

TEST(Verdict, Deadlock) {  // a lost wake-up
    EXPECT_EQ(failure_of(sleeper(seq_cst)), "");
    expect_verdict("deadlock: thread 2 waits", sleeper(relaxed));
}

TEST(Verdict, Livelock) {
    expect_verdict("livelock: no end after 500 steps", [](stage& s) {
        atomic<int> x{0};
        s.run({[&] {
            while (x.load(relaxed) == 0) {
            }
        }});
    });
    expect_verdict("livelock: no end after 50001 uses", [](stage& s) {
        plain<int> x{0};
        s.run({[&] {
            while (x.get() == 0) {
            }
        }});
    });
}

TEST(Verdict, Race) {
    const auto two = [](bool first_writes, bool second_writes) {
        return [=](stage& s) {
            plain<int> x{0};
            atomic<int> between{0};
            const auto use = [&](bool writes) {
                between.fetch_add(1, relaxed);  // ordered, but not before each other
                writes ? x.set(1) : (void)x.get();
            };
            s.run({[&] { use(first_writes); }, [&] { use(second_writes); }});
        };
    };
    EXPECT_EQ(failure_of(two(false, false)), "");
    expect_verdict("race: ", two(true, false));
    expect_verdict("race: ", two(false, true));
    expect_verdict("race: ", two(true, true));
}

/// Lets one thread end an object that the other uses, before or after.
template <class T, class Use>
program ended_and_used(Use use, bool before) {
    return [=](stage& s) {
        auto object = std::make_unique<T>(0);
        T& same = *object;
        atomic<int> turn{0};
        const auto end = [&] { object.reset(); };
        const auto first = [&] { before ? use(same) : end(); };
        const auto then = [&] { before ? end() : use(same); };
        s.run({[&] {
                   first();
                   turn.store(1, release);
               },
               [&] {
                   if (turn.load(acquire) == 1) {
                       then();
                   }
               }});
    };
}

TEST(Verdict, UseAfterTheEnd) {
    const auto use = [](plain<int>& x) { (void)x.get(); };
    EXPECT_EQ(failure_of(ended_and_used<plain<int>>(use, true)), "");
    expect_verdict("after its end: thread 2 uses", ended_and_used<plain<int>>(use, false));
    const auto change = [](atomic<int>& x) { x.fetch_add(1, seq_cst); };
    EXPECT_EQ(failure_of(ended_and_used<atomic<int>>(change, true)), "");
    expect_verdict("after its end: thread 2 uses", ended_and_used<atomic<int>>(change, false));
}

TEST(Verdict, EndThatRacesWithAUse) {
    expect_verdict("race: ", [](stage& s) {
        auto x = std::make_unique<atomic<int>>(0);
        s.run({[&] { x->store(1, seq_cst); },
               [&, &same = *x] {
                   if (same.load(relaxed) == 1) {
                       x.reset();
                   }
               }});
    });
}

TEST(Verdict, Requirement) {
    expect_verdict("not so: one of them sees the other", [](stage& s) {
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
    });
}

TEST(Verdict, AnExceptionGoesThrough) {
    const program p = [](stage& s) {
        atomic<int> x{0};
        s.run({[&] { x.store(1, relaxed); },
               [&] {
                   if (x.load(relaxed) == 1) {
                       throw std::runtime_error{"seen"};
                   }
               }});
    };
    EXPECT_THROW((void)explore(p), std::runtime_error);
    EXPECT_EQ(outcomes([](stage& s) { s.outcome("as before"); }), set{"as before"});
}

void message_passing(stage& s) {
    atomic<int> data{0};
    atomic<int> flag{0};
    int f = 0;
    int d = 0;
    s.run({[&] {
               data.store(1, relaxed);
               flag.store(1, release);
           },
           [&] {
               f = flag.load(acquire);
               d = data.load(relaxed);
           }});
    s.outcome(text(f, d));
}

TEST(Explorer, AReplayOfAnotherProgramIsRefused) {
    EXPECT_THROW((void)replay(message_passing, "7.7"), std::invalid_argument);
    EXPECT_THROW((void)replay(message_passing, "nonsense"), std::invalid_argument);
}

TEST(Explorer, TheStepsTellWhatWasDone) {
    const report found = explore([](stage& s) {
        atomic<int> x{0};
        s.run({[&] { x.store(1, relaxed); }, [&] { s.require(x.load(acquire) == 0, "it is early"); }});
    });
    ASSERT_TRUE(found.failed);
    EXPECT_NE(found.failed->steps.find("thread 1: store relaxed of variable 0 at explorer_test.cpp:"),
              std::string::npos);
    EXPECT_NE(found.failed->steps.find("thread 2: load acquire of variable 0 at explorer_test.cpp:"),
              std::string::npos);
}

TEST(Explorer, SitesCanBeWeakened) {
    const program p = message_passing;
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

// ---- nothing is missed ---------------------------------------------------------------------------------------------

struct operation {
    enum class kind : std::uint8_t { load, store, exchange, add, compare_exchange, fence };
    kind what{};
    std::size_t where{};
    order how{};
};

/// Any small program of three variables.
std::vector<std::vector<operation>> random_program(std::mt19937& random) {
    constexpr std::array loads{relaxed, acquire, seq_cst};
    constexpr std::array stores{relaxed, release, seq_cst};
    constexpr std::array all{relaxed, acquire, release, acq_rel, seq_cst};
    const auto one_of = [&](const auto& those) { return those[random() % those.size()]; };
    const std::size_t count = 2 + random() % 2;
    std::vector<std::vector<operation>> threads(count);
    for (auto& thread : threads) {
        for (std::size_t i = 0; i < 5 - count; ++i) {
            using enum operation::kind;
            const auto what = one_of(std::array{load, load, store, store, exchange, add, compare_exchange, fence});
            thread.push_back({what, random() % 2,
                              what == load    ? one_of(loads)
                              : what == store ? one_of(stores)
                                              : one_of(all)});
        }
    }
    return threads;
}

program program_of(const std::vector<std::vector<operation>>& threads) {
    return [&threads](stage& s) {
        std::array<atomic<int>, 2> x{};
        std::vector<std::string> seen(threads.size());
        std::vector<std::function<void()>> bodies;
        for (std::size_t t = 0; t < threads.size(); ++t) {
            bodies.emplace_back([&, t] {
                for (std::size_t i = 0; i < threads[t].size(); ++i) {
                    const operation& o = threads[t][i];
                    const int value = static_cast<int>(t * 3 + i + 1);
                    int read = 0;
                    switch (o.what) {
                        using enum operation::kind;
                        case load: read = x[o.where].load(o.how); break;
                        case store: x[o.where].store(value, o.how); break;
                        case exchange: read = x[o.where].exchange(value, o.how); break;
                        case add: read = x[o.where].fetch_add(10, o.how); break;
                        case compare_exchange:
                            (void)x[o.where].compare_exchange_strong(read, value, o.how, relaxed);
                            break;
                        case fence: interleave::fence(o.how); break;
                    }
                    seen[t] += std::to_string(read) + ",";
                }
            });
        }
        s.run(std::move(bodies));
        std::string all;
        for (const std::string& line : seen) {
            all += line + " ";
        }
        s.outcome(all + std::to_string(x[0].load(relaxed)) + "," + std::to_string(x[1].load(relaxed)));
    };
}

TEST(Explorer, TheReducedSearchMissesNothing) {
    std::uint64_t reduced = 0;
    std::uint64_t every = 0;
    const unsigned programs = std::getenv("GALLEY_LONG") != nullptr ? 10'000 : 500;
    for (unsigned seed = 0; seed < programs; ++seed) {
        std::mt19937 random{seed};
        const auto threads = random_program(random);
        const report quick = explore(program_of(threads));
        const report slow = explore(program_of(threads), {.every_order = true});
        ASSERT_TRUE(quick.complete && slow.complete);
        ASSERT_EQ(quick.outcomes, slow.outcomes) << "seed " << seed;
        reduced += quick.executions;
        every += slow.executions;
    }
    std::cout << programs << " programs: " << reduced << " executions, instead of " << every << " in every order\n";
    EXPECT_LT(reduced, every);
}

}  // namespace
}  // namespace galley::interleave
