// SPDX-License-Identifier: BSL-1.0
// Two deposits: the balance is read, the bank's other office is told, the balance is written.
#include "races.hpp"

#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

namespace galley::races {

namespace {

struct account {
    int balance{};
    mutex lock{};
};

task<> tell_the_other_office() { co_await yield(); }

task<> deposit(account& to, int amount) {
    const int before = to.balance;
    co_await tell_the_other_office();
    to.balance = before + amount;  // whatever was written meanwhile is lost
}

task<> deposit_alone(account& to, int amount) {
    const mutex::guard alone = co_await to.lock.lock();
    co_await deposit(to, amount);
}

task<> customer(account& to, int amount, form f) {
    return f == form::mended ? deposit_alone(to, amount) : deposit(to, amount);
}

/// Comes in a moment later: in a plain test, when the first one is done.
task<> late_customer(account& to, int amount, form f) {
    co_await yield();
    co_await customer(to, amount, f);
}

}  // namespace

testing::body_function lost_update(form f) {
    return [f](testing::world&) -> task<> {
        account shared;
        co_await when_all(customer(shared, 100, f), late_customer(shared, 50, f));
        testing::require(shared.balance == 150, "a deposit is lost");
    };
}

}  // namespace galley::races
