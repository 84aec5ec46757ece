// SPDX-License-Identifier: BSL-1.0
// Echo over TCP on the loopback: clients and server on one loop and one thread, so that each round trip is four system
// calls at least, and those that wait. CPU time.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/sockets.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace galley_bench::workloads {

struct echo_shape {
    std::size_t connections;
    std::size_t size;  ///< bytes of a message

    [[nodiscard]] row as_row() const {
        const std::string many = connections == 1 ? " connection" : " connections";
        row r{"echo of " + (size < 1024 ? std::to_string(size) + " B" : std::to_string(size / 1024) + " KB") + ", " +
                  std::to_string(connections) + many,
              group::sockets, 1.03, std::max<std::uint64_t>(1024, 2 * connections)};
        r.large = connections == 1000;
        return r;
    }
};
inline constexpr echo_shape echo_shapes[]{{1, 64}, {64, 64}, {1000, 64}, {64, 16 * 1024}};

/// Round trips, and whether what came back is what was sent.
struct echo_tally {
    std::uint64_t trips{};
    std::uint64_t until{};
    std::uint64_t wrong{};
    bool over{};

    /// True: that was the last of the batch.
    bool note(bool same) noexcept {
        wrong += same ? 0 : 1;
        return ++trips == until;
    }
    /// Makes `message` one that has not been sent before.
    void renew(std::vector<std::byte>& message) const noexcept { std::memcpy(message.data(), &trips, sizeof trips); }

    void measure(benchmark::State& state, std::uint64_t batch, auto run) {
        const auto run_batch = [&] {
            until = trips + batch;
            run();
            require(state, trips >= until, "round trips are missing");
        };
        run_batch();
        const std::uint64_t before = trips;
        const measured m;
        for (auto _ : state) {
            run_batch();
        }
        m.report(state, trips - before);
        require(state, wrong == 0, "bytes came back changed");
    }
};

template <class Peer>
class echoing {
public:
    explicit echoing(const echo_shape& shape) : shape_{shape}, pairs_{shape.connections, [&] { return pair{*this}; }} {}

    void measure(benchmark::State& state) {
        for (pair& p : pairs_) {
            p.server.receive();
            p.client.receive();
            p.client.request();
        }
        tally_.measure(state, shape_.as_row().operations, [&] { loop_.run(); });
    }

private:
    /// Collects whole messages.
    template <class Heir>
    struct end : Peer::template stream<Heir> {
        end(echoing& e, int socket)
            : Peer::template stream<Heir>{e.loop_, socket}, owner{&e}, got(e.shape_.size), out(e.shape_.size) {}
        void received(std::span<const std::byte> bytes) {
            for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), got.size() - have))) {
                const std::size_t count = std::min(bytes.size(), got.size() - have);
                std::memcpy(got.data() + have, bytes.data(), count);
                if (have + count == got.size()) {
                    have = 0;
                    static_cast<Heir*>(this)->complete();
                    return;
                }
                have += count;
            }
        }
        static void sent() noexcept {}
        echoing* owner;
        std::vector<std::byte> got;
        std::vector<std::byte> out;
        std::size_t have{};
    };
    struct server_end : end<server_end> {
        using end<server_end>::end;
        void complete() {
            std::swap(this->got, this->out);
            static_cast<void>(this->send(this->out));
        }
    };
    struct client_end : end<client_end> {
        using end<client_end>::end;
        void complete() {
            if (this->owner->tally_.note(this->got == this->out)) {
                this->owner->loop_.stop();
            }
            request();
        }
        void request() {
            this->owner->tally_.renew(this->out);
            static_cast<void>(this->send(this->out));
        }
    };
    struct pair {
        explicit pair(echoing& e) : pair{e, connect_pair()} {}
        pair(echoing& e, std::pair<descriptor, descriptor> ends)
            : client{e, ends.first.release()}, server{e, ends.second.release()} {}
        client_end client;
        server_end server;
    };

    typename Peer::loop loop_;
    echo_shape shape_;
    echo_tally tally_;
    items<pair> pairs_;
};

template <class Peer>
void echo(registry& to) {
    if constexpr (requires { typename Peer::io; }) {
        for (const echo_shape& shape : echo_shapes) {
            to.run(shape.as_row(), Peer::name,
                   [=](benchmark::State& state) { echoing<typename Peer::io>{shape}.measure(state); });
        }
    }
}

}  // namespace galley_bench::workloads
