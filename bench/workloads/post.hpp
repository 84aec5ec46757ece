// SPDX-License-Identifier: BSL-1.0
// Callbacks that the loop's own thread has called soon: each in flight posts itself again; or all
// at once, then silence.
#pragma once

#include "bench/harness/contender.hpp"

namespace galley_bench::workloads {

template <class Peer>
class posting {
public:
    posting(std::uint64_t in_flight, std::uint64_t batch)
        : batch_{batch}, links_{in_flight, [&] { return link{*this}; }} {}

    /// A batch: so many callbacks in all.
    void run() {
        left_ = batch_ - links_.size();
        until_ = ran_ + batch_;
        for (link& l : links_) {
            l.post();
        }
        loop_.run();
    }
    void measure(benchmark::State& state) {
        run();
        const std::uint64_t before = ran_;
        const measured m;
        for (auto _ : state) {
            run();
        }
        m.report(state, ran_ - before);
        require(state, ran_ - before == static_cast<std::uint64_t>(state.iterations()) * batch_ && left_ == 0,
                "callbacks were lost, or ran twice");
    }

private:
    struct link : Peer::template slot<link> {
        explicit link(posting& p) : Peer::template slot<link>{p.loop_}, owner{&p} {}
        void run() {
            ++owner->ran_;
            if (owner->left_ > 0) {
                --owner->left_;
                this->post();
            } else if (owner->ran_ == owner->until_) {
                owner->loop_.stop();
            }
        }
        posting* owner;
    };

    typename Peer::loop loop_;
    std::uint64_t batch_;
    std::uint64_t ran_{};
    std::uint64_t left_{};  ///< how many are still to be posted
    std::uint64_t until_{};
    items<link> links_;
};

template <class Peer>
void post(registry& to) {
    const auto add = [&](const row& r, std::uint64_t in_flight) {
        to.run(r, Peer::name, [=](benchmark::State& state) { posting<Peer>{in_flight, r.operations}.measure(state); });
    };
    add({"post in loop", group::callbacks, 1.3, 1 << 16}, 64);
    add({"post in loop, bursts of 1e5", group::callbacks, 1.3, 100'000}, 100'000);
}

}  // namespace galley_bench::workloads
