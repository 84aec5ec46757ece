// SPDX-License-Identifier: BSL-1.0
// A loop that is destroyed with everything in flight, at many moments of a program (LIFE-5): every frame goes, once, in
// reverse start order; no task goes on; no descriptor stays open; and destructors may use the loop.
#include "tests/integration/fixture.hpp"

#include <galley/io.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace galley_test {
namespace {

using galley::io;

class destruction_test : public integration {};
INSTANTIATE_TEST_SUITE_P(, destruction_test, every_loop_on_every_driver, combination_name);

/// Does something when it goes.
class at_end {
public:
    explicit at_end(std::function<void()> f) : do_{std::move(f)} {}
    at_end(at_end&& other) noexcept : do_{std::exchange(other.do_, nullptr)} {}
    at_end& operator=(at_end&&) = delete;
    ~at_end() {
        if (do_) {
            do_();
        }
    }

private:
    std::function<void()> do_;
};

/// Tasks on a loop that is going to be destroyed, and what became of them.
struct doomed_tasks {
    explicit doomed_tasks(galley::loop& l) noexcept : loop{&l} {}

    template <class Body>
    void add(Body body) {
        handles.push_back(galley::spawn(*loop, galley::invoke([this, body]() mutable -> task<> {
            const galley::context& self = co_await galley::this_task();
            ++begun;
            const at_end note{[this, id = self.id()] { gone.push_back(id); }};
            co_await body();
        })));
    }
    /// A task that awaits once, what never comes. Its buffer lies in its frame.
    template <class Make>
    void add_waiting(Make make) {
        add([make]() -> task<> {
            std::array<std::byte, 64> some;
            static_cast<void>(co_await make(std::span<std::byte>{some}));
            ADD_FAILURE() << "it goes on, though what it awaits never came";
        });
    }

    galley::loop* loop;
    std::vector<galley::join_handle<>> handles;
    std::size_t begun{};
    std::vector<galley::task_id> gone;  ///< in the order in which their frames went
};

/// What tasks can wait for. It outlives the loop; but a frame owns one end of each descriptor.
struct surroundings {
    surroundings() {
        fill(stream.a);
        fill(pair_of_packets.a);
        const sockaddr_in to = address_of(crowded);
        for (owned& socket : crowd) {  // until connects stay in progress
            static_cast<void>(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to));
        }
    }
    pair pipe{make_pipe()};
    pair stream{make_socketpair()};
    pair pair_of_packets{make_socketpair(SOCK_DGRAM)};
    pair ping{make_tcp_pair()};
    owned quiet{make_listener()};
    owned client{make_tcp_socket()};
    owned crowded{make_listener(0)};
    std::array<owned, 3> crowd{make_tcp_socket(), make_tcp_socket(), make_tcp_socket()};
    galley::event never;
    galley::mutex mutex;
    galley::semaphore permits{0};
    galley::queue<int> items{1};
};

using some = std::span<std::byte>;

task<> wait_deep(galley::event& e, int depth) {
    if (depth == 0) {
        co_await e.wait();
    } else {
        co_await wait_deep(e, depth - 1);
    }
}
task<> read_for_ever(int from) {
    std::byte buffer[16];
    static_cast<void>(co_await galley::read(from, buffer));
}

