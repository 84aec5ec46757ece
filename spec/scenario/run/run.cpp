// SPDX-License-Identifier: BSL-1.0
#include <spec/scenario/run/program.hpp>
#include <spec/scenario/run/run.hpp>

#include <bit>
#include <utility>

namespace galley::spec {

namespace {

bool is_post(world_verb what) noexcept { return what == world_verb::post || what == world_verb::wake; }

/// The threads outside, as the script has them: they hold one remote until their last post.
class world final : public world_listener {
public:
    world(program& p, recorder& r, const scenario& s) noexcept : program_{p}, record_{r}, scenario_{s} {}

    void open(loop& l) {
        for (const world_entry& entry : scenario_.world) {
            posts_left_ += is_post(entry.what) ? 1U : 0U;
        }
        if (posts_left_ > 0) {
            remote_.emplace(l.get_remote());
        }
    }
    void delivering(std::size_t entry) override { record_.world(entry); }
    void post(std::int64_t event) override { hand_over(program_.setting(event)); }
    void wake() override {
        ++program_.posts;
        hand_over(callback{});
    }
    void stop() override { program_.loop->stop(); }

    /// Posts what the script still has to a loop that is gone (POST-4).
    void post_the_rest(std::size_t from) {
        for (std::size_t i = from; i < scenario_.world.size(); ++i) {
            if (is_post(scenario_.world[i].what) && !remote_->post(callback{[] {}})) {
                record_.refused(++program_.posts);
            }
        }
    }

private:
    void hand_over(callback work) {
        if (!remote_->post(std::move(work))) {
            record_.refused(program_.posts);
        }
        if (--posts_left_ == 0) {
            remote_.reset();
        }
    }

    program& program_;
    recorder& record_;
    const scenario& scenario_;
    std::size_t posts_left_{};
    std::optional<remote> remote_{};
};

/// Failures that reach nobody are in the trace; nothing is to be printed.
void ignore(void*, const context*, std::exception_ptr) noexcept {}

/// Main's outcome belongs to whoever called `run`.
void take_outcome(join_handle<std::int64_t>& main) {
    if (!main.ended()) {
        return;
    }
    try {
        static_cast<void>(main.take());
    } catch (...) {  // it is in the trace
    }
}

}  // namespace

trace run_scenario(const scenario& s, const loop_factory& make_loop, const driver_wrapper& wrap) {
    trace t{.resolution = s.resolution, .ask_every = s.ask_every, .budget = s.budget};
    const loop_options options{.resolution_bits =
                                   static_cast<unsigned>(std::countr_zero(static_cast<std::uint64_t>(s.resolution))),
                               .ask_every = static_cast<std::uint32_t>(s.ask_every),
                               .budget = static_cast<std::uint32_t>(s.budget)};
    recorder record{t};
    program p{s, record};
    world outside{p, record, s};
    sim_driver sim{s, outside};
    const std::unique_ptr<driver> wrapped = wrap ? wrap(sim, t) : nullptr;
    std::unique_ptr<loop> l = make_loop(wrapped ? *wrapped : static_cast<driver&>(sim), options);
    p.loop = l.get();
    p.sim = &sim;
    record.watch(*l);
    l->observe(&record);
    l->tasks().on_failure(&ignore, nullptr);
    outside.open(*l);

    join_handle<std::int64_t> main = spawn(*l, scenario_task(p, 0));
    for (int run = 0; run < s.runs; ++run) {
        l->run();
    }
    if (s.close == closing::orderly) {
        close(*l);
    }
    take_outcome(main);
    p.keep_alives.clear();
    l.reset();
    outside.post_the_rest(sim.delivered());
    return t;
}

}  // namespace galley::spec
