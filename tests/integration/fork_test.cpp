// SPDX-License-Identifier: BSL-1.0
// A forked child (LIFE-8): whatever it does to its copies, the parent's loop, descriptors and remotes go on as if it
// had never been. The child says by its exit status whether it found what it should.
#include "tests/integration/fixture.hpp"

#include <galley/tcp.hpp>

#include <gmock/gmock.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace galley_test {
namespace {

using ::testing::HasSubstr;

class fork_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, fork_test, every_loop_on_every_driver, combination_name);

/// fork(2); a child that hangs is killed, so that the parent is told.
pid_t fork_with_limit() {
    const pid_t child = check(::fork(), "fork");
    if (child == 0) {
        ::alarm(20);
    }
    return child;
}
/// The end of a child in the process that is it.
[[noreturn]] void leave_child() { ::_exit(::testing::Test::HasFailure() ? EXIT_FAILURE : EXIT_SUCCESS); }
/// Waits for a child, which must have found everything right.
void expect_success(pid_t child) {
    int status{};
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "the child was ended by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), EXIT_SUCCESS) << "what the child says stands above";
}
template <class F>
void in_child(F body) {
    const pid_t child = fork_with_limit();
    if (child == 0) {
        body();
        leave_child();
    }
    expect_success(child);
}

void expect_run_is_refused(galley::loop& l) {
    try {
        l.run();
        ADD_FAILURE() << "a child runs its parent's loop";
    } catch (const std::logic_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("forked child"));
    }
}

/// A program with everything in it that a child could disturb, stopped when all of it waits: a read, an accept, a
/// timer, a post that has not been called, and a remote.
class interrupted_program {
public:
    explicit interrupted_program(const combination& c) : world_{std::in_place, c}, ends_{make_socketpair()} {
        galley::loop& l = loop();
        remote.emplace(l.get_remote());
        galley::spawn(l, reader(world_->adopt(ends_.a))).detach();
        galley::spawn(l, acceptor(galley::tcp_listener{l, galley::endpoint{"127.0.0.1", 0}})).detach();
        galley::spawn(l, galley::invoke([]() -> task<> { co_await galley::sleep_for(1h); })).detach();
        galley::spawn(l, galley::invoke([&l]() -> task<> {
                          co_await galley::yield();
                          l.stop();
                      }))
            .detach();
        EXPECT_EQ(l.run(), galley::verdict::stopped);
        EXPECT_EQ(driver().in_flight(), 2U);
        EXPECT_TRUE(remote->post([this] { ++called; }));
    }

    [[nodiscard]] galley::loop& loop() { return world_->loop(); }
    [[nodiscard]] spied_driver& driver() { return world_->driver; }
    void send() { send_all(ends_.b, "from the parent"); }
    /// Everything goes, as when a child returns from main.
    void unwind() {
        remote.reset();
        world_.reset();
        ends_ = {};
    }
    /// In the parent, which has sent: the read gets it, and the post is called.
    void expect_it_goes_on() {
        EXPECT_EQ(loop().run(), galley::verdict::stopped) << "by the reader, when it has read";
        EXPECT_EQ(got_, "from the parent");
        EXPECT_EQ(called, 1);
    }

    std::optional<galley::remote> remote{};
    int called{};

private:
    task<> reader(galley::descriptor from) {
        std::array<std::byte, 64> bytes;
        const auto [error, n] = co_await galley::read(from.get(), bytes);
        EXPECT_FALSE(error) << error.message();
        got_.assign(reinterpret_cast<const char*>(bytes.data()), n);
        loop().stop();
    }
    static task<> acceptor(galley::tcp_listener on) { const auto nobody = co_await on.accept(); }

    std::optional<world> world_;
    pair ends_;
    std::string got_;
};

TEST_P(fork_test, a_child_that_unwinds_leaves_what_is_registered) {
    interrupted_program program{GetParam()};
    in_child([&] { program.unwind(); });
    program.send();
    program.expect_it_goes_on();
}

// What the kernel has for the parent already, an edge, say, is there for the parent still.
TEST_P(fork_test, a_child_that_unwinds_takes_nothing_that_has_come) {
    interrupted_program program{GetParam()};
    program.send();
    in_child([&] { program.unwind(); });
    program.expect_it_goes_on();
}

TEST_P(fork_test, a_child_that_unwinds_takes_no_wake) {
    interrupted_program program{GetParam()};
    program.driver().get_waker()->wake();
    in_child([&] { program.unwind(); });
    const instant limit = program.driver().now() + 20s;
    galley::operation_list none;
    program.driver().wait(limit, none);
    EXPECT_LT(program.driver().now(), limit) << "the wake of the parent was lost";
}

TEST_P(fork_test, a_child_closes_one_descriptor_alone) {
    world w{GetParam()};
    pair ends = make_socketpair();
    galley::descriptor mine = w.adopt(ends.a);
    w.run([&]() -> task<> {
        auto text = galley::spawn(w.loop(), expect_text(mine.get(), 1, 0, 100));
        co_await galley::yield();  // it waits by now
        in_child([&] {
            EXPECT_FALSE(mine.close());
            EXPECT_EQ(::fcntl(ends.b.get(), F_GETFD), FD_CLOEXEC) << "just that one";
        });
        std::array<std::byte, 100> bytes;
        write_text(1, 0, bytes);
        EXPECT_EQ(::write(ends.b.get(), bytes.data(), bytes.size()), 100);
        const galley::transferred got = co_await text.join();
        EXPECT_EQ(got.count, 100U);
    });
}

