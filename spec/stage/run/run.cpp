// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/run/play.hpp>
#include <spec/stage/run/program.hpp>
#include <spec/stage/run/run.hpp>
#include <spec/stage/run/world.hpp>

namespace galley::spec {

namespace {

/// Of most traces: events are large, and are not to be moved about.
constexpr std::size_t usual_length = 512;

}  // namespace

trace run_scenario(const scenario& s, const loop_factory& make_loop, const driver_wrapper& wrap, trace earlier) {
    trace t{.resolution = s.resolution, .ask_every = s.ask_every, .budget = s.budget};
    t.events = std::move(earlier.events);
    t.events.clear();
    t.events.reserve(usual_length);
    recorder record{t};
    program p{s, record};
    world outside{p, record, s};
    simulation sim{s, outside};
    const std::unique_ptr<driver> wrapped = wrap ? wrap(sim.get_driver(), t) : nullptr;
    std::unique_ptr<loop> l = make_loop(wrapped ? *wrapped : sim.get_driver(), options_of(s));
    p.loop = l.get();
    p.time = &sim;
    p.descriptors = sim.descriptors();
    record.watch(*l);
    l->observe(&record);
    outside.open(*l);

    play(p, *l);
    l.reset();
    outside.post_the_rest(sim.delivered());
    return t;
}

}  // namespace galley::spec
