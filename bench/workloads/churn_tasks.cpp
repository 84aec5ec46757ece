// SPDX-License-Identifier: BSL-1.0
// Connections that come and go, as galley's programs write it: a task that accepts.
#include "bench/harness/suite.hpp"
#include "bench/workloads/churn.hpp"

#include <galley/run.hpp>
#include <galley/tcp.hpp>

namespace galley_bench {

namespace {

galley::task<> accept(int listener, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto [error, socket] = co_await galley::accept(listener);
        if (error) {
            co_return;  // and a client sees that it was not closed
        }
        const galley::descriptor closed{co_await galley::this_loop(), socket};
    }
}

void churn_on(galley::loop& loop, benchmark::State& state) {
    listening listener;
    const galley::descriptor socket{loop, ::dup(listener.get())};
    workloads::measure_churn(state, listener,
                             [&](std::uint64_t count) { galley::run(loop, accept(socket.get(), count)); });
}

void enter(registry& to) { add(to, workloads::churn_row, &churn_on); }

const entrant here{entrant::workload, "churn", &enter};

}  // namespace

}  // namespace galley_bench
