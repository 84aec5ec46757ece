// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/form/json.hpp>
#include <spec/stage/form/print.hpp>
#include <spec/stage/real/free_world.hpp>
#include <spec/stage/real/lockstep_driver.hpp>
#include <spec/stage/real/real_run.hpp>
#include <spec/stage/real/witness_driver.hpp>
#include <spec/stage/run/play.hpp>
#include <spec/stage/run/program.hpp>
#include <spec/stage/run/world.hpp>

#include <galley/run.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

namespace galley::spec {

namespace {

/// What both kinds of real runs consist of; the order of the members is that of who needs whom.
struct real_stage {
    real_stage(const scenario& s, const driver_factory& make_driver)
        : recorded{.resolution = s.resolution, .ask_every = s.ask_every, .budget = s.budget},
          channels{s, problems},
          record{recorded},
          p{s, record},
          outside{p, record, s},
          real{make_driver()},
          witness{*real, channels, problems} {
        p.descriptors = channels.near();
        p.has_kernel = true;
        p.port = channels.port();
    }
    void take(loop& l, passing_time& time) {
        p.loop = &l;
        p.time = &time;
        record.watch(l);
        l.observe(&record);
        outside.open(l);
    }
    /// After the loop and the world have gone.
    [[nodiscard]] real_outcome outcome() {
        channels.close_all();
        witness.compare_far_ends();
        return {std::move(recorded), problems.take()};
    }

    trace recorded;
    problem_list problems;
    real_channels channels;
    recorder record;
    program p;
    world outside;
    std::unique_ptr<driver> real;
    witness_driver witness;
};

/// A step that takes real time, but not long.
class busy_time final : public passing_time {
public:
    explicit busy_time(driver& d) noexcept : driver_{d} {}
    void burn(duration d) noexcept override {
        const instant until = driver_.now() + std::min<duration>(d, std::chrono::microseconds{20});
        while (driver_.now() < until) {
        }
    }

private:
    driver& driver_;
};

/// Ends hangs by `rescue`, or the process, if that does not help: then the driver does not even hear its waker.
class rescuer {
public:
    rescuer(const scenario& s, std::chrono::milliseconds hang_after, std::function<void()> rescue)
        : watch_{hang_after, [&s, tries = 0, rescue = std::move(rescue)]() mutable {
                     if (++tries > most_tries) {
                         std::fprintf(stderr,
                                      "galley: a real run hangs, and nothing can end that. The scenario:\n%s%s\n",
                                      to_text(s).c_str(), to_json(s, false).c_str());
                         std::abort();
                     }
                     rescue();
                 }} {}

private:
    static constexpr int most_tries = 100;  // ten seconds
    hang_watch watch_;
};

}  // namespace

real_outcome run_in_lockstep(const scenario& s, const loop_factory& make_loop, const driver_factory& make_driver,
                             std::chrono::milliseconds hang_after) {
    real_stage stage{s, make_driver};
    lockstep_driver steps{s, stage.witness, stage.channels, stage.outside, stage.problems};
    const rescuer watch{s, hang_after, [&steps] { steps.rescue(); }};
    std::unique_ptr<loop> l = make_loop(steps, options_of(s));
    steps.on_hang([&l] { return describe_pending(*l); });
    stage.take(*l, steps);
    play(stage.p, *l);
    l.reset();
    stage.outside.post_the_rest(steps.delivered());
    return stage.outcome();
}

real_outcome run_freely(const scenario& s, const loop_factory& make_loop, const driver_factory& make_driver,
                        std::chrono::milliseconds hang_after) {
    real_stage stage{s, make_driver};
    busy_time time{stage.witness};
    std::unique_ptr<loop> l = make_loop(stage.witness, options_of(s));
    stage.take(*l, time);
    const bool has_stops = std::ranges::count(s.world, world_verb::stop, &world_entry::what) > 0;
    free_world outside{s, stage.channels, stage.outside, has_stops ? std::optional{l->get_remote()} : std::nullopt};
    {
        std::atomic<bool> hangs{false};  // relaxed: it says only that it was set
        const rescuer watch{s, hang_after, [&] {
                                hangs.store(true, std::memory_order_relaxed);
                                l->stop();
                                stage.real->get_waker()->wake();  // should it be the loop that does not
                            }};
        play(stage.p, *l, [&](verdict v) {
            if (hangs.load(std::memory_order_relaxed)) {
                stage.problems.add("hang: the tasks did not end\n" + describe_pending(*l));
                return false;
            }
            return v == verdict::stopped;
        });
    }
    {
        const rescuer watch{s, hang_after, [&] { stage.real->get_waker()->wake(); }};
        l.reset();
    }
    outside.finish();
    stage.outside.post_the_rest(s.world.size());
    return stage.outcome();
}

}  // namespace galley::spec
