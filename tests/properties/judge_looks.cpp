// SPDX-License-Identifier: BSL-1.0
// When the driver is looked at, and what ends a wait: WAIT-1 to WAIT-4, POST-1.
#include <string>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

class look_judge final : public judge {
public:
    using judge::judge;

    void before(const event& e, const shadow& s) override {
        for (; call_ < case_.calls.size() && case_.calls[call_].events <= index(); ++call_) looks(case_.calls[call_]);
        switch (e.kind) {
            case event_kind::run: first_ = true; break;
            case event_kind::wait:
                if (e.texts[0] != "never" && s.timers() == 0)
                    object("WAIT-2", "the wait has a timeout, but no timer is started");
                break;
            case event_kind::round: round(s); break;
            case event_kind::callback:
                if (s.running() == 0) called(e.numbers[0]);  // inside a step: READY-3
                break;
            default: break;
        }
    }

    void after(const event& e, const shadow&) override {
        switch (e.kind) {
            case event_kind::step:
            case event_kind::callback: ++turns_; break;
            case event_kind::round: looked_ = false; break;
            case event_kind::ready:
                if (e.numbers[0] == 0) --inbox_;
                break;
            case event_kind::world: {
                const auto what = case_.program.world[e.numbers[0]].what;
                if (what == world_verb::post) posted();
                if (what == world_verb::wake) ++posts_;
                tells_ += what == world_verb::post || what == world_verb::wake || what == world_verb::stop ? 1 : 0;
                break;
            }
            case event_kind::did:
                if (e.texts[0] == "post" && e.texts[2] == "ok") posted();
                break;
            default: break;
        }
    }

private:
    void looks(const driver_call& call) {
        shut_ = shut_ || call.what == driver_call::kind::shut;  // then operations are reaped
        if (shut_) return;
        if (call.what != driver_call::kind::ask && call.what != driver_call::kind::wait) return;
        if (call.what == driver_call::kind::wait && tells_ > 0 && call.wakes == 0)
            object("WAIT-3", "a post or a stop came during the wait, but nobody woke the driver");
        if (!first_ && call.what == driver_call::kind::ask && turns_ < case_.program.ask_every)
            object("WAIT-4", "the driver is asked after " + std::to_string(turns_) + " turns of " +
                                 std::to_string(case_.program.ask_every));
        tells_ = 0;
        turns_ = 0;
        first_ = false;
        looked_ = true;
        looked_at_ = call.now;
    }

    void round(const shadow& s) {
        if (!looked_ && (first_ || turns_ >= case_.program.ask_every))
            object("WAIT-4", std::to_string(turns_) + " turns have passed of " +
                                 std::to_string(case_.program.ask_every) + ", but the driver was not asked");
        if (looked_ && looked_at_ > s.sample()) object("WAIT-4", "the driver was asked, but the clock was not sampled");
        if (inbox_ > 0) object("WAIT-4", "a round begins, but a post has not been collected");
    }

    void posted() {
        ++inbox_;
        callbacks_.push_back(++posts_);
    }

    // POST-1: in order, each once.
    void called(std::uint64_t post) {
        if (called_ == callbacks_.size() || callbacks_[called_] != post)
            object("POST-1", "callback " + std::to_string(post) + " runs, but it is not the next that was posted");
        else
            ++called_;
    }

    std::size_t call_{};
    std::int64_t turns_{};
    bool first_{true};
    bool shut_{};
    bool looked_{};
    std::int64_t looked_at_{};
    int inbox_{};
    int tells_{};
    std::uint64_t posts_{};
    std::vector<std::uint64_t> callbacks_{};
    std::size_t called_{};
};

}  // namespace

judge_pointer judge_of_looks(const watched& w, std::vector<finding>& found) {
    return std::make_unique<look_judge>(w, found);
}

}  // namespace galley::spec::properties
