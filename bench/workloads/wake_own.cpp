// SPDX-License-Identifier: BSL-1.0
// A post to a loop that sleeps: raw, a counter (eventfd(2)) that a thread waits for; and as galley does it.
#include "bench/harness/sockets.hpp"
#include "bench/harness/suite.hpp"
#include "bench/workloads/wake.hpp"

#include <poll.h>
#include <unistd.h>

namespace galley_bench {

namespace {

using workloads::waking;

void wake_raw(benchmark::State& state) {
    const descriptor told = counter();
    waking w;
    w.measure(
        state,
        [&] {
            for (std::uint64_t count = 0; !w.over();) {
                pollfd wanted{told.get(), POLLIN, 0};
                ::poll(&wanted, 1, -1);
                if (::read(told.get(), &count, sizeof count) == sizeof count) {
                    w.ran();
                }
            }
        },
        [&] {
            const std::uint64_t one = 1;
            static_cast<void>(::write(told.get(), &one, sizeof one));
        });
}

void wake_on(galley::loop& loop, benchmark::State& state) {
    const galley::keep_alive alive{loop};
    waking w;
    const auto ran = [&] {
        w.ran();
        if (w.over()) {
            loop.stop();
        }
    };
    std::uint64_t refused = 0;
    w.measure(
        state, [&] { static_cast<void>(loop.run()); },
        [&, remote = loop.get_remote()] { refused += remote.post([&ran] { ran(); }) ? 0 : 1; });
    require(state, refused == 0, "posts were refused");
}

void enter(registry& to) { add(to, workloads::wake_row, &wake_raw, &wake_on); }

const entrant here{entrant::workload, "wake", &enter};

}  // namespace

}  // namespace galley_bench
