// SPDX-License-Identifier: BSL-1.0
#include "watched_run.hpp"

#include <spec/stage/run/run.hpp>

#include <galley/fast/loop.hpp>
#include <galley/ref/loop.hpp>

#include <memory>
#include <utility>

namespace galley::spec::properties {
namespace {

constexpr std::size_t most_vain_waits = 3;
constexpr std::size_t most_events = 200'000;  // no generated scenario comes near

class counting_waker final : public waker {
public:
    explicit counting_waker(std::shared_ptr<waker> inner) noexcept : inner_{std::move(inner)} {}
    void wake() noexcept override {
        ++count;
        inner_->wake();
    }
    std::size_t count{};  // a scenario has one thread

private:
    std::shared_ptr<waker> inner_;
};

/// Follows a trace as it grows: how many entries are in the ready queue.
class ready_count {
public:
    [[nodiscard]] std::size_t now(const trace& t) {
        for (; seen_ < t.events.size(); ++seen_) {
            const event_kind kind = t.events[seen_].kind;
            ready_ += kind == event_kind::ready ? 1U : 0U;
            const bool turn = kind == event_kind::step || kind == event_kind::callback;
            ready_ -= turn && ready_ > 0 ? 1U : 0U;
        }
        return ready_;
    }

private:
    std::size_t seen_{};
    std::size_t ready_{};
};

/// Passes everything on, and takes notes.
class spy final : public driver {
public:
    spy(driver& inner, const trace& so_far, std::vector<driver_call>& notes, loop*& watched_loop)
        : inner_{inner},
          trace_{so_far},
          notes_{notes},
          loop_{watched_loop},
          waker_{std::make_shared<counting_waker>(inner.get_waker())} {}

    [[nodiscard]] instant now() noexcept override { return inner_.now(); }
    [[nodiscard]] bool start(operation& op) noexcept override { return inner_.start(op); }
    void cancel(operation& op) noexcept override {
        noted(driver_call::kind::cancel, [&] { inner_.cancel(op); });
    }
    [[nodiscard]] int close(int descriptor) noexcept override {
        int error = 0;
        noted(driver_call::kind::close, [&] { error = inner_.close(descriptor); });
        return error;
    }
    void shut() noexcept override {
        shut_ = true;
        noted(driver_call::kind::shut, [&] { inner_.shut(); });
    }
    void ask(operation_list& done) noexcept override {
        noted(driver_call::kind::ask, [&] { inner_.ask(done); });
        stop_if_endless(false);
    }
    void wait(std::optional<instant> until, operation_list& done) noexcept override {
        const bool in_vain = !until && inner_.exhausted();
        noted(driver_call::kind::wait, [&] { inner_.wait(until, done); });
        stop_if_endless(in_vain);
    }
    [[nodiscard]] std::shared_ptr<waker> get_waker() noexcept override { return waker_; }
    [[nodiscard]] bool exhausted() const noexcept override { return inner_.exhausted(); }

private:
    template <class Call>
    void noted(driver_call::kind what, Call call) {
        driver_call note{.at = trace_.events.size(), .what = what, .ready = shut_ ? 0 : ready_.now(trace_)};
        const std::size_t wakes = waker_->count;
        call();
        note.now = nanoseconds(inner_.now());
        note.exhausted = inner_.exhausted();
        note.wakes = waker_->count - wakes;
        note.events = trace_.events.size();
        notes_.push_back(note);
    }
    void stop_if_endless(bool in_vain) {
        vain_waits_ = in_vain ? vain_waits_ + 1 : 0;
        if (!shut_ && (vain_waits_ >= most_vain_waits || trace_.events.size() > most_events)) {
            loop_->stop();
        }
    }

    driver& inner_;
    const trace& trace_;
    std::vector<driver_call>& notes_;
    loop*& loop_;
    std::shared_ptr<counting_waker> waker_;
    ready_count ready_;
    std::size_t vain_waits_{};
    bool shut_{};
};

}  // namespace

watched watch(which_loop which, const scenario& s) {
    watched w{.program = s, .seen = {}, .calls = {}};
    loop* running = nullptr;
    const auto make = [&](driver& d, const loop_options& o) -> std::unique_ptr<loop> {
        std::unique_ptr<loop> made = which == which_loop::ref ? std::unique_ptr<loop>{std::make_unique<ref::loop>(d, o)}
                                                              : std::make_unique<fast::loop>(d, o);
        running = made.get();
        return made;
    };
    w.seen = run_scenario(s, make, [&](driver& d, const trace& so_far) -> std::unique_ptr<driver> {
        return std::make_unique<spy>(d, so_far, w.calls, running);
    });
    return w;
}

}  // namespace galley::spec::properties
