// SPDX-License-Identifier: BSL-1.0
// A server that sleeps until there is work, or until it is to stop.
#include "races.hpp"

#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

namespace galley::races {

namespace {

struct server {
    bool stopping{};
    event awake{};
};

task<> flush() {
    co_await yield();
    co_await yield();
}

task<> serve(server& s) {
    while (!s.stopping) {
        co_await flush();
        s.awake.reset();  // if it was set during the flush, nobody will set it again
        co_await s.awake.wait();
    }
}

task<> serve_and_look_again(server& s) {
    while (true) {
        co_await flush();
        s.awake.reset();
        if (s.stopping) co_return;  // in one step with the reset
        co_await s.awake.wait();
    }
}

task<> served(server& s, form f) { return f == form::mended ? serve_and_look_again(s) : serve(s); }

/// At a moment that nobody knows.
task<> shut_down(server& s) {
    co_await testing::sometime();
    s.stopping = true;
    s.awake.set();
}

}  // namespace

testing::body_function shutdown(form f) {
    return [f](testing::world&) -> task<> {
        server s;
        co_await when_all(served(s, f), shut_down(s));
    };
}

}  // namespace galley::races