TEST_P(fork_test, a_child_may_not_run_it) {
    interrupted_program program{GetParam()};
    in_child([&] {
        expect_run_is_refused(program.loop());
        expect_run_is_refused(program.loop());  // not: it runs already
        EXPECT_EQ(program.called, 0);
        program.unwind();
    });
    program.send();
    program.expect_it_goes_on();
}

// Not what is ready, nor what the waker was told; and waiting ends nevertheless.
TEST_P(fork_test, a_child_finds_nothing_at_its_driver) {
    interrupted_program program{GetParam()};
    program.driver().get_waker()->wake();
    program.send();
    in_child([&] {
        galley::operation_list done;
        program.driver().ask(done);
        program.driver().wait(std::nullopt, done);
        EXPECT_TRUE(done.empty());
    });
    program.expect_it_goes_on();
}

// Operations that a child starts, as it would in what is left of a round, take nothing from the parent's stream.
TEST_P(fork_test, operations_of_a_child_are_cut_off) {
    interrupted_program program{GetParam()};
    pair ends = make_socketpair();
    send_all(ends.b, "for the parent");
    in_child([&] {
        std::array<char, 20> bytes{};
        galley::operation read{galley::io::read, ends.a.get(), bytes.data(), bytes.size(),
                               [](galley::operation&) noexcept {}};
        EXPECT_TRUE(program.loop().start(read));
        EXPECT_EQ(read.result.error, ECANCELED);
        EXPECT_EQ(bytes[0], '\0');
    });
    EXPECT_EQ(read_available(ends.a), "for the parent");
}

// A child that was forked in a step and comes back to the loop: its run ends with the error, the parent's with a value.
TEST_P(fork_test, a_step_that_forks_comes_back_twice) {
    std::optional<world> w{std::in_place, GetParam()};
    galley::loop& l = w->loop();
    pair ends = make_socketpair();
    pid_t child = -1;
    bool went_on = false;
    const auto main = [&]() -> task<> {
        auto text = galley::spawn(l, expect_text(ends.a.get(), 1, 0, 100));
        co_await galley::yield();
        child = fork_with_limit();
        if (child != 0) {
            expect_success(child);
        }
        co_await galley::sleep_for(1ms);
        went_on = true;
        std::array<std::byte, 100> bytes;
        write_text(1, 0, bytes);
        EXPECT_EQ(::write(ends.b.get(), bytes.data(), bytes.size()), 100);
        const galley::transferred got = co_await text.join();
        EXPECT_EQ(got.count, 100U);
    };
    try {
        galley::run(l, galley::invoke(main));
        EXPECT_NE(child, 0) << "a child runs its parent's loop";
    } catch (const std::logic_error& e) {
        EXPECT_EQ(child, 0);
        EXPECT_THAT(e.what(), HasSubstr("forked child"));
        EXPECT_FALSE(went_on);
    }
    if (child == 0) {
        expect_run_is_refused(l);
        w.reset();
        leave_child();
    }
    EXPECT_EQ(l.close(ends.a.release()), 0);
}

// The loop has announced its sleep, so that everything that is told wakes it: but not from a child.
TEST_P(fork_test, a_child_wakes_nobody) {
    interrupted_program program{GetParam()};
    galley::remote& remote = *program.remote;
    bool quiet = false;
    galley::spawn(program.loop(), galley::invoke([&]() -> task<> {
                      co_await galley::yield();
                      program.driver().at_next_look = [&] {
                          in_child([&] {
                              EXPECT_FALSE(remote.wake());
                              std::string kept = "untouched";
                              EXPECT_FALSE(remote.post([text = std::move(kept)] { ADD_FAILURE() << text; }));
                              remote.stop();
                              program.loop().stop();
                              program.remote.reset();
                          });
                          const instant until = program.driver().now() + 2ms;
                          galley::operation_list none;
                          program.driver().wait(until, none);
                          quiet = program.driver().now() >= until;
                          EXPECT_TRUE(remote.post([&] { program.send(); })) << "what another thread would do now";
                      };
                  }))
        .detach();
    program.expect_it_goes_on();
    EXPECT_TRUE(quiet);
}

