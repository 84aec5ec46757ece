// SPDX-License-Identifier: BSL-1.0
// fast's inbox and node pool, the shipped code, under all interleavings of small programs: no post lost, doubled or out
// of order, no lost wake-up, no race; and each of their memory orders is needed, or said to be stronger than needed.
#include "atomic.hpp"
#include "explore.hpp"

#include <fast/inbox.hpp>
#include <fast/node_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace galley::interleave {
namespace {

using inbox = fast::basic_inbox<atomic>;
using node_pool = fast::basic_node_pool<atomic>;

/// What a node carries: it must not be touched by two threads at once.
using letter = plain<int>;

letter& letter_of(const fast::post_node& n) { return *static_cast<letter*>(n.home); }

/// What remotes and loop share, and how both sides use it; the few lines of mailbox.hpp and loop.cpp around the inbox.
class office {
public:
    office(stage& s, std::size_t posters) : stage_{s}, remotes_{posters} {}

    /// Does what each character says: p post, s stop; then the remote goes.
    void poster(std::size_t who, std::string_view script) {
        std::size_t n = 0;
        for (const char what : script) {
            if (what == 's') {
                wake_if(box_.stop());
            } else {
                post(who, n++);
            }
        }
        if (remotes_.fetch_sub(1, std::memory_order_release) == 1) {
            wake_if(box_.nudge());
        }
    }

    /// Up to so many iterations, each of which waits if there is nothing; then the loop is destroyed.
    void loop(int iterations) {
        while (iterations-- > 0 && !look()) {
            if (box_.try_sleep() && remotes() != 0) {
                wake_.wait();
            }
        }
        take(box_.close().newest);
    }

    /// Each post once, those of a poster in order; nothing is left.
    void judge(const std::vector<std::string>& scripts) {
        std::size_t posts = 0;
        bool stop = false;
        for (std::size_t who = 0; who < scripts.size(); ++who) {
            int expected = text_of(who, 0);
            for (const int text : taken_) {
                if (text / 10 == expected / 10) {
                    stage_.require(text == expected++, "the posts of a thread arrive in order, each once");
                }
            }
            posts += static_cast<std::size_t>(std::ranges::count(scripts[who], 'p'));
            stop = stop || scripts[who].find('s') != std::string::npos;
        }
        stage_.require(taken_.size() + refused_ == posts, "each post arrives, or is refused");
        stage_.require(stop || !stop_seen_, "nobody stops but who asked for it");
        stage_.require(!deadlocked_ || (refused_ == 0 && stop == stop_seen_), "nothing came after nothing could come");
    }

private:
    static int text_of(std::size_t who, std::size_t n) { return static_cast<int>(who * 10 + n); }

    void post(std::size_t who, std::size_t n) {
        letters_[who][n].set(text_of(who, n));
        auto node = std::make_unique<fast::post_node>();
        node->home = &letters_[who][n];
        const auto sent = box_.push(*node);
        if (sent == inbox::sent::refused) {
            ++refused_;
            letters_[who][n].set(-1);  // it is still the poster's
            return;
        }
        (void)node.release();
        wake_if(sent);
    }
    std::size_t remotes() { return remotes_.load(std::memory_order_acquire); }
    void wake_if(inbox::sent what) {
        if (what == inbox::sent::must_wake) {
            wake_.set();
        }
    }

    /// True: the loop's run is over.
    bool look() {
        attend();
        const bool unreachable = remotes() == 0;
        const std::size_t before = taken_.size();
        attend();
        deadlocked_ = unreachable && taken_.size() == before && !stop_seen_;
        return stop_seen_ || deadlocked_;
    }
    void attend() {
        if (!box_.idle()) {
            const inbox::taken told = box_.take();
            stop_seen_ = stop_seen_ || told.stop;
            take(told.newest);
        }
    }
    void take(fast::post_node* newest) {
        const auto from = static_cast<std::ptrdiff_t>(taken_.size());
        while (newest != nullptr) {
            const std::unique_ptr<fast::post_node> node{newest};
            newest = node->next;
            taken_.push_back(letter_of(*node).get());
        }
        std::reverse(taken_.begin() + from, taken_.end());
    }

