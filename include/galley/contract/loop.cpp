// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/loop.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace galley {

namespace {

loop_options checked(loop_options options) {
    if (options.resolution_bits > 40) {
        throw std::invalid_argument("galley::loop: resolution_bits must be at most 40");
    }
    if (options.ask_every == 0) {
        throw std::invalid_argument("galley::loop: ask_every must be at least 1");
    }
    if (options.budget == 0) {
        throw std::invalid_argument("galley::loop: budget must be at least 1");
    }
    if (options.spin < duration::zero()) {
        throw std::invalid_argument("galley::loop: spin must not be negative");
    }
    return options;
}

}  // namespace

loop::loop(driver& d, const loop_options& options, std::size_t call_stack)
    : driver_{d},
      options_{checked(options)},
      resolution_{options.resolution_bits},
      tasks_{*this, options.budget, call_stack} {
    take_sample();  // a clock need not begin at zero, and deadlines are made from the sample before the first run, too
}

void loop::end_without_room() noexcept {
    std::fputs(
        "galley: no memory for an entry of the ready queue, which must not get lost: it is no task's, and no room "
        "was reserved for it (loop::reserve_ready)\n",
        stderr);
    std::abort();
}

void loop::refuse_in_forked_child() {
    throw std::logic_error(
        "galley: run() in a forked child: this loop, its descriptors and its remotes are the parent's, with which this "
        "process shares what the kernel waits for; make a new loop here, or call exec or exit in the step that forks");
}

}  // namespace galley