TEST_P(fork_test, a_child_may_exit_with_a_static_loop) {
    static std::optional<interrupted_program> program;
    program.emplace(GetParam());
    const pid_t child = fork_with_limit();
    if (child == 0) {
        std::atexit([] { program->unwind(); });
        std::exit(HasFailure() ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    expect_success(child);
    in_child([] { ::_exit(EXIT_SUCCESS); });
    program->send();
    program->expect_it_goes_on();
    program.reset();
}

// Its threads are not there, and what they share may be locked by one of them for ever.
TEST_P(fork_test, a_child_has_none_of_a_pools_threads) {
    std::optional<galley::thread_pool> pool{std::in_place, 1U};
    std::optional<galley::thread_pool> idle{std::in_place, 2U};
    std::optional<world> parents{std::in_place, GetParam()};
    galley::loop& l = parents->loop();
    std::binary_semaphore entered{0};
    std::binary_semaphore open{0};
    int called = 0;
    auto blocks = [&] {
        entered.release();
        open.acquire();
        ++called;
    };
    auto waits = [&] { ++called; };
    galley::spawn(l, to_thread(*pool, blocks)).detach();
    galley::spawn(l, to_thread(*pool, waits)).detach();
    galley::spawn(l, galley::invoke([&]() -> task<> {
                      auto nothing = [] {};
                      co_await to_thread(*idle, nothing);
                      while (!entered.try_acquire()) {
                          co_await galley::yield();
                      }
                      l.stop();
                  }))
        .detach();
    EXPECT_EQ(l.run(), galley::verdict::stopped);
    in_child([&] {
        world own{GetParam()};
        EXPECT_THROW(own.run([&]() -> task<> { co_await to_thread(*pool, waits); }), std::logic_error);
        parents.reset();
        pool.reset();
        idle.reset();
    });
    open.release();
    EXPECT_EQ(l.run(), galley::verdict::completed);
    EXPECT_EQ(called, 2);
}

// And so may the child of a child.
TEST_P(fork_test, a_child_has_loops_of_its_own) {
    interrupted_program program{GetParam()};
    in_child([&] {
        interrupted_program own{GetParam()};
        in_child([&] {
            expect_run_is_refused(program.loop());
            expect_run_is_refused(own.loop());
            own.unwind();
            program.unwind();
            interrupted_program grandchilds{GetParam()};
            grandchilds.send();
            grandchilds.expect_it_goes_on();
        });
        program.unwind();
        own.send();
        own.expect_it_goes_on();
    });
    program.send();
    program.expect_it_goes_on();
}

// Other threads are in the middle of telling the loop something when the child begins, in which there
// are none to finish.
TEST_P(fork_test, a_child_that_unwinds_does_not_wait_for_other_threads) {
    interrupted_program program{GetParam()};
    {
        const std::jthread other{[remote = *program.remote](const std::stop_token& over) {
            while (!over.stop_requested()) {
                const galley::remote one_more{remote};
            }
        }};
        for (int n = 0; n < 50 && !HasFailure(); ++n) {
            in_child([&] { program.unwind(); });
        }
    }
    program.send();
    program.expect_it_goes_on();
}

/// What `ls -l /proc/self/fd` prints when it is run in a process of its own, started by `start(its output)`.
template <class Start>
std::string descriptors_of_another_program(Start start) {
    pair output = make_pipe();
    check(::fcntl(output.a.get(), F_SETFL, 0), "fcntl");
    expect_success(start(output.b.get()));
    output.b.close();
    return read_available(output.a);
}

TEST_P(fork_test, another_program_inherits_nothing) {
    const std::set<std::string> before = open_descriptors();
    interrupted_program program{GetParam()};
    world w{GetParam()};
    w.run([&]() -> task<> {  // both ends of a connection, and the listener
        galley::tcp_listener listener{w.loop(), galley::endpoint{"127.0.0.1", 0}};
        auto accepting = galley::spawn(w.loop(), listener.accept());
        const auto there = co_await galley::tcp_connect(galley::endpoint{"127.0.0.1", listener.local_port()});
        const auto here = co_await accepting.join();
        EXPECT_FALSE(there.error || here.error);

        const std::array<const char*, 4> command{"ls", "-l", "/proc/self/fd", nullptr};
        const auto arguments = const_cast<char* const*>(command.data());
        const std::string spawned = descriptors_of_another_program([&](int output) {
            posix_spawn_file_actions_t actions;
            ::posix_spawn_file_actions_init(&actions);
            ::posix_spawn_file_actions_adddup2(&actions, output, 1);
            pid_t child{};
            EXPECT_EQ(::posix_spawnp(&child, command[0], &actions, nullptr, arguments, environ), 0);
            ::posix_spawn_file_actions_destroy(&actions);
            return child;
        });
        const std::string executed = descriptors_of_another_program([&](int output) {
            const pid_t child = check(::fork(), "fork");
            if (child == 0) {
                ::dup2(output, 1);
                ::execvp(command[0], arguments);
                ::_exit(EXIT_FAILURE);
            }
            return child;
        });
        EXPECT_THAT(spawned, HasSubstr("1 -> pipe"));
        EXPECT_THAT(executed, HasSubstr("1 -> pipe"));
        std::size_t ours = 0;
        for (const std::string& one : open_descriptors()) {
            if (!before.contains(one)) {
                ++ours;
                EXPECT_THAT(spawned, ::testing::Not(HasSubstr(" " + one + "\n")));
                EXPECT_THAT(executed, ::testing::Not(HasSubstr(" " + one + "\n")));
            }
        }
        EXPECT_GE(ours, 10U) << "two loops with two each, a pair, a listener, and the three of the connection";
    });
}

}  // namespace
}  // namespace galley_test
