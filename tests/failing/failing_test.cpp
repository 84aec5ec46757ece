// SPDX-License-Identifier: BSL-1.0
// Each allocation, and each system call, of a set of programs fails in its turn: the first, the second, and so on to
// the last, on every loop and every driver. Whatever fails, a program either comes to its result or somebody is told
// why not; nothing is lost, leaked or left behind, and the loop is good for the next program. (The method is SQLite's.)
#include "tests/failing/faults.hpp"
#include "tests/failing/programs.hpp"
#include "tests/failing/watchdog.hpp"
#include "tests/integration/fixture.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace galley_test {
namespace {

std::string text_of(const fault& f) {
    switch (f.what) {
        case fault::kind::none: break;
        case fault::kind::allocation:
            return "allocation " + std::to_string(f.nth) + (f.and_all_later ? " and all later ones fail" : " fails") +
                   (f.again_after == 0 ? "" : ", and " + std::to_string(f.again_after) + " later one more");
        case fault::kind::system_call:
            return "system call " + std::to_string(f.nth) + " fails with error " + std::to_string(f.selection + 1) +
                   " of those that it may have" + (f.and_all_later ? ", each time" : "");
    }
    return "nothing fails";
}

using descriptors = std::bitset<1024>;
descriptors which_are_open() {
    descriptors open;
    for (std::size_t i = 0; i < open.size(); ++i) {
        open[i] = ::fcntl(static_cast<int>(i), F_GETFD) >= 0;
    }
    return open;
}

struct outcome {
    damage fault;
    std::uint64_t result;
    stage::account account;
};

/// One program, once. It has a thread of its own: what threads keep for later (frames, nodes) comes and goes with it,
/// so each run allocates everything anew, and all of it must be gone at the end.
outcome run_once(const program& p, const combination& on, const fault& f) {
    outcome o{};
    std::thread alone{[&] {
        stage s{on};
        expect(f);
        {
            const under_test from_here;
            try {
                p.run(s);
            } catch (...) {
                s.saw(std::current_exception());
            }
            o.result = s.result();
            o.fault = done();
            const spared the_fault_is_over;
            s.try_again();
            o.account = s.close(o.fault.error);
        }
    }};
    alone.join();
    return o;
}

class failing_test : public ::testing::TestWithParam<std::tuple<program, combination>> {
protected:
    /// Runs a case and judges it. What it came to tells how to go on.
    outcome run_case(const fault& f) {
        const program& p = std::get<0>(GetParam());
        const combination& on = std::get<1>(GetParam());
        const std::string name = std::string{p.name} + " " + name_of(on) + ": " + text_of(f);
        const descriptors open = which_are_open();
        const std::int64_t blocks = live_blocks();
        outcome o{};
        {
            const watchdog dog{name.c_str()};
            o = run_once(p, on, f);
        }
        const std::int64_t blocks_left = live_blocks() - blocks;
        SCOPED_TRACE(name + (o.fault.error == 0
                                 ? ""
                                 : std::string{": "} + o.fault.call + " with " + std::strerror(o.fault.error)));
        EXPECT_EQ(blocks_left, 0) << "memory was leaked, or freed twice";
        EXPECT_EQ(which_are_open(), open) << "descriptors were leaked, or closed twice";
        if (o.account.broken != nullptr) {
            ADD_FAILURE() << o.account.broken;
        }
        if (o.account.errors_seen == 0) {
            EXPECT_EQ(o.result, expected_) << "nobody was told that something failed, and yet the result is another";
        } else {
            EXPECT_GT(o.fault.times, 0U) << "something failed by itself";
            EXPECT_LE(o.result, expected_) << "something was done twice";
        }
        return o;
    }

    /// What the program gives when nothing fails. Twice: the first run of all may leave what the
    /// process keeps for good.
    void SetUp() override {
        {
            const watchdog dog{"the first run of a program, in which nothing fails"};
            expected_ = run_once(std::get<0>(GetParam()), std::get<1>(GetParam()), fault{}).result;
        }
        ASSERT_GT(expected_, 0U);
        run_case(fault{});
    }

    std::uint64_t expected_{};
};

// One that fails alone, and one with which all later ones fail; and, in the long form, any two.
TEST_P(failing_test, every_allocation) {
    const bool any_two = std::getenv("GALLEY_LONG") != nullptr;
    std::uint64_t cases = 0;
    fault f{.what = fault::kind::allocation};
    for (bool reached = true; reached && !HasFailure();) {
        ++f.nth;
        f.again_after = 0;
        for (const bool and_all_later : {true, false}) {
            f.and_all_later = and_all_later;
            reached = run_case(f).fault.times > 0;
            cases += reached ? 1 : 0;
        }
        for (bool both = any_two && reached; both && !HasFailure();) {
            ++f.again_after;
            both = run_case(f).fault.times == 2;
            cases += both ? 1 : 0;
        }
    }
    EXPECT_GT(cases, 0U) << "a program that allocates nothing shows nothing";
    std::printf("%llu cases: %llu allocations\n", static_cast<unsigned long long>(cases),
                static_cast<unsigned long long>(f.nth - 1));
}

TEST_P(failing_test, every_system_call) {
    std::uint64_t cases = 0;
    fault f{.what = fault::kind::system_call, .nth = 1};
    for (; !HasFailure(); ++f.nth) {
        std::size_t errors = 1;
        for (f.selection = 0; f.selection < errors; ++f.selection) {
            f.and_all_later = false;
            const outcome o = run_case(f);
            errors = o.fault.errors;
            cases += o.fault.times > 0 ? 1 : 0;
            if (o.fault.lasting) {
                f.and_all_later = true;
                run_case(f);
                ++cases;
            }
        }
        if (errors == 0) {
            break;
        }
    }
    EXPECT_GT(cases, 0U) << "a program without system calls shows nothing";
    std::printf("%llu cases: %llu system calls\n", static_cast<unsigned long long>(cases),
                static_cast<unsigned long long>(f.nth - 1));
}

// What nobody has reserved room for, and nobody can be told of, ends the process; and says why.
TEST(failing_death_test, an_entry_that_nobody_reserved_room_for) {
    for (const combination& on :
         {combination{loop_kind::ref, driver_kind::poll}, {loop_kind::fast, driver_kind::poll}}) {
        const auto schedule_without_end = [&on] {
            stage s{on};
            galley::loop& l = s.loop();
            expect({.what = fault::kind::allocation, .nth = 1, .and_all_later = true});
            const under_test from_here;
            for (;;) {
                l.schedule(galley::ready_entry{[](void*) noexcept {}, nullptr});
            }
        };
        EXPECT_DEATH(schedule_without_end(), "galley: no memory for an entry of the ready queue") << name_of(on);
    }
}

std::vector<program> all_programs() {
    std::vector<program> all;
    for (const auto some : {task_programs(), synchronisation_programs(), time_programs(), post_programs(),
                            thread_programs(), io_programs(), life_programs()}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(, failing_test,
                         ::testing::Combine(::testing::ValuesIn(all_programs()), every_loop_on_every_driver),
                         [](const auto& info) {
                             return std::get<0>(info.param).name + ("_" + name_of(std::get<1>(info.param)));
                         });

}  // namespace
}  // namespace galley_test
