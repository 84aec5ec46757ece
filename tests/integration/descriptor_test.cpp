// SPDX-License-Identifier: BSL-1.0
// Descriptors that run out: errors as values, no spinning, and everything goes on once there are some again.
#include "tests/integration/fixture.hpp"

#include <galley/io.hpp>
#include <galley/tcp.hpp>

#include <cerrno>
#include <system_error>
#include <vector>

namespace galley_test {
namespace {

class descriptor_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, descriptor_test, every_loop_on_every_driver, combination_name);

/// While it lives, this process can open just `room` descriptors more.
class scarcity {
public:
    explicit scarcity(rlim_t room) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        std::vector<owned> next;  // the limit is on numbers: fill the gaps below it, and count from the first free one
        while (next.size() < 2 || next.back().get() != next[next.size() - 2].get() + 1 ||
               gaps_left(next.back().get())) {
            next.emplace_back(check(::dup(0), "dup"));
        }
        const rlimit tight{static_cast<rlim_t>(next.back().get()) + 1 + room, before_.rlim_max};
        check(::setrlimit(RLIMIT_NOFILE, &tight), "setrlimit");
        fillers_ = std::move(next);
    }
    scarcity(const scarcity&) = delete;
    scarcity& operator=(const scarcity&) = delete;
    ~scarcity() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    static bool gaps_left(int highest) {
        for (int number = 0; number < highest; ++number) {
            if (::fcntl(number, F_GETFD) < 0) {
                return true;
            }
        }
        return false;
    }

    rlimit before_{};
    std::vector<owned> fillers_;
};

/// Everything is done with plenty of descriptors first: that must do without any error. It has a second reason. UBSan's
/// vptr check, when it meets a type for the first time, opens a pipe to see whether memory can be read, and without
/// descriptors takes a sound object for a broken one. So it must have met all types before.
constexpr rlim_t plenty = 1000;

// A server that can hold three connections serves forty, who all came at once. What it cannot accept waits.
TEST_P(descriptor_test, a_server_that_runs_out_goes_on_when_one_is_free) {
    constexpr std::size_t clients = 40;
    for (const rlim_t room : {plenty, rlim_t{3}}) {
        world w{GetParam()};
        galley::tcp_listener listener{w.loop(), galley::endpoint{"127.0.0.1", 0}};
        std::vector<owned> crowd;
        for (std::size_t i = 0; i < clients; ++i) {
            crowd.push_back(connect_to(loopback(listener.local_port())));
            send_all(crowd.back(), "served?");
        }
        std::size_t served = 0;
        std::size_t refusals = 0;
        galley::task_group group;
        galley::event freed;
        const auto serve = [&](galley::tcp_stream stream) -> task<> {
            std::byte some[16];
            const auto [error, n] = co_await stream.read(some);
            EXPECT_TRUE(!error && n == 7) << error.message();
            co_await galley::sleep_for(1ms);  // in the meantime the server runs out
            const auto sent = co_await stream.write_all(std::span{some, n});
            EXPECT_EQ(sent.count, 7U);
            EXPECT_FALSE(stream.close());
            ++served;
            freed.set();
        };
        {
            const scarcity limited{room};
            w.run([&]() -> task<> {
                co_await group.run([&]() -> task<> {
                    for (std::size_t accepted = 0; accepted < clients;) {
                        auto [error, stream] = co_await listener.accept();
                        if (error == std::errc::too_many_files_open) {
                            ++refusals;
                        } else {
                            EXPECT_FALSE(error) << error.message();
                            group.spawn(serve(std::move(stream)));
                            if (++accepted % 10 != 0) {
                                continue;
                            }
                        }
                        freed.reset();
                        co_await freed.wait();
                    }
                });
            });
        }
        EXPECT_EQ(served, clients);
        EXPECT_EQ(refusals > 0, room < clients);
        EXPECT_LE(refusals, clients);
        EXPECT_LT(w.driver.looks, 20 * clients) << "it was spinning";
        for (const owned& client : crowd) {
            EXPECT_EQ(read_available(client), "served?");
        }
    }
}

