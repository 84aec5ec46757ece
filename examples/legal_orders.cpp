// SPDX-License-Identifier: BSL-1.0
// Two deposits, one of which is lost in some orders: none that a plain test sees.
#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

#include <cstdio>

galley::task<> deposit(int& balance, int amount) {
    const int before = balance;
    co_await galley::yield();  // the bank's other office is told
    balance = before + amount;
}

galley::task<> late_deposit(int& balance, int amount) {
    co_await galley::yield();
    co_await deposit(balance, amount);
}

galley::task<> two_deposits() {
    int balance = 0;
    co_await galley::when_all(deposit(balance, 100), late_deposit(balance, 50));
    galley::testing::require(balance == 150, "a deposit is lost");
}

int main() {
    const auto found = galley::testing::explore({}, two_deposits);
    std::fputs(found.report().c_str(), stdout);
    return found.failed() ? 0 : 1;  // it is there to be found
}
