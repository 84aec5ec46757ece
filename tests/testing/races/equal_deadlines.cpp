// SPDX-License-Identifier: BSL-1.0
// The shop opens at eight, and the first customer comes at eight.
#include "races.hpp"

#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

#include <chrono>

namespace galley::races {

namespace {

using namespace std::chrono_literals;

task<> keeper(event& open) {
    co_await sleep_for(8h);
    open.set();
}

task<> customer(event& open) {
    co_await sleep_for(8h);
    testing::require(open.is_set(), "a customer before a closed door");
}

task<> patient_customer(event& open) {
    co_await sleep_for(8h);
    co_await open.wait();
}

task<> customer_of(event& open, form f) { return f == form::mended ? patient_customer(open) : customer(open); }

}  // namespace

testing::body_function equal_deadlines(form f) {
    return [f](testing::world&) -> task<> {
        event open;
        co_await when_all(keeper(open), customer_of(open, f));
    };
}

}  // namespace galley::races