    stage& stage_;
    std::array<std::array<letter, 3>, 2> letters_{};
    inbox box_{};
    atomic<std::size_t> remotes_;
    token wake_{};
    std::vector<int> taken_{};
    std::size_t refused_{};
    bool stop_seen_{};
    bool deadlocked_{};
};

struct named {
    std::string name;
    program run;
};

program posts(int iterations, const std::vector<std::string>& scripts) {
    return [=](stage& s) {
        office o{s, scripts.size()};
        std::vector<std::function<void()>> threads{[&] { o.loop(iterations); }};
        for (std::size_t who = 0; who < scripts.size(); ++who) {
            threads.emplace_back([&o, &scripts, who] { o.poster(who, scripts[who]); });
        }
        s.run(std::move(threads));
        o.judge(scripts);
    };
}

/// The loop gives nodes back while posters take them: a node has one owner.
program nodes_go_round(std::size_t gifts, std::size_t takers, int takes) {
    return [=](stage& s) {
        std::array<letter, 3> letters{};
        node_pool pool;
        std::size_t taken = 0;
        const auto take = [&] {
            for (fast::post_node* n = pool.take_all(); n != nullptr;) {
                const std::unique_ptr<fast::post_node> node{n};
                n = node->next;
                s.require(letter_of(*node).get() == 1, "what is taken was given back");
                letter_of(*node).set(2);  // a race if two own it
                ++taken;
            }
        };
        std::vector<std::function<void()>> threads{[&] {
            for (std::size_t i = 0; i < gifts; ++i) {
                letters[i].set(1);
                auto node = std::make_unique<fast::post_node>();
                node->home = &letters[i];
                pool.give_back(*node, *node);
                (void)node.release();
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

/// The long form has one post, or one iteration, more.
bool small_enough(std::size_t posters, std::size_t told, int iterations) {
    const std::size_t extra = std::getenv("GALLEY_LONG") != nullptr ? 1 : 0;
    const auto looks = static_cast<std::size_t>(iterations);
    return posters == 1 ? told + looks <= 4 + extra : told <= 2 && told + looks <= 3 && (told < 2 || looks < 2);
}

std::vector<named> programs() {
    std::vector<named> all;
    const auto add = [&all](int iterations, const std::vector<std::string>& scripts, std::size_t told) {
        if (small_enough(scripts.size(), told, iterations)) {
            const std::string text = scripts.size() == 1 ? scripts[0] : scripts[0] + "|" + scripts[1];
            all.push_back({std::to_string(iterations) + " iterations, " + text, posts(iterations, scripts)});
        }
    };
    const std::vector<std::string> scripts{"", "p", "s", "pp", "ps", "sp", "ppp"};
    for (int iterations = 0; iterations < 4; ++iterations) {
        for (const auto& a : scripts) {
            add(iterations, {a}, a.size());
            for (const auto& b : scripts) {
                if (a <= b) {  // the other half is the same with the threads renamed
                    add(iterations, {a, b}, a.size() + b.size());
                }
            }
        }
    }
    for (std::size_t gifts = 1; gifts < 4; ++gifts) {
        all.push_back({std::to_string(gifts) + " nodes", nodes_go_round(gifts, 1, 2)});
        all.push_back({std::to_string(gifts) + " nodes, two takers", nodes_go_round(gifts, 2, 1)});
    }
    return all;
}

TEST(InboxInterleave, EveryProgramHolds) {
    std::uint64_t executions = 0;
    std::uint64_t most = 0;
    for (const named& p : programs()) {
        const report r = explore(p.run);
        ASSERT_TRUE(r.complete) << p.name << ": "
                                << (r.failed ? r.failed->what + "\n" + r.failed->steps + "replay " + r.failed->replay
                                             : "too many executions");
        executions += r.executions;
        most = std::max(most, r.executions);
    }
    std::cout << programs().size() << " programs, " << executions << " executions, at most " << most
              << " of one program: all explored\n";
}

TEST(InboxInterleave, EachMemoryOrderIsNeeded) {
    std::vector<program> all;
    for (const named& p : programs()) {
        all.push_back(p.run);
    }
    for (const site& s : sites_of(all)) {
        for (const std::memory_order o : weaker(s)) {
            const weakened now{s, o};
            std::string caught;
            for (const named& p : programs()) {
                if (const report r = explore(p.run); r.failed) {
                    caught = p.name + ": " + r.failed->what;
                    break;
                }
            }
            std::cout << to_text(s) << " -> " << to_text(o) << ": " << (caught.empty() ? "not caught" : caught) << "\n";
            EXPECT_TRUE(!caught.empty()) << to_text(s) << " could be " << to_text(o);
        }
    }
}

}  // namespace
}  // namespace galley::interleave
