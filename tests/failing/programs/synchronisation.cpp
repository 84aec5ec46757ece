// SPDX-License-Identifier: BSL-1.0
// Tasks that wait for each other: items and permits that must not get lost.
#include "tests/failing/programs.hpp"

#include <array>
#include <optional>

namespace galley_test {
namespace {

task<> produces(stage& s, galley::queue<token>& to, int items) {
    const body here{s};
    for (int i = 0; i < items; ++i) {
        token item{s};
        const bool accepted = co_await to.put(std::move(item));
        s.check(accepted, "SYNC-3: the queue is open");
    }
}
task<> consumes(stage& s, galley::queue<token>& from) {
    const body here{s};
    for (;;) {
        std::optional<token> item = co_await from.get();
        if (!item) {
            co_return;
        }
        co_await galley::yield();
        item->spend(1);
    }
}

void producers_and_consumers(stage& s) {
    galley::queue<token> goods{2};
    s.run([&s, &goods]() -> task<> {
        const body here{s};
        galley::task_group consumers;
        co_await consumers.run([&]() -> task<> {
            const body in_group{s};
            consumers.spawn(consumes(s, goods));
            consumers.spawn(consumes(s, goods));
            co_await galley::when_all(produces(s, goods, 6), produces(s, goods, 4));
            goods.close();
        });
        s.check(goods.size() == 0, "SYNC-3: a closed queue is drained");
    });
}

/// Gives a permit back.
class permit {
public:
    explicit permit(galley::semaphore& of) noexcept : of_{&of} {}
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;
    ~permit() { of_->release(); }

private:
    galley::semaphore* of_;
};

struct stove {
    explicit stove(std::uint64_t places) noexcept : permits{places} {}
    galley::semaphore permits;
    galley::mutex spoon;
    galley::event lit;
};

task<> cooks(stage& s, stove& at) {
    const body here{s};
    co_await at.lit.wait();
    co_await at.permits.acquire();
    const permit mine{at.permits};
    const galley::mutex::guard stirring = co_await at.spoon.lock();
    co_await galley::sleep_for(1ms);
    s.did(1);
}

void permits_and_a_mutex(stage& s) {
    stove kitchen{2};
    s.run([&s, &kitchen]() -> task<> {
        const body here{s};
        galley::task_group group;
        co_await group.run([&]() -> task<> {
            const body in_group{s};
            for (int i = 0; i < 5; ++i) {
                group.spawn(cooks(s, kitchen));
            }
            co_await galley::yield();
            kitchen.lit.set();
        });
    });
    s.check(kitchen.permits.permits() == 2, "SYNC-2: a permit was lost");
    s.check(!kitchen.spoon.locked(), "a mutex has no owner when all are gone");
}

constexpr std::array programs{
    program{"producers_and_consumers", &producers_and_consumers},
    program{"permits_and_a_mutex", &permits_and_a_mutex},
};

}  // namespace

std::span<const program> synchronisation_programs() noexcept { return programs; }

}  // namespace galley_test
