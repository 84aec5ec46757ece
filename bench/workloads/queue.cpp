// SPDX-License-Identifier: BSL-1.0
// Items through a bounded queue: from one task to another with room for one, and from four tasks to four.
#include "bench/harness/suite.hpp"
#include "bench/raw.hpp"

#include <galley/queue.hpp>
#include <galley/run.hpp>

#include <bit>
#include <optional>

namespace galley_bench {

namespace {

constexpr std::uint64_t batch = 1 << 14;

/// Items are numbers; what was put must be what was got, each once.
struct tally {
    std::uint64_t put{};
    std::uint64_t got{};
    std::uint64_t sum_got{};
    std::uint64_t until{};
    std::size_t producers{};
    bool over{};

    /// True: that was the last of the batch.
    [[nodiscard]] bool note(std::uint64_t item) noexcept {
        sum_got += item;
        return ++got == until;
    }
    [[nodiscard]] bool agrees() const noexcept { return put == got && sum_got == put * (put - 1) / 2; }
};

/// `run()` runs until the batch is over; or, once `t.over` is set, to the end.
void measure(benchmark::State& state, tally& t, auto run) {
    const auto run_batch = [&] {
        t.until = t.got + batch;
        run();
    };
    run_batch();
    const std::uint64_t before = t.got;
    const measured m;
    for (auto _ : state) {
        run_batch();
    }
    m.report(state, t.got - before);
    require(state, t.got - before >= static_cast<std::uint64_t>(state.iterations()) * batch,
            "fewer items than were asked for");
    t.over = true;
    run();
    require(state, t.agrees(), "items were lost, or came twice");
}

// ---- galley --------------------------------------------------------------------------------------------------------

using items = galley::queue<std::uint64_t>;

[[gnu::noinline]] galley::task<> produce(items& q, tally& t) {
    while (!t.over) {
        co_await q.put(t.put++);
    }
    if (--t.producers == 0) {
        q.close();
    }
}

[[gnu::noinline]] galley::task<> consume(galley::loop& loop, items& q, tally& t) {
    while (const std::optional<std::uint64_t> item = co_await q.get()) {
        if (t.note(*item)) {
            loop.stop();
        }
    }
}

void queue_on(galley::loop& loop, benchmark::State& state, std::size_t room, std::size_t pairs) {
    items q{room};
    tally t;
    t.producers = pairs;
    for (std::size_t i = 0; i < pairs; ++i) {
        galley::spawn(loop, produce(q, t)).detach();
        galley::spawn(loop, consume(loop, q, t)).detach();
    }
    measure(state, t, [&] { static_cast<void>(loop.run()); });
}

// ---- raw -----------------------------------------------------------------------------------------------------------

/// Who waits is served in order; an item goes to a getter that waits, or is stored.
class raw_queue {
public:
    static constexpr std::uint64_t end = ~std::uint64_t{};
    struct waiter {
        std::coroutine_handle<> handle;
        std::uint64_t* item;
    };
    raw_queue(raw::ready_queue& ready, std::size_t room) : ready_{&ready}, items_{std::bit_ceil(room)}, room_{room} {}

    auto put(std::uint64_t item) noexcept {
        struct awaiter {
            raw_queue* q;
            std::uint64_t item;
            bool await_ready() noexcept { return q->accept(item); }
            void await_suspend(std::coroutine_handle<> h) noexcept { q->putters_.push({h, &item}); }
            static void await_resume() noexcept {}
        };
        return awaiter{this, item};
    }
    auto get() noexcept {
        struct awaiter {
            raw_queue* q;
            std::uint64_t item{end};
            bool await_ready() noexcept { return q->take(item); }
            void await_suspend(std::coroutine_handle<> h) noexcept { q->getters_.push({h, &item}); }
            std::uint64_t await_resume() const noexcept { return item; }
        };
        return awaiter{this};
    }
    /// Getters that wait see the end.
    void close() noexcept {
        while (!getters_.empty()) {
            ready_->push(getters_.pop().handle);
        }
        closed_ = true;
    }

private:
    bool accept(std::uint64_t item) noexcept {
        if (!getters_.empty()) {
            const waiter getter = getters_.pop();
            *getter.item = item;
            ready_->push(getter.handle);
            return true;
        }
        if (size_ == room_) {
            return false;
        }
        ++size_;
        items_.push(item);
        return true;
    }
    bool take(std::uint64_t& item) noexcept {
        if (size_ == 0) {
            return closed_;
        }
        item = items_.pop();
        if (putters_.empty()) {
            --size_;
        } else {
            const waiter putter = putters_.pop();
            items_.push(*putter.item);
            ready_->push(putter.handle);
        }
        return true;
    }

    raw::ready_queue* ready_;
    raw::ring<std::uint64_t> items_;
    std::size_t room_;
    std::size_t size_{};
    raw::ring<waiter> putters_{8};
    raw::ring<waiter> getters_{8};
    bool closed_{};
};

[[gnu::noinline]] raw::job<int> raw_produce(raw_queue& q, tally& t) {
    while (!t.over) {
        co_await q.put(t.put++);
    }
    if (--t.producers == 0) {
        q.close();
    }
    co_return 0;
}

[[gnu::noinline]] raw::job<int> raw_consume(raw_queue& q, tally& t, bool& stop) {
    for (;;) {
        const std::uint64_t item = co_await q.get();
        if (item == raw_queue::end) {
            co_return 0;
        }
        stop = t.note(item) || stop;
    }
}

void queue_raw(benchmark::State& state, std::size_t room, std::size_t pairs) {
    raw::ready_queue ready{32};
    raw_queue q{ready, room};
    tally t;
    t.producers = pairs;
    bool stop = false;
    std::vector<raw::job<int>> jobs;
    for (std::size_t i = 0; i < pairs; ++i) {
        jobs.push_back(raw_produce(q, t));
        jobs.back().start(ready);
        jobs.push_back(raw_consume(q, t, stop));
        jobs.back().start(ready);
    }
    measure(state, t, [&] {
        stop = false;
        while (!stop && !ready.empty()) {
            ready.pop().resume();
        }
    });
}

void enter(registry& to) {
    const auto add_queue = [&](const char* name, std::size_t room, std::size_t pairs) {
        add(
            to, {name, group::coroutines, 0, batch}, [=](benchmark::State& state) { queue_raw(state, room, pairs); },
            [=](galley::loop& loop, benchmark::State& state) { queue_on(loop, state, room, pairs); });
    };
    add_queue("queue of 1, an item", 1, 1);
    add_queue("queue of 64, 4 producers and 4 consumers, an item", 64, 4);
}

const entrant here{entrant::workload, "queue", &enter};

}  // namespace

}  // namespace galley_bench
