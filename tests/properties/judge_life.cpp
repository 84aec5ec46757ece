// SPDX-License-Identifier: BSL-1.0
// How a run ends, and what it leaves: LIFE-1, LIFE-2, LIFE-3, LIFE-5, LIFE-6, LIFE-7, POST-4.
#include <algorithm>
#include <string>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

class life_judge final : public judge {
public:
    life_judge(const watched& w, std::vector<finding>& found) : judge{w, found} {
        const auto is_post = [](const world_entry& e) {
            return e.what == world_verb::post || e.what == world_verb::wake;
        };
        posts_to_come_ = std::ranges::count_if(w.program.world, is_post);
    }

    void before(const event& e, const shadow& s) override {
        note_driver();
        switch (e.kind) {
            case event_kind::run:
                if (s.closing()) object("LIFE-6", "run is called once too often");
                break;
            case event_kind::wait: waits(s); break;
            case event_kind::round:
                if (stop_) object("LIFE-2", "a stop was requested, and another round begins");
                if (s.pending() == 0 && keep_alives_ == 0)
                    object("LIFE-1", "no task is pending, and another round begins");
                break;
            case event_kind::exit: exits(e, s); break;
            case event_kind::ready:
            case event_kind::step:
            case event_kind::callback:
                if (s.closing()) object("LIFE-5", "the loop is destroyed, and something is made ready or runs");
                break;
            case event_kind::destroyed:
                if (!shut_) object("LIFE-5", "a task is destroyed while operations are in flight");
                break;
            case event_kind::refused: ++refused_; break;
            default: break;
        }
    }

    void after(const event& e, const shadow&) override {
        switch (e.kind) {
            case event_kind::world: world(case_.program.world[e.numbers[0]].what); break;
            case event_kind::did: did(e); break;
            default: break;
        }
    }

    void finish(const shadow& s) override {
        if (!s.closing()) object("LIFE-6", "the loop is destroyed before it was run to an orderly close");
        if (refused_ != posts_to_come_)
            object("POST-4", std::to_string(posts_to_come_) + " posts came after the destruction, but " +
                                 std::to_string(refused_) + " were refused");
    }

private:
    void note_driver() {
        for (; call_ < case_.calls.size() && case_.calls[call_].events <= index(); ++call_) {
            exhausted_ = case_.calls[call_].exhausted;
            shut_ = shut_ || case_.calls[call_].what == driver_call::kind::shut;
        }
    }

    // A loop that waits without a deadline waits for operations and posts.
    void waits(const shadow& s) {
        if (s.timers() > 0 || s.anything_ready()) return;
        if (s.operations() == 0 && !remotes())
            object("LIFE-1", "the loop waits, but no operation is in flight and there is no remote");
        else if (exhausted_known() && exhausted_)
            object("LIFE-7", "the loop waits for a driver that is exhausted");
    }

    void exits(const event& e, const shadow& s) {
        const auto& verdict = e.texts[0];
        if (stop_ != (verdict == "stopped")) {
            object("LIFE-2", stop_ ? "a stop was requested, but the verdict is " + verdict : "nobody requested a stop");
        } else if (!stop_ && s.pending() == 0) {
            if ((keep_alives_ > 0) == (verdict == "completed"))
                object("LIFE-3", "no task is pending and there are " + std::to_string(keep_alives_) +
                                     " keep-alives, but the verdict is " + verdict);
        }
        if (verdict == "deadlocked") deadlocks(s);
        if (verdict == "stopped") stop_ = false;
    }

    void deadlocks(const shadow& s) {
        if (s.anything_ready()) object("LIFE-1", "deadlocked, but something is ready");
        if (s.timers() > 0) object("LIFE-1", "deadlocked, but a timer is started");
        if (exhausted_known() && exhausted_) return;
        if (s.operations() > 0) object("LIFE-1", "deadlocked, but an operation is in flight, and may complete");
        if (remotes()) object("LIFE-1", "deadlocked, but somebody may still post");
    }

    void world(world_verb what) {
        if (what == world_verb::stop) stop_ = true;
        if (what == world_verb::post || what == world_verb::wake) --posts_to_come_;
    }

    void did(const event& e) {
        const auto& [verb, arg, result] = e.texts;
        if (verb == "stop") stop_ = true;
        if (verb == "hold_remote") ++held_;
        if (verb == "drop_remote" && result == "ok") --held_;
        if (verb == "keep_alive") ++keep_alives_;
        if (verb == "drop_keep_alive" && result == "ok") --keep_alives_;
    }

    [[nodiscard]] bool remotes() const noexcept { return held_ > 0 || posts_to_come_ > 0; }
    [[nodiscard]] bool exhausted_known() const noexcept { return call_ > 0 || case_.program.world.empty(); }

    std::size_t call_{};
    bool exhausted_{true};  // before the first call: known only if there is no world
    bool shut_{};
    bool stop_{};
    int keep_alives_{};
    int held_{};
    std::ptrdiff_t posts_to_come_{};
    std::ptrdiff_t refused_{};
};

}  // namespace

judge_pointer judge_of_life(const watched& w, std::vector<finding>& found) {
    return std::make_unique<life_judge>(w, found);
}

}  // namespace galley::spec::properties
