// SPDX-License-Identifier: BSL-1.0
// All atomics of fast, the shipped code, under all interleavings of small programs: no post lost, doubled or out of
// order, no lost wake-up, no race, nothing used after its end; and each memory order is needed.
#include "every_program.hpp"
#include "explorable.hpp"
#include "explore.hpp"
#include "office.hpp"

#include <galley/fast/node_pool.hpp>
#include <galley/fast/run_flag.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace galley::interleave {
namespace {

named in_office(office_plan p, limits within = {}) {
    std::string name = to_text(p) + (within.spurious != 0 ? ", spurious failures" : "");
    return {std::move(name), [p = std::move(p)](stage& s) { office{s, p}.run(); }, within};
}

// ---- the parts alone -----------------------------------------------------------------------------------------------

/// Nodes are given back while others take them: a node has one owner.
program nodes_go_round(std::size_t gifts, std::size_t takers, int takes) {
    using node = fast::basic_post_node<atomic>;
    return [=](stage& s) {
        fast::basic_node_pool<atomic> pool;
        std::size_t taken = 0;
        const auto take = [&] {
            for (node* n = pool.take_all(); n != nullptr; ++taken) {
                const std::unique_ptr<node> owned{n};
                n = owned->next;
            }
        };
        std::vector<std::function<void()>> threads{[&] {
            for (std::size_t i = 0; i < gifts; ++i) {
                node* const n = std::make_unique<node>().release();
                pool.give_back(*n, *n);
            }
        }};
        for (std::size_t t = 0; t < takers; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < takes; ++i) {
                    take();
                }
            });
        }
        s.run(std::move(threads));
        take();
        s.require(taken == gifts, "no node is lost or doubled");
    };
}

/// Threads that run a loop, if no other one does.
program runs(std::size_t threads, int attempts) {
    return [=](stage& s) {
        fast::basic_run_flag<atomic> flag;
        plain<int> the_loop{0};
        int ran = 0;
        const auto attempt = [&] {
            for (int i = 0; i < attempts; ++i) {
                if (flag.enter()) {
                    the_loop.set(the_loop.get() + 1);
                    ++ran;
                    flag.leave();
                }
            }
        };
        s.run(std::vector<std::function<void()>>(threads, attempt));
        s.require(ran >= 1 && ran == the_loop.get(), "somebody runs, and one at a time");
    };
}

// ---- all programs --------------------------------------------------------------------------------------------------

/// All scripts of so many characters: p, s, c, and d while the poster keeps a remote.
std::vector<std::string> scripts(std::size_t length) {
    if (length == 0) {
        return {""};
    }
    std::vector<std::string> all;
    for (const std::string& s : scripts(length - 1)) {
        for (const char last : {'p', 's', 'c'}) {
            all.push_back(s + last);
        }
        if (std::ranges::count(s, 'c') > std::ranges::count(s, 'd')) {
            all.push_back(s + 'd');
        }
    }
    return all;
}

/// All programs like that of one poster with up to `alone` statements, and of two with up to `together`, if any.
void add_offices(std::vector<named>& all, const office_plan& like, std::size_t alone,
                 std::optional<std::size_t> together = {}, limits within = {}) {
    const auto add = [&](std::vector<std::string> posters) {
        office_plan p = like;
        p.scripts = std::move(posters);
        all.push_back(in_office(std::move(p), within));
    };
    for (std::size_t n = 0; n <= alone; ++n) {
        for (const std::string& a : scripts(n)) {
            add({a});
        }
    }
    for (std::size_t n = 0; together && n <= *together; ++n) {
        for (std::size_t m = 0; m <= n && n + m <= *together; ++m) {
            for (const std::string& a : scripts(n)) {
                for (const std::string& b : scripts(m)) {
                    if (n != m || a <= b) {  // the other half is the same with the threads renamed
                        add({a, b});
                    }
                }
            }
        }
    }
}

