// SPDX-License-Identifier: BSL-1.0
// Two workers: each looks whether there is a job, writes it into the log, and takes it.
#include "races.hpp"

#include <galley/galley.hpp>
#include <galley/testing/testing.hpp>

namespace galley::races {

namespace {

task<> write_log() { co_await yield(); }

task<> work(queue<int>& jobs) {
    if (jobs.size() == 0) co_return;
    co_await write_log();
    co_await jobs.get();  // somebody else may have taken it: then this waits for ever
}

task<> work_in_one_step(queue<int>& jobs) {
    if (jobs.size() == 0) co_return;
    co_await jobs.get();  // satisfied at once: nobody comes in between
    co_await write_log();
}

task<> worker(queue<int>& jobs, form f) { return f == form::mended ? work_in_one_step(jobs) : work(jobs); }

task<> late_worker(queue<int>& jobs, form f) {
    co_await yield();
    co_await worker(jobs, f);
}

}  // namespace

testing::body_function check_then_act(form f) {
    return [f](testing::world&) -> task<> {
        queue<int> jobs{8};
        co_await jobs.put(1);
        co_await when_all(worker(jobs, f), late_worker(jobs, f));
        testing::require(jobs.size() == 0, "a job is left");
    };
}

}  // namespace galley::races
