// SPDX-License-Identifier: BSL-1.0
// Writing to slow readers, as galley's programs do it: a task for each connection.
#include "bench/harness/suite.hpp"
#include "bench/workloads/slow_readers.hpp"

#include <galley/run.hpp>
#include <galley/spawn.hpp>
#include <galley/tcp.hpp>

namespace galley_bench {

namespace {

galley::task<> write(galley::loop& loop, galley::tcp_stream stream, workloads::slow_tally& tally) {
    workloads::slow_pieces pieces;
    while (!tally.over) {
        const auto [error, n] = co_await stream.write_all(pieces.next());
        if (error) {
            co_return;  // and the readers miss what is said to be sent
        }
        if (tally.note()) {
            loop.stop();
        }
    }
}

void slow_on(galley::loop& loop, benchmark::State& state) {
    workloads::slow_ends readers;
    workloads::slow_tally tally;
    for (descriptor& d : readers.writers()) {
        galley::tcp_stream stream{galley::descriptor{loop, d.release()}};
        galley::spawn(loop, write(loop, std::move(stream), tally)).detach();
    }
    tally.measure(state, [&] { static_cast<void>(loop.run()); });
    tally.over = true;
    static_cast<void>(loop.run());
    require(state, readers.finish() >= tally.sent, "pieces were lost, or damaged");
}

void enter(registry& to) { add(to, workloads::slow_row, &slow_on); }

const entrant here{entrant::workload, "slow_readers", &enter};

}  // namespace

}  // namespace galley_bench
