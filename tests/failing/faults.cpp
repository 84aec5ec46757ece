// SPDX-License-Identifier: BSL-1.0
#include "tests/failing/faults.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace galley_test {

namespace {

std::mutex counting;  // of all below: a case may have two threads
fault planned{};
std::uint64_t number{};  ///< of the latest allocation, or system call, of those that are counted in this case
damage damaged{};

std::atomic<bool> blocked{false};

thread_local bool in_case = false;
thread_local bool counted = false;

bool is_lasting(int error) noexcept { return error == EMFILE || error == ENFILE || error == ENOSPC; }

}  // namespace

void expect(const fault& f) noexcept {
    const std::lock_guard lock{counting};
    planned = f;
    number = 0;
    damaged = {};
    blocked = false;
}

damage done() noexcept {
    const std::lock_guard lock{counting};
    return damaged;
}

under_test::under_test() noexcept { in_case = counted = true; }
under_test::~under_test() { in_case = counted = false; }

spared::spared() noexcept : before_{counted} { counted = false; }
spared::~spared() { counted = before_; }

void tell_blocked() noexcept {
    blocked = true;
    blocked.notify_all();
}
void wait_until_blocked() noexcept { blocked.wait(false); }

bool is_under_test() noexcept { return in_case; }
bool is_counted() noexcept { return counted; }

bool allocation_fails() noexcept {
    if (!counted) {
        return false;
    }
    const std::lock_guard lock{counting};
    if (planned.what != fault::kind::allocation || ++number < planned.nth) {
        return false;
    }
    const bool fails = number == planned.nth || number == planned.nth + planned.again_after || planned.and_all_later;
    damaged.times += fails ? 1 : 0;
    return fails;
}

int call_fails(const char* call, std::initializer_list<int> errors) noexcept {
    if (!counted) {
        return 0;
    }
    const std::lock_guard lock{counting};
    if (planned.what != fault::kind::system_call || ++number < planned.nth) {
        return 0;
    }
    if (number > planned.nth) {
        const bool again = planned.and_all_later && damaged.lasting && std::strcmp(call, damaged.call) == 0;
        return again ? damaged.error : 0;
    }
    damaged.errors = errors.size();
    if (planned.selection >= errors.size()) {
        return 0;  // with two threads, it may be another call than last time
    }
    damaged.times = 1;
    damaged.call = call;
    damaged.error = *(errors.begin() + planned.selection);
    damaged.lasting = is_lasting(damaged.error);
    return damaged.error;
}

}  // namespace galley_test
