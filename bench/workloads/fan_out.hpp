// SPDX-License-Identifier: BSL-1.0
// One message to many readers: all descriptors become readable at once, and each is read. A counter each (eventfd(2)),
// as it needs no other end: ten thousand connections would need more descriptors than a process may have.
#pragma once

#include "bench/harness/contender.hpp"
#include "bench/harness/sockets.hpp"

#include <string>
#include <vector>

#include <unistd.h>

namespace galley_bench::workloads {

[[nodiscard]] inline row fan_out_row(std::uint64_t readers) {
    return {"fan-out to " + std::to_string(readers) + " readers, a reader", group::sockets, 0, readers};
}
inline constexpr std::uint64_t fan_out_readers[]{100, 1000, 10'000};

/// What is written is the number of the round, and each reader must read it, once.
class fan_out_messages {
public:
    explicit fan_out_messages(std::uint64_t readers) {
        for (std::uint64_t i = 0; i < readers; ++i) {
            owned_.push_back(counter());
            counters_.push_back(owned_.back().get());
        }
    }
    [[nodiscard]] const std::vector<int>& counters() const noexcept { return counters_; }
    /// For a loop that must close them itself.
    void release() noexcept {
        for (descriptor& d : owned_) {
            static_cast<void>(d.release());
        }
    }
    /// True: that was the last of the round.
    bool note(std::uint64_t message) noexcept {
        wrong_ += message == round_ ? 0 : 1;
        return ++read_ == counters_.size();
    }
    [[nodiscard]] bool over() const noexcept { return over_; }

    void measure(benchmark::State& state, auto run) {
        send();
        run();
        const std::uint64_t before = round_;
        bool all_read = true;
        const measured m;
        for (auto _ : state) {
            state.PauseTiming();
            send();
            state.ResumeTiming();
            run();
            all_read = all_read && read_ == counters_.size();
        }
        m.report(state, (round_ - before) * counters_.size());
        require(state, all_read && wrong_ == 0, "a reader has not read, or not what was sent");
        over_ = true;
    }
    /// To all; counts from there on who reads it.
    void send() {
        ++round_;
        read_ = 0;
        for (const int c : counters_) {
            wrong_ += ::write(c, &round_, sizeof round_) == sizeof round_ ? 0 : 1;
        }
    }

private:
    std::vector<descriptor> owned_;
    std::vector<int> counters_;
    std::uint64_t round_{};
    std::uint64_t read_{};
    std::uint64_t wrong_{};
    bool over_{};
};

template <class Peer>
class fanning_out {
public:
    explicit fanning_out(std::uint64_t readers)
        : messages_{readers},
          readers_{readers, [this, i = std::size_t{}]() mutable { return reader{*this, messages_.counters()[i++]}; }} {}
    void measure(benchmark::State& state) {
        messages_.measure(state, [this] { loop_.run(); });
    }

private:
    struct reader : Peer::template reader<reader> {
        reader(fanning_out& f, int on) : Peer::template reader<reader>{f.loop_, on}, owner{&f}, counter{on} {}
        void readable() {
            std::uint64_t message{};
            static_cast<void>(::read(counter, &message, sizeof message));
            if (owner->messages_.note(message)) {
                owner->loop_.stop();
            }
        }
        fanning_out* owner;
        int counter;
    };

    fan_out_messages messages_;
    typename Peer::loop loop_;
    items<reader> readers_;
};

template <class Peer>
void fan_out(registry& to) {
    if constexpr (requires { typename Peer::io; }) {
        for (const std::uint64_t readers : fan_out_readers) {
            to.run(fan_out_row(readers), Peer::name,
                   [=](benchmark::State& state) { fanning_out<typename Peer::io>{readers}.measure(state); });
        }
    }
}

}  // namespace galley_bench::workloads
