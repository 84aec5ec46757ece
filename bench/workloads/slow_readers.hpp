// SPDX-License-Identifier: BSL-1.0
// Readers that are slower than who writes to them: what is sent does not fit, and goes on whenever there is room. The
// readers are a thread without a loop, which now and then takes a little of each connection; what is measured is the
// CPU time of the thread that writes.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/sockets.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace galley_bench::workloads {

inline constexpr std::size_t slow_connections = 64;
inline constexpr std::size_t slow_piece = 16 * 1024;
inline constexpr std::uint64_t slow_batch = 256;
inline const row slow_row{"slow readers, 64 connections, a piece of 16 KB", group::sockets, 0, slow_batch};

/// The connections, and the thread that reads them. Each carries the numbers from 0 on, eight bytes each.
class slow_ends {
public:
    slow_ends() {
        for (std::size_t i = 0; i < slow_connections; ++i) {
            auto [here, there] = connect_pair(4 * slow_piece);
            writers_.push_back(std::move(here));
            readers_.push_back({std::move(there)});
        }
        thread_ = std::jthread{[this] { read_all(); }};
    }
    /// The ends to write to; whoever takes them closes them.
    [[nodiscard]] std::vector<descriptor>& writers() noexcept { return writers_; }
    /// Once all writers are closed: waits for the readers, and gives how many pieces they have got, undamaged. What
    /// comes after the last whole one was not said to be sent.
    [[nodiscard]] std::uint64_t finish() {
        thread_.join();
        std::uint64_t pieces = 0;
        for (const end& e : readers_) {
            pieces += e.read / slow_piece;
        }
        return wrong_ == 0 ? pieces : 0;
    }

private:
    struct end {
        descriptor socket;
        std::uint64_t read{};
        bool over{};
    };
    void read_all() {
        constexpr std::size_t a_little = 4 * 1024;
        constexpr std::chrono::microseconds pause{500};
        for (std::size_t ended = 0; ended < readers_.size(); std::this_thread::sleep_for(pause)) {
            for (end& e : readers_) {
                std::array<std::byte, a_little> bytes;
                const ssize_t count = e.over ? -1 : ::recv(e.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
                if (count == 0) {
                    e.over = true;
                    ++ended;
                }
                for (ssize_t i = 0; i < count; ++i, ++e.read) {
                    const std::uint64_t number = e.read / sizeof number >> 8 * (e.read % sizeof number);
                    wrong_ += bytes[static_cast<std::size_t>(i)] == std::byte(number & 0xff) ? 0 : 1;
                }
            }
        }
    }

    std::vector<descriptor> writers_;
    std::vector<end> readers_;
    std::uint64_t wrong_{};
    std::jthread thread_;
};

/// What goes over one connection.
class slow_pieces {
public:
    [[nodiscard]] std::span<const std::byte> next() noexcept {
        for (std::uint64_t& number : piece_) {
            number = numbers_++;
        }
        return std::as_bytes(std::span{piece_});
    }

private:
    std::uint64_t numbers_{};
    std::array<std::uint64_t, slow_piece / sizeof(std::uint64_t)> piece_{};
};

/// Counts the pieces that are gone; `run()` runs until `until` are.
struct slow_tally {
    std::uint64_t sent{};
    std::uint64_t until{};
    bool over{};

    bool note() noexcept { return ++sent == until; }
    void measure(benchmark::State& state, auto run) {
        const auto run_batch = [&] {
            until = sent + slow_batch;
            run();
        };
        run_batch();
        const std::uint64_t before = sent;
        const measured m;
        for (auto _ : state) {
            run_batch();
        }
        m.report(state, sent - before);
    }
};

template <class Peer>
class writing_slowly {
public:
    void measure(benchmark::State& state) {
        slow_ends readers;
        slow_tally tally;
        {
            typename Peer::loop loop;
            items<writer> writers{slow_connections, [&, i = std::size_t{}]() mutable {
                                      return writer{loop, tally, readers.writers()[i++].release()};
                                  }};
            for (writer& w : writers) {
                w.receive();
                w.write();
            }
            tally.measure(state, [&] { loop.run(); });
        }
        require(state, readers.finish() >= tally.sent, "pieces were lost, or damaged");
    }

private:
    struct writer : Peer::template stream<writer> {
        writer(typename Peer::loop& l, slow_tally& t, int socket)
            : Peer::template stream<writer>{l, socket}, loop{&l}, tally{&t} {}
        static void received(std::span<const std::byte>) noexcept {}  // nothing comes
        void sent() {
            note();
            write();
        }
        void write() {
            while (this->send(pieces.next())) {
                note();
            }
        }
        void note() {
            if (tally->note()) {
                loop->stop();
            }
        }
        typename Peer::loop* loop;
        slow_tally* tally;
        slow_pieces pieces;
    };
};

template <class Peer>
void slow_readers(registry& to) {
    if constexpr (requires { typename Peer::io; }) {
        to.run(slow_row, Peer::name,
               [](benchmark::State& state) { writing_slowly<typename Peer::io>{}.measure(state); });
    }
}

}  // namespace galley_bench::workloads
