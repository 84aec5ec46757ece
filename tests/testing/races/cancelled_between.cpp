// SPDX-License-Identifier: BSL-1.0
// A permit is taken, used, and given back.
#include "races.hpp"

#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

namespace galley::races {

namespace {

task<> use() {
    co_await yield();
    co_await yield();
}

task<> with_permit(semaphore& permits) {
    co_await permits.acquire();
    co_await use();  // a cancellation comes out of here as an exception
    permits.release();
}

struct permit {
    explicit permit(semaphore& s) noexcept : from{s} {}
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;
    ~permit() { from.release(); }
    semaphore& from;
};

task<> with_permit_for_sure(semaphore& permits) {
    co_await permits.acquire();
    const permit held{permits};
    co_await use();
}

task<> user_of(semaphore& permits, form f) {
    return f == form::mended ? with_permit_for_sure(permits) : with_permit(permits);
}

task<> joined(const join_handle<>& user) {
    try {
        co_await user.join();
    } catch (const task_cancelled&) {  // as it should be
    }
}

}  // namespace

testing::body_function cancelled_between(form f) {
    return [f](testing::world&) -> task<> {
        semaphore permits{1};
        const join_handle<> user = co_await spawn_here(user_of(permits, f), "user");
        co_await testing::sometime();
        user.cancel();
        co_await joined(user);
        testing::require(permits.permits() == 1, "a permit is lost");
    };
}

}  // namespace galley::races