std::vector<named> programs() {
    std::vector<named> all;
    for (std::size_t gifts = 1; gifts < 4; ++gifts) {
        all.push_back({std::to_string(gifts) + " nodes", nodes_go_round(gifts, 1, 2)});
        all.push_back({std::to_string(gifts) + " nodes, two takers", nodes_go_round(gifts, 2, 1)});
    }
    all.push_back({"2 threads run", runs(2, 2)});
    all.push_back({"3 threads run", runs(3, 1)});
    all.push_back(in_office({.looks = 0, .scripts = {"p"}, .shared = true}));
    all.push_back(in_office({.looks = 2, .scripts = {"wsw"}}));
    const bool is_long = std::getenv("GALLEY_LONG") != nullptr;
    for (const std::size_t looks : {std::size_t{0}, std::size_t{1}, enough_looks}) {
        for (const std::string_view script : {"b", "bp", "pb", "bb"}) {
            all.push_back(in_office({.looks = looks, .scripts = {std::string{script}}}));
        }
        if (looks < enough_looks || is_long) {
            all.push_back(in_office({.looks = looks, .scripts = {"b", "p"}}));
        }
    }
    add_offices(all, {.looks = 0}, 3, 2);
    add_offices(all, {.looks = 1}, 3, is_long ? 3 : 2);
    add_offices(all, {.looks = 2}, 3, is_long ? 2 : 1);
    add_offices(all, {.looks = enough_looks}, is_long ? 3 : 2, 1);
    all.push_back(in_office({.looks = 2, .scripts = {"p", "p"}}));
    add_offices(all, {.looks = enough_looks, .kept_remote = true}, 3, is_long ? 3 : 2);
    for (const std::size_t looks : {std::size_t{0}, std::size_t{1}, std::size_t{2}, enough_looks}) {
        const std::size_t few = looks < 2 || is_long ? 2 : 1;
        const auto two = looks < 2 || (is_long && looks < enough_looks) ? std::optional<std::size_t>{1} : std::nullopt;
        add_offices(all, {.looks = looks, .timers = 1}, few);
        add_offices(all, {.looks = looks, .busy = 3}, few);
        add_offices(all, {.looks = looks, .own_remote = true}, few);
        add_offices(all, {.looks = looks, .shared = true}, few, two);
        add_offices(all, {.looks = looks}, few, two, {.spurious = 1});
    }
    return all;
}

TEST(InboxInterleave, EveryProgramHolds) {
    const std::vector<named> all = programs();
    const explored found = explore_every(all);
    ASSERT_EQ(found.failure, "");
    std::cout << all.size() << " programs, " << found.executions << " executions (and " << found.redundant
              << " equal to others), at most " << found.most << " of one program: all explored\n";
}

/// Orders that are stronger than any program here can tell, and why they are. One that a program does tell must go.
struct exception {
    std::string_view file;
    std::string_view operation;
    std::memory_order order;
    std::memory_order would_do;
    std::string_view why;
};
const std::vector<exception> stronger_than_needed{};

TEST(InboxInterleave, EachMemoryOrderIsNeeded) {
    const std::vector<named> all = programs();
    std::set<std::string> seen;
    std::size_t used = 0;
    for (const site& s : sites_of(all)) {
        seen.insert(s.file);
        for (const std::memory_order o : weaker(s)) {
            const bool excepted = std::ranges::any_of(stronger_than_needed, [&](const exception& e) {
                return e.file == s.file && e.operation == s.operation && e.order == s.order && e.would_do == o;
            });
            used += excepted ? 1U : 0U;
            const std::string who = who_needs(s, o, all);
            std::cout << to_text(s) << " -> " << to_text(o) << ": " << (who.empty() ? "nobody can tell" : who) << "\n";
            EXPECT_EQ(who.empty(), excepted) << to_text(s) << " -> " << to_text(o);
        }
    }
    EXPECT_EQ(used, stronger_than_needed.size()) << "an exception that is about nothing";
    for (const char* const file : {"inbox.hpp", "mailbox.hpp", "node_pool.hpp", "run_flag.hpp"}) {
        EXPECT_TRUE(seen.contains(file)) << "no program comes through " << file;
    }
}

}  // namespace
}  // namespace galley::interleave
