// SPDX-License-Identifier: BSL-1.0
#include <galley/ref/loop.hpp>
#include <galley/ref/poll_driver.hpp>

#include <galley/kernel/step.hpp>

#include <list>
#include <new>
#include <stdexcept>
#include <utility>

namespace galley::ref {

// A call stack of 0 bytes: every awaited call goes on from the step loop, the simplest way to
// keep stacks bounded (TASK-5).
loop::loop(driver& d, const loop_options& options)
    : galley::loop{d, options, 0}, inbox_{std::make_shared<inbox>(d.get_waker(), this)} {}

loop::loop(std::unique_ptr<driver> own, const loop_options& options)
    : galley::loop{*own, options, 0},
      own_driver_{std::move(own)},
      inbox_{std::make_shared<inbox>(own_driver_->get_waker(), this)} {}

loop::loop(const loop_options& options) : loop{std::make_unique<poll_driver>(), options} {}

loop::~loop() {  // LIFE-5
    inbox_->close();
    get_driver().shut();
    while (operations_ > 0) {
        operation_list done;
        get_driver().wait(std::nullopt, done);
        while (done.pop_front() != nullptr) {
            --operations_;
        }
    }
    tasks().destroy_all();
    ready_.clear();
    static_cast<void>(inbox_->take_all());
}

// ---- the flowchart -------------------------------------------------------------------------------------------------

verdict loop::run() {
    if (running_.exchange(true)) {  // LIFE-4; seq_cst, the default, as nothing here needs to be fast
        throw std::logic_error(
            "galley: run() was called while the loop runs: from inside a step, or from a second thread");
    }
    struct not_running {
        ~not_running() { flag = false; }
        std::atomic<bool>& flag;
    } const at_exit{running_};

    const auto here = tasks().begin_run();
    observer* const o = watching();
    if (o != nullptr) {
        o->run_called();
    }
    steps_since_asked_ = options().ask_every;  // WAIT-4: each run begins with a look at the driver
    for (box next = box::start;;) {
        if (o != nullptr) {
            o->entered(next);
        }
        switch (next) {
            case box::start:  // [Event loop starts]
                next = box::pending;
                break;
            case box::pending:  // [Pending tasks?]
                if (const auto v = over()) {
                    if (*v == verdict::stopped) {
                        inbox_->consume_stop();  // LIFE-2
                    }
                    if (o != nullptr) {
                        o->run_returned(*v);
                    }
                    return *v;
                }
                next = box::pick;
                break;
            case box::pick:  // [Pick the next ready task]
                next = pick() ? box::run : box::check;
                break;
            case box::run:  // [Run it until it awaits]
                run_picked();
                next = box::save;
                break;
            case box::save:  // [Save its state, return to the loop]
                save();
                next = box::check;
                break;
            case box::check:  // [Check which tasks can now resume]
                check();
                next = box::continue_;
                break;
            case box::continue_:  // [Continue]
                next = box::pending;
                break;
        }
    }
}

/// LIFE-1. A round that has begun is finished first (LIFE-2). Throws in a forked child (LIFE-8).
std::optional<verdict> loop::over() {
    if (round_ > 0) {
        return std::nullopt;
    }
    if (in_forked_child()) {  // called there, or come back here from a step that has forked
        refuse_in_forked_child();
    }
    if (inbox_->stop_requested()) {
        return verdict::stopped;
    }
    if (tasks().pending() == 0) {
        return verdict::completed;
    }
    const bool remotes = inbox_->has_remotes();  // LIFE-7: before the inbox, as a remote may post and then go
    const bool nothing_here = ready_.empty() && timers_.empty() && inbox_->empty();
    const bool nothing_comes = (operations_ == 0 && !remotes) || get_driver().exhausted();
    return nothing_here && nothing_comes ? std::optional{verdict::deadlocked} : std::nullopt;
}

/// False if nothing is left of the round. What becomes ready meanwhile waits for the next one (READY-2).
bool loop::pick() {
    if (round_ == 0) {
        return false;
    }
    picked_ = std::move(ready_.front());  // READY-1
    if (picked_.posted) {
        ready_.pop_front();
    } else {
        places_.splice(places_.end(), ready_, ready_.begin());  // the task will need it again
    }
    --round_;
    return true;
}

void loop::run_picked() noexcept {
    ++steps_since_asked_;
    picked_task_ = nullptr;
    picked_id_ = 0;
    if (picked_.posted) {
        tasks().call(picked_.posted);  // a callback runs to its end
        picked_.posted = callback{};
    } else if (context::is_step(picked_.step)) {
        auto* const task = static_cast<context*>(picked_.step.argument);
        picked_id_ = task->id();
        picked_task_ = task->step(tasks(), watching()) ? task : nullptr;
    } else {
        picked_.step.run(picked_.step.argument);
    }
}

/// For people; what the task needs to go on is in its frames. So if memory is short this is what is left out.
void loop::save() noexcept {
    if (picked_task_ == nullptr) {
        saved_.erase(picked_id_);  // it has ended (READY-6), or was none
        return;
    }
    try {
        saved_[picked_id_] = saved_state{picked_task_->name(), picked_task_->awaiting(), sample()};
    } catch (const std::bad_alloc&) {
    }
}

/// The box is entered after every step, and acts when the round is used up. Acting after every step would change
/// nothing that a task can see but the order in which it and others come to their turns: what is collected is appended,
/// and the ready queue is FIFO.
void loop::check() {
    if (round_ > 0 || over()) {
        return;
    }
    operation_list done;
    if (look_at_driver(done)) {
        take_sample();
    }
    collect_operations(done);
    collect_timers();
    collect_posts();
    if (inbox_->stop_requested()) {
        return;  // LIFE-2: no step of a later round begins
    }
    round_ = ready_.size();
    if (observer* const o = watching(); o != nullptr && round_ > 0) {
        o->round_began(++rounds_, round_);
    }
}

// ---- what the check box consists of --------------------------------------------------------------------------------

/// The only place that may block, and it does only if nothing is ready (WAIT-1). False if it was not
/// the driver's turn (WAIT-4).
bool loop::look_at_driver(operation_list& done) {
    if (ready_.empty() && inbox_->empty()) {
        const auto until = first_key();  // WAIT-2
        if (inbox_->fall_asleep(timers_.empty() && operations_ == 0)) {
            if (observer* const o = watching()) {
                o->waiting(until);
            }
            get_driver().wait(until, done);
            inbox_->awake();
        } else {  // another thread was faster
            get_driver().ask(done);
        }
    } else if (steps_since_asked_ >= options().ask_every) {
        get_driver().ask(done);
    } else {
        return false;
    }
    steps_since_asked_ = 0;
    return true;
}

std::optional<instant> loop::first_key() const noexcept {
    return timers_.empty() ? std::nullopt : std::optional{timers_.begin()->first.first};
}

void loop::collect_operations(operation_list& done) noexcept {
    while (operation* const op = done.pop_front()) {
        --operations_;
        if (observer* const o = watching()) {
            o->completed(*op);
        }
        op->complete();
    }
}

/// One at a time, as a timer that fires may cancel others that are due (TIME-3). One that it starts waits for the next
/// collect, even if it is due (TIME-6, TIME-8): those have the highest key that is due and the highest numbers, so they
/// come last.
void loop::collect_timers() noexcept {
    const std::uintptr_t last = timers_started_;
    while (!timers_.empty() && timers_.begin()->first.first <= sample() && timers_.begin()->first.second <= last) {
        timer& t = *timers_.begin()->second;
        free_place_ = timers_.extract(timers_.begin());  // so it can be started again from `fire` (TIME-8)
        t.words[0] = nullptr;
        if (observer* const o = watching()) {
            o->fired(t);
        }
        t.fire();
    }
}

void loop::collect_posts() noexcept {
    std::list<turn> posts = inbox_->take_all();
    while (!posts.empty()) {
        if (!posts.front().posted) {
            posts.pop_front();  // a wake: that the loop took another turn was its effect
            continue;
        }
        ready_.splice(ready_.end(), posts, posts.begin());
        if (observer* const o = watching()) {
            o->made_ready(0, cause::post);
        }
    }
}

// ---- the ready queue -----------------------------------------------------------------------------------------------

/// If memory is short halfway, some places are more than are needed.
void loop::reserve_ready(std::size_t entries) {
    for (; places_made_ < entries; ++places_made_) {
        places_.emplace_back();
    }
}

void loop::overflow(ready_entry entry) noexcept {
    try {
        if (places_.empty()) {  // nobody has reserved it
            reserve_ready(places_made_ + 1);
        }
    } catch (const std::bad_alloc&) {
        end_without_room();
    }
    places_.front().step = entry;
    ready_.splice(ready_.end(), places_, places_.begin());
}

// ---- timers and operations -----------------------------------------------------------------------------------------

// A started timer has its place in the start order, from 1, in the first of the words that are the loop's.
void loop::start(timer& t, instant deadline) {
    cancel(t);  // a restart is a new start (TIME-4), in the place that this has freed
    const std::uintptr_t number = ++timers_started_;
    const std::pair place{key_of(deadline), number};
    if (free_place_.empty()) {
        timers_.emplace(place, &t);
    } else {
        free_place_.key() = place;
        free_place_.mapped() = &t;
        timers_.insert(std::move(free_place_));
    }
    t.set_key(key_of(deadline));
    t.words[0] = reinterpret_cast<void*>(number);
    if (observer* const o = watching()) {
        o->timer_started(t);
    }
}

bool loop::cancel(timer& t) noexcept {
    if (t.words[0] == nullptr) {
        return false;  // TIME-5
    }
    free_place_ = timers_.extract(std::pair{t.key(), reinterpret_cast<std::uintptr_t>(t.words[0])});
    t.words[0] = nullptr;
    return true;
}

bool loop::start(operation& op) noexcept {
    if (tasks().closing()) {  // LIFE-5: a destructor's; nobody would reap it
        op.result = {io_result::status::cancelled, 0, 0};
        return true;
    }
    if (observer* const o = watching()) {
        o->operation_started(op);
    }
    if (get_driver().start(op)) {
        return true;
    }
    ++operations_;
    return false;
}

void loop::cancel(operation& op) noexcept {
    if (!tasks().closing()) {  // all have been reaped
        get_driver().cancel(op);
    }
}

}  // namespace galley::ref
