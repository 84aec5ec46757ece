// SPDX-License-Identifier: BSL-1.0
// Connections that come and go: each is accepted and closed. The clients are no part of what is measured.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/sockets.hpp"

#include <vector>

#include <sys/socket.h>

namespace galley_bench::workloads {

inline constexpr std::uint64_t churn_batch = 128;
inline const row churn_row{"connection accepted and closed", group::sockets, 0, churn_batch};

/// `run(count)` runs until so many more have been accepted. Each client must see that it was closed.
void measure_churn(benchmark::State& state, const listening& listener, auto run) {
    std::uint64_t closed = 0;
    std::uint64_t rounds = 0;
    std::vector<descriptor> clients;
    const auto come = [&] {
        for (std::uint64_t i = 0; i < churn_batch; ++i) {
            clients.push_back(listener.connect());
        }
    };
    const auto go = [&] {
        for (const descriptor& client : clients) {
            char byte{};
            closed += ::recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0 ? 1 : 0;
        }
        clients.clear();
        ++rounds;
    };
    come();
    run(churn_batch);
    go();
    const measured m;
    for (auto _ : state) {
        state.PauseTiming();
        come();
        state.ResumeTiming();
        run(churn_batch);
        state.PauseTiming();
        go();
        state.ResumeTiming();
    }
    m.report(state, (rounds - 1) * churn_batch);
    require(state, closed == rounds * churn_batch, "a connection was not closed");
}

template <class Peer>
class churning {
public:
    void measure(benchmark::State& state) {
        measure_churn(state, listener_, [this](std::uint64_t count) {
            left_ = count;
            loop_.run();
        });
    }

private:
    struct acceptor : Peer::template acceptor<acceptor> {
        explicit acceptor(churning& c)
            : Peer::template acceptor<acceptor>{c.loop_, ::dup(c.listener_.get())}, owner{&c} {}
        void accepted() {
            if (--owner->left_ == 0) {
                owner->loop_.stop();
            }
        }
        churning* owner;
    };

    listening listener_;
    std::uint64_t left_{};
    typename Peer::loop loop_;
    acceptor acceptor_{*this};
};

template <class Peer>
void churn(registry& to) {
    if constexpr (requires { typename Peer::io; }) {
        to.run(churn_row, Peer::name, [](benchmark::State& state) { churning<typename Peer::io>{}.measure(state); });
    }
}

}  // namespace galley_bench::workloads