/// A task for each kind of await, none of which is ever over.
void add_waiting_tasks(doomed_tasks& t, world& w, surroundings& s) {
    const auto on = [](const owned& o) { return o.get(); };
    const int pipe = on(s.pipe.a), stream = on(s.stream.a), packets = on(s.pair_of_packets.a), quiet = on(s.quiet),
              client = on(s.client);
    const galley::endpoint crowded{"127.0.0.1", ntohs(address_of(s.crowded).sin_port)};
    t.add([&w, &s]() -> task<> {  // started first, so it goes last
        std::vector<galley::descriptor> ends;
        for (owned* const o :
             {&s.pipe.a, &s.stream.a, &s.pair_of_packets.a, &s.ping.a, &s.ping.b, &s.quiet, &s.client}) {
            ends.push_back(w.adopt(*o));
        }
        co_await s.never.wait();
    });
    t.add_waiting([=](some buffer) { return galley::read(pipe, buffer); });
    t.add_waiting([=](some buffer) { return galley::read(stream, buffer); });
    t.add_waiting([=](some buffer) { return galley::read(stream, buffer); });
    t.add_waiting([=](some buffer) { return galley::write(stream, buffer); });
    t.add_waiting([=](some buffer) { return galley::read(packets, buffer); });
    t.add_waiting([=](some) { return galley::writable(packets); });
    t.add_waiting([=](some) { return galley::readable(quiet); });
    t.add_waiting([=](some) { return galley::accept(quiet); });
    t.add_waiting([=](some) { return galley::connect(client, crowded); });
    t.add_waiting([](some) { return galley::sleep_for(1h); });
    t.add_waiting([](some) { return galley::sleep_until(galley::end_of_time); });
    t.add_waiting([&s](some) { return s.never.wait(); });
    t.add_waiting([&s](some) { return s.permits.acquire(); });
    t.add_waiting([&s](some) { return s.items.get(); });
    t.add([&s]() -> task<> {
        const auto guard = co_await s.mutex.lock();
        co_await s.never.wait();
    });
    t.add_waiting([&s](some) { return s.mutex.lock(); });
    t.add([&s, pipe]() -> task<> {  // a join, a group, and all that can be nested
        auto child = co_await galley::spawn_here(read_for_ever(pipe));
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            group.spawn(galley::invoke([&]() -> task<> {
                static_cast<void>(co_await galley::when_all(read_for_ever(pipe), wait_deep(s.never, 100)));
            }));
            group.spawn(galley::invoke([&]() -> task<> {
                static_cast<void>(co_await galley::when_any(read_for_ever(pipe), wait_deep(s.never, 3)));
            }));
            group.spawn(galley::invoke([&]() -> task<> { co_await galley::shield(read_for_ever(pipe)); }));
            group.spawn(galley::invoke(
                [&]() -> task<> { static_cast<void>(co_await galley::try_timeout(1h, wait_deep(s.never, 1))); }));
            co_await child.join();
        });
    });
}

/// Tasks that are always busy: what is destroyed is in another state with each turn.
void add_busy_tasks(doomed_tasks& t, surroundings& s) {
    for (const int end : {s.ping.a.get(), s.ping.b.get()}) {
        t.add([end, first = end == s.ping.a.get()]() -> task<> {
            std::byte ball[1]{};
            for (bool serve = first;; serve = true) {
                if (serve) {
                    static_cast<void>(co_await galley::write(end, ball));
                }
                const auto got = co_await galley::read(end, ball);
                EXPECT_EQ(got.count, 1U) << got.error.message();
            }
        });
    }
    t.add([]() -> task<> {
        for (;;) {
            co_await galley::sleep_for(0s);
        }
    });
    t.add([]() -> task<> {
        for (int i = 0;; ++i) {
            auto child = co_await galley::spawn_here([]() -> task<int> {
                co_await galley::yield();
                co_return 1;
            }());
            if (i % 2 == 0) {
                child.cancel();
                continue;  // detached while it is being cancelled
            }
            co_await child.join();
        }
    });
}

class callbacks {
public:
    explicit callbacks(galley::remote r) noexcept : remote{std::move(r)} {}
    bool post() {
        return remote.post([this, note = at_end{[this] { ++gone; }}] { ++called; });
    }
    galley::remote remote;
    int called{};
    int gone{};  ///< called, dropped or refused
};

