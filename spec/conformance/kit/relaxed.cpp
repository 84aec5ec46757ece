// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/relaxed.hpp"

#include <galley/testing/exploring_loop.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "spec/stage/run/run.hpp"

namespace galley::conformance {
namespace {

/// A choice of a run: which was taken, of how many, and how many events there were by then.
struct choice {
    std::size_t taken{};
    std::size_t of{};
    std::size_t events{};
};

/// Takes the given choices, and the first of what comes after them. Notes all.
class path_chooser final : public testing::chooser {
public:
    explicit path_chooser(std::vector<choice>& path) noexcept : path_{path} {}
    void watch(const spec::trace& t) noexcept { so_far_ = &t; }
    std::size_t choose(testing::point, std::size_t of) override {
        if (next_ == path_.size()) path_.push_back({});
        auto& c = path_[next_++];
        c.of = of;
        c.events = so_far_->events.size();
        return c.taken;
    }

private:
    std::vector<choice>& path_;
    const spec::trace* so_far_{};
    std::size_t next_{};
};

spec::trace run_with(const spec::scenario& s, relaxations relaxed, std::vector<choice>& path) {
    const testing::relaxations open{.ready_order = relaxed.ready_order,
                                    .timer_ties = relaxed.timer_ties,
                                    .completions = false,
                                    .posts = false,
                                    .late = false,
                                    .rounds = relaxed.rounds};
    path_chooser choose{path};
    auto turns_left = std::numeric_limits<std::uint64_t>::max();
    return spec::run_scenario(
        s,
        [&](driver& d, const loop_options& o) -> std::unique_ptr<loop> {
            return std::make_unique<testing::exploring_loop>(d, o, open, choose, turns_left);
        },
        [&](driver&, const spec::trace& t) {
            choose.watch(t);
            return std::unique_ptr<driver>{};
        });
}

/// How many events of `made` there are before its first of level P that is not the one of `t`; all if it has none.
std::size_t agreed(const spec::trace& made, const std::vector<spec::event>& wanted) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < made.events.size(); ++i) {
        if (!spec::is_level_p(made.events[i].kind)) continue;
        if (at == wanted.size() || made.events[i] != wanted[at]) return i;
        ++at;
    }
    return made.events.size();
}

}  // namespace

legality judge_relaxed(const spec::scenario& s, const spec::trace& t, relaxations relaxed, std::size_t most_runs) {
    const auto wanted = spec::level_p(t).events;
    std::vector<choice> path;
    for (std::size_t runs = 0; runs < most_runs; ++runs) {
        const auto made = run_with(s, relaxed, path);
        if (spec::level_p(made).events == wanted) return legality::legal;
        // What was chosen after the difference cannot mend it; what was chosen before is tried the other ways, the
        // latest first.
        const auto difference = agreed(made, wanted);
        while (!path.empty() && (path.back().events > difference || path.back().taken + 1 == path.back().of))
            path.pop_back();
        if (path.empty()) return legality::illegal;
        ++path.back().taken;
    }
    return legality::undecided;
}

}  // namespace galley::conformance
