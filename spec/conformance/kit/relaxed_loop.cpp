// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/relaxed_loop.hpp"

#include <galley/kernel/step.hpp>

namespace galley::conformance {

relaxed_loop::relaxed_loop(driver& d, const loop_options& options, relaxations relaxed, chooser choose)
    : loop{d, options, 0},
      relaxed_{relaxed},
      choose_{std::move(choose)},
      inbox_{std::make_shared<ref::inbox>(d.get_waker())} {}

relaxed_loop::~relaxed_loop() {  // LIFE-5
    inbox_->close();
    get_driver().shut();
    while (operations_ > 0) {
        operation_list done;
        get_driver().wait(std::nullopt, done);
        while (done.pop_front() != nullptr) --operations_;
    }
    tasks().destroy_all();
    ready_.clear();
    static_cast<void>(inbox_->take_all());
}

verdict relaxed_loop::run() {
    const auto here = tasks().begin_run();
    observer* const o = watching();
    if (o != nullptr) o->run_called();
    turns_since_asked_ = options().ask_every;  // WAIT-4
    while (true) {
        if (const auto v = over()) {
            if (*v == verdict::stopped) inbox_->consume_stop();
            if (o != nullptr) o->run_returned(*v);
            return *v;
        }
        collect();
        if (!inbox_->stop_requested()) run_round();  // LIFE-2
    }
}

std::optional<verdict> relaxed_loop::over() {  // LIFE-1
    if (inbox_->stop_requested()) return verdict::stopped;
    if (tasks().pending() == 0) return verdict::completed;
    const bool nothing_here = ready_.empty() && timers_.empty() && inbox_->empty();
    const bool nothing_comes = (operations_ == 0 && !inbox_->has_remotes()) || get_driver().exhausted();
    return nothing_here && nothing_comes ? std::optional{verdict::deadlocked} : std::nullopt;
}

void relaxed_loop::collect() {
    operation_list done;
    bool looked = true;
    if (ready_.empty() && inbox_->empty())
        get_driver().wait(timers_.empty() ? std::nullopt : std::optional{timers_.begin()->first.first},
                          done);  // WAIT-2
    else if (turns_since_asked_ >= options().ask_every)
        get_driver().ask(done);
    else
        looked = false;
    if (looked) {
        turns_since_asked_ = 0;
        take_sample();
    }
    while (operation* const op = done.pop_front()) {
        --operations_;
        op->complete();
    }
    const auto last = timers_started_;
    for (auto due = next_due(last); due != timers_.end(); due = next_due(last)) {
        timer& t = *due->second;
        timers_.erase(due);
        t.words[0] = nullptr;
        t.fire();
    }
    for (auto& post : inbox_->take_all())
        if (post.posted) ready_.push_back(std::move(post));
}

/// The first by (key, start order); with `timer_ties` any of those with the first key (TIME-4).
relaxed_loop::timer_map::iterator relaxed_loop::next_due(std::uintptr_t last) {
    std::vector<timer_map::iterator> tied;
    for (auto i = timers_.begin();
         i != timers_.end() && i->first.first <= sample() && i->first.first == timers_.begin()->first.first; ++i)
        if (i->first.second <= last) tied.push_back(i);
    if (tied.empty()) return timers_.end();
    return tied[relaxed_.timer_ties ? one_of(tied.size()) : 0];
}

/// Without `rounds`, the entries that were there (READY-2). With it, any number of turns, at least one.
void relaxed_loop::run_round() {
    std::size_t left = ready_.size();
    while (left > 0) {
        const auto at = relaxed_.ready_order ? one_of(left) : 0;  // READY-1
        auto entry = std::move(ready_[at]);
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(at));
        turn(std::move(entry));
        --left;
        if (!relaxed_.rounds) continue;
        left = ready_.size();
        if (left > 0 && one_of(2) == 1) return;
    }
}

void relaxed_loop::turn(ref::turn entry) {
    ++turns_since_asked_;
    if (entry.posted)
        tasks().call(entry.posted);
    else if (context::is_step(entry.step))
        static_cast<void>(static_cast<context*>(entry.step.argument)->step(watching()));
    else
        entry.step.run(entry.step.argument);
}

void relaxed_loop::overflow(ready_entry entry) noexcept { ready_.emplace_back().step = entry; }

void relaxed_loop::start(timer& t, instant deadline) {
    cancel(t);
    const auto number = ++timers_started_;
    timers_.emplace(std::pair{key_of(deadline), number}, &t);
    t.set_key(key_of(deadline));
    t.words[0] = reinterpret_cast<void*>(number);
    if (observer* const o = watching()) o->timer_started(t);
}

bool relaxed_loop::cancel(timer& t) noexcept {
    if (t.words[0] == nullptr) return false;
    timers_.erase(std::pair{t.key(), reinterpret_cast<std::uintptr_t>(t.words[0])});
    t.words[0] = nullptr;
    return true;
}

bool relaxed_loop::start(operation& op) noexcept {
    if (tasks().closing()) {  // LIFE-5
        op.result = {io_result::status::cancelled, 0, 0};
        return true;
    }
    if (observer* const o = watching()) o->operation_started(op);
    if (get_driver().start(op)) return true;
    ++operations_;
    return false;
}

void relaxed_loop::cancel(operation& op) noexcept {
    if (!tasks().closing()) get_driver().cancel(op);
}

}  // namespace galley::conformance