TEST_P(destruction_test, everything_in_flight_goes_at_any_moment) {
    for (int turns = 0; turns < (sanitized ? 30 : 100); ++turns) {
        SCOPED_TRACE(turns);
        surroundings s;
        auto w = std::make_unique<world>(GetParam());
        doomed_tasks tasks{w->loop()};
        callbacks posts{w->loop().get_remote()};
        add_waiting_tasks(tasks, *w, s);
        add_busy_tasks(tasks, s);
        tasks.add([&, turns]() -> task<> {
            for (int i = 0; i < turns; ++i) {
                co_await galley::yield();
            }
            const auto end = [&] {
                for (int i = 0; i < 3; ++i) {
                    EXPECT_TRUE(posts.post());
                }
                w->loop().stop();
            };
            if (turns % 3 == 0) {
                w->driver.at_next_look = end;  // then the callbacks are collected, and stay in the ready queue
            } else {
                end();  // and here in the inbox
            }
        });
        EXPECT_EQ(w->loop().run(), galley::verdict::stopped);
        EXPECT_EQ(tasks.gone.size(), 1U) << "only the one that stopped the loop";
        tasks.gone.clear();
        const std::size_t begun = tasks.begun - 1;
        if (turns % 2 == 0) {
            tasks.handles.clear();
        }

        w->destroy_loop();
        EXPECT_EQ(tasks.gone.size(), begun);
        EXPECT_TRUE(std::is_sorted(tasks.gone.rbegin(), tasks.gone.rend())) << "in reverse start order";
        EXPECT_EQ(posts.called, 0);
        EXPECT_EQ(posts.gone, 3);
        EXPECT_FALSE(posts.post());
        EXPECT_EQ(posts.gone, 4) << "a refused callback is the caller's to drop";
        posts.remote.stop();  // harmless
        w.reset();            // the driver has nothing in flight, or this fails
        char end{};
        EXPECT_LE(::read(s.stream.b.get(), &end, 0), 0);
        read_available(s.stream.b);
        EXPECT_EQ(::read(s.stream.b.get(), &end, 1), 0) << "the end that a frame owned is still open";
    }
}

// LIFE-5: what destructors do to a loop that is being destroyed is harmless: nothing starts, nothing goes on.
TEST_P(destruction_test, destructors_may_use_the_loop) {
    surroundings s;
    auto w = std::make_unique<world>(GetParam());
    galley::loop& loop = w->loop();
    doomed_tasks tasks{loop};
    callbacks posts{loop.get_remote()};
    galley::timer timer{[](galley::timer&) noexcept { ADD_FAILURE() << "fired"; }};
    const int pipe = s.pipe.a.get();
    std::byte buffer[8];
    galley::operation read{io::read, pipe, buffer, sizeof buffer,
                           [](galley::operation&) noexcept { ADD_FAILURE() << "completed"; }};
    int spawned_gone = 0;
    int meddled = 0;
    const auto meddle = [&] {
        ++meddled;
        for (const galley::join_handle<>& handle : tasks.handles) {
            handle.cancel();
        }
        s.never.set();
        s.permits.release();
        EXPECT_FALSE(posts.post());
        loop.stop();
        loop.start(timer, loop.now());
        EXPECT_TRUE(loop.cancel(timer));
        EXPECT_TRUE(loop.start(read)) << "nothing is in flight any more";
        EXPECT_EQ(read.result.how, galley::io_result::status::cancelled);
        loop.cancel(read);  // harmless, as it is over
        auto child = galley::spawn(loop, [](at_end, int from) -> task<> {
            ADD_FAILURE() << "a task started on a loop that is being destroyed";
            co_await read_for_ever(from);
        }(at_end{[&] { ++spawned_gone; }}, pipe));
        child.detach();
    };
    const auto add_meddler = [&] {
        tasks.add([&]() -> task<> {
            const at_end last{meddle};
            co_await s.never.wait();
        });
    };
    add_meddler();
    add_waiting_tasks(tasks, *w, s);
    add_meddler();
    tasks.add([&]() -> task<> {
        co_await galley::sleep_for(1ms);
        loop.stop();
        co_await s.never.wait();
    });
    EXPECT_EQ(loop.run(), galley::verdict::stopped);
    w->destroy_loop();
    EXPECT_EQ(meddled, 2);
    EXPECT_EQ(spawned_gone, 2) << "what they started has gone, too";
    EXPECT_EQ(tasks.gone.size(), tasks.begun);
    EXPECT_EQ(posts.gone, 2);
}

}  // namespace
}  // namespace galley_test