// Level-triggered or edge-triggered: a connection that could not be accepted must neither wake a loop again and again
// nor be forgotten.
TEST_P(descriptor_test, a_connection_that_cannot_be_accepted_is_no_reason_to_spin) {
    world w{GetParam()};
    galley::tcp_listener listener{w.loop(), galley::endpoint{"127.0.0.1", 0}};
    for (const rlim_t room : {plenty, rlim_t{0}}) {
        const std::error_code expected = galley::errno_code(room == 0 ? EMFILE : 0);
        const owned client = connect_to(loopback(listener.local_port()));
        w.run([&]() -> task<> {
            {
                const scarcity limited{room};
                const galley::stream_result first = co_await listener.accept();
                EXPECT_EQ(first.error, expected);
                const std::size_t before = w.driver.looks;
                co_await galley::sleep_for(20ms);
                EXPECT_LT(w.driver.looks, before + 10);
                const galley::stream_result other =
                    co_await galley::tcp_connect(galley::endpoint{"127.0.0.1", listener.local_port()});
                EXPECT_EQ(other.error, expected);
            }
            const galley::stream_result later = co_await listener.accept();
            EXPECT_FALSE(later.error) << later.error.message();
        });
    }
}

// More operations than this process may have descriptors: two tasks per descriptor are enough for that.
TEST_P(descriptor_test, operations_may_outnumber_descriptors) {
    world w{GetParam()};
    for (const rlim_t room : {plenty, rlim_t{0}}) {
        std::vector<pair> pairs;
        for (int i = 0; i < 40; ++i) {
            pairs.push_back(make_socketpair());
            fill(pairs.back().a);
        }
        w.run([&]() -> task<> {
            const scarcity limited{room};
            galley::task_group group;
            co_await group.run([&]() -> task<> {
                for (const pair& p : pairs) {
                    for (int reader = 0; reader < 3; ++reader) {
                        group.spawn(galley::invoke([&]() -> task<> {
                            const auto got = co_await expect_text(p.a.get(), 1, 0, 1);
                            EXPECT_EQ(got.count, 1U) << got.error.message();
                        }));
                    }
                    group.spawn(galley::invoke([&]() -> task<> {
                        const auto sent = co_await send_text(p.a.get(), 2, 0, 100);
                        EXPECT_EQ(sent.count, 100U) << sent.error.message();
                    }));
                }
                co_await until([&] { return w.driver.in_flight() == 4 * pairs.size(); });
                const std::string first(3, static_cast<char>(byte_of(1, 0)));
                for (const pair& p : pairs) {
                    send_all(p.b, first);
                    read_available(p.b);
                }
            });
            for (pair& p : pairs) {
                const galley::descriptor closed = w.adopt(p.a);
            }
        });
    }
}

// Whatever is missing, it is an exception that says so, and what was there already is given back.
TEST_P(descriptor_test, a_loop_without_descriptors_is_an_exception) {
    const std::set<std::string> before = open_descriptors();
    rlim_t refusals = 0;
    for (bool made = false; !made; ++refusals) {
        try {
            const scarcity some{refusals};
            const std::unique_ptr<galley::driver> driver = make_driver(GetParam().driver);
            made = true;
            const std::unique_ptr<galley::loop> loop = make_loop(GetParam().loop, *driver);
            EXPECT_THROW((galley::tcp_listener{*loop, galley::endpoint{"127.0.0.1", 0}}), std::system_error);
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::too_many_files_open);
            EXPECT_EQ(std::string{e.what()}.find("galley: no "), 0U) << e.what();
        }
        EXPECT_EQ(open_descriptors(), before);
        ASSERT_LT(refusals, 10U) << "this driver can never be made";
    }
    EXPECT_EQ(refusals, 3U) << "a driver needs two descriptors";
}

TEST_P(descriptor_test, a_loop_with_its_own_driver_without_descriptors_is_an_exception) {
    const scarcity one{1};
    if (GetParam().loop == loop_kind::ref) {
        EXPECT_THROW(galley::ref::loop{}, std::system_error);
    } else {
        EXPECT_THROW(galley::fast::loop{}, std::system_error);
    }
}

}  // namespace
}  // namespace galley_test
