// SPDX-License-Identifier: BSL-1.0
// How long a loop with a million timers is held by a turn: not by the usual one, but by those that are noticed. In time
// of the processor, so that what else the machine does is left out; the clock is virtual.
#include "bench/harness/contender.hpp"
#include "bench/harness/manual_driver.hpp"
#include "bench/harness/suite.hpp"
#include "bench/harness/virtual_time.hpp"
#include "bench/workloads/timers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace galley_bench {

namespace {

constexpr std::size_t count = 1'000'000;

/// Notes how long each turn took, from the end of a wait to the beginning of the next one. A wait that is over already
/// takes no time.
class noting_driver final : public manual_driver {
public:
    noting_driver() { turns_.reserve(3 * count); }

    void wait(std::optional<galley::instant> until, galley::operation_list& done) noexcept override {
        if (turns_.size() != turns_.capacity()) {
            turns_.push_back(processor_time() - began_);
        }
        if (until && *until > now()) {
            manual_driver::wait(until, done);
        }
        began_ = processor_time();
    }
    /// The turn than which `part` of all take no longer; the first is not one of them, in which all timers are started.
    [[nodiscard]] std::int64_t turn_at(double part) {
        const auto at = turns_.begin() + 1 + static_cast<std::ptrdiff_t>(part * static_cast<double>(turns_.size() - 2));
        std::nth_element(turns_.begin() + 1, at, turns_.end());
        return *at;
    }

private:
    static std::int64_t processor_time() noexcept {
        timespec t{};
        static_cast<void>(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
        return t.tv_sec * 1'000'000'000 + t.tv_nsec;
    }

    std::vector<std::int64_t> turns_;
    std::int64_t began_{};
};

struct counted final : galley::timer {
    counted(galley::fast::loop& l, std::size_t& left)
        : timer{[](galley::timer& t) noexcept {
              auto& self = static_cast<counted&>(t);
              if (--*self.left_ == 0) {
                  self.loop_->stop();
              }
          }},
          loop_{&l},
          left_{&left} {}

private:
    galley::fast::loop* loop_;
    std::size_t* left_;
};

void turns(benchmark::State& state, std::uint64_t span, bool clustered, double part) {
    const workloads::plan p{count, span, clustered};
    for (auto _ : state) {
        noting_driver driver;
        galley::fast::loop loop{driver};
        const galley::keep_alive alive{loop};
        std::size_t left = count;
        std::deque<counted> timers;
        for (const std::uint64_t delay : p.delays) {
            loop.start(timers.emplace_back(loop, left),
                       galley::saturating_add(loop.sample(), galley::duration{static_cast<std::int64_t>(delay)}));
        }
        static_cast<void>(loop.run());
        require(state, left == 0, "not all timers have fired");
        state.SetIterationTime(static_cast<double>(driver.turn_at(part)) * 1e-9);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void enter(registry& to) {
    const auto add = [&](const std::string& name, std::uint64_t span, bool clustered) {
        for (const auto& [what, part] : {std::pair{"p99.9", 0.999}, std::pair{"longest", 1.0}}) {
            row r{"turn with 1e6 timers " + name + ", " + what, group::timers};
            r.once = r.large = true;
            to.run_by_itself(r, "fast", [=](benchmark::State& state) { turns(state, span, clustered, part); });
        }
    };
    add("over 10 s", 10 * workloads::second, false);
    add("over 10 min", 600 * workloads::second, false);
    add("over 1 h", workloads::hour, false);
    add("over a day", 24 * workloads::hour, false);
    add("over 1 h, 90 % within a second", workloads::hour, true);
}

const entrant here{entrant::workload, "timer_turns", &enter};

}  // namespace

}  // namespace galley_bench
