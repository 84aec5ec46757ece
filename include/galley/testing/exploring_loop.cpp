// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/exploring_loop.hpp>

#include <galley/kernel/step.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <stdexcept>

namespace galley::testing {

exploring_loop::exploring_loop(driver& d, const loop_options& options, const relaxations& relaxed, chooser& choose,
                               std::uint64_t& turns_left)
    : loop{d, options, 0},
      relaxed_{relaxed},
      chooser_{choose},
      turns_left_{turns_left},
      office_{std::make_shared<post_office>()} {}

exploring_loop::~exploring_loop() {  // LIFE-5
    {
        const std::lock_guard lock{office_->mutex};
        office_->closed = true;
    }
    get_driver().shut();
    while (operations_ > 0) {
        operation_list done;
        get_driver().wait(std::nullopt, done);
        while (done.pop_front() != nullptr) --operations_;
    }
    tasks().destroy_all();
    ready_.clear();
    for (const poster& p : posters_) static_cast<void>(p.thread->take_all());
}

// A thread that has gone, and whose posts have all arrived, is forgotten here.
remote exploring_loop::get_remote() {
    std::erase_if(posters_, [](const poster& p) { return p.thread->gone() && p.on_their_way.empty(); });
    auto thread = std::make_shared<posting_thread>(office_);
    posters_.push_back({thread, {}});
    return remote{std::move(thread)};
}

const context* exploring_loop::alternative(std::size_t choice) const noexcept {
    const ready_entry& step = ready_[may_be_next_[choice]].step;
    return context::is_step(step) ? static_cast<const context*>(step.argument) : nullptr;
}

void exploring_loop::stop() noexcept {
    const std::lock_guard lock{office_->mutex};
    office_->stop = true;
}

bool exploring_loop::stop_requested() const {
    const std::lock_guard lock{office_->mutex};
    return office_->stop;
}

void exploring_loop::consume_stop() {
    const std::lock_guard lock{office_->mutex};
    office_->stop = false;
}

verdict exploring_loop::run() {
    if (in_forked_child()) refuse_in_forked_child();
    if (running_) throw std::logic_error("galley: run() was called from inside a step");  // LIFE-4
    struct not_running {
        ~not_running() { flag = false; }
        bool& flag;
    } const at_exit{running_};
    running_ = true;

    const auto here = tasks().begin_run();
    if (observer* const o = watching()) o->run_called();
    turns_since_asked_ = options().ask_every;  // WAIT-4
    while (true) {
        if (const auto v = over()) {
            if (*v == verdict::stopped) consume_stop();
            if (observer* const o = watching()) o->run_returned(*v);
            return *v;
        }
        collect();
        if (!stop_requested()) run_round();  // LIFE-2
    }
}

std::optional<verdict> exploring_loop::over() {  // LIFE-1
    if (stop_requested() || turns_left_ == 0) return verdict::stopped;
    if (tasks().pending() == 0) return verdict::completed;
    const bool remotes =  // LIFE-7: before the posts
        std::ranges::any_of(posters_, [](const poster& p) { return p.thread->has_remotes(); });
    const bool posts =
        std::ranges::any_of(posters_, [](const poster& p) { return p.thread->has_posts() || !p.on_their_way.empty(); });
    const bool nothing_here = ready_.empty() && timers_.empty() && !posts;
    const bool nothing_comes = (operations_ == 0 && !remotes) || get_driver().exhausted();
    return nothing_here && nothing_comes ? std::optional{verdict::deadlocked} : std::nullopt;
}

// ---- collecting ----------------------------------------------------------------------------------------------------

void exploring_loop::collect() {
    operation_list done;
    const bool told = take_posts();
    if (look_at_driver(told, done)) {
        turns_since_asked_ = 0;
        take_sample();
    }
    collect_operations(done);
    collect_timers();
    static_cast<void>(take_posts());  // what came while the driver was looked at
    collect_posts();
}

/// From the threads to where posts are on their way. True if there was anything, be it but a wake.
bool exploring_loop::take_posts() {
    bool any = false;
    for (poster& p : posters_) {
        auto posts = p.thread->take_all();
        any = any || !posts.empty();
        for (numbered_posts& each : posts) std::erase_if(each.works, [](const callback& work) { return !work; });
        posts.remove_if([](const numbered_posts& each) { return each.works.empty(); });
        p.on_their_way.splice(p.on_their_way.end(), posts);
    }
    return any;
}

std::size_t exploring_loop::posts_on_their_way() const noexcept {
    std::size_t count = 0;
    for (const poster& p : posters_) count += p.on_their_way.size();
    return count;
}

/// A post that is on its way does not keep the loop from waiting for what else may come first.
bool exploring_loop::look_at_driver(bool told, operation_list& done) {
    const bool on_their_way = posts_on_their_way() > 0;
    if (ready_.empty() && (on_their_way || !told)) {
        const bool else_comes = !timers_.empty() || (operations_ > 0 && !get_driver().exhausted());
        if (!on_their_way || (else_comes && choose(relaxed_.posts, point::wait, 2) == 1)) {
            const auto until = wake_time();  // WAIT-2
            if (observer* const o = watching()) o->waiting(until);
            get_driver().wait(until, done);
            return true;
        }
    }
    if (!ready_.empty() && turns_since_asked_ < options().ask_every) return false;
    get_driver().ask(done);
    return true;
}

std::optional<instant> exploring_loop::wake_time() {
    std::vector<instant> keys;
    for (const auto& [place, t] : timers_) {
        if (keys.empty() || keys.back() != place.first) keys.push_back(place.first);
        if (!relaxed_.late) break;
    }
    if (keys.empty()) return std::nullopt;
    return keys[choose(relaxed_.late, point::oversleep, keys.size())];
}

void exploring_loop::collect_operations(operation_list& done) {
    std::vector<operation*> left;
    while (operation* const op = done.pop_front()) left.push_back(op);
    while (!left.empty()) {
        const auto at =
            left.begin() + static_cast<std::ptrdiff_t>(choose(relaxed_.completions, point::completion, left.size()));
        operation* const op = *at;
        left.erase(at);
        --operations_;
        if (observer* const o = watching()) o->completed(*op);
        op->complete();
    }
}

void exploring_loop::collect_timers() {
    const std::uintptr_t last = timers_started_;  // what is started from here on waits for the next collect (TIME-6)
    for (auto due = next_due(last); due != timers_.end(); due = next_due(last)) {
        timer& t = *due->second;
        timers_.erase(due);
        t.words[0] = nullptr;
        if (observer* const o = watching()) o->fired(t);
        t.fire();
    }
}

/// The first by (key, start order), or any of those with the first key.
exploring_loop::timer_map::iterator exploring_loop::next_due(std::uintptr_t last) {
    std::vector<timer_map::iterator> tied;
    for (auto i = timers_.begin(); i != timers_.end(); ++i) {
        if (i->first.first > sample() || i->first.first != timers_.begin()->first.first) break;
        if (i->first.second <= last) tied.push_back(i);
    }
    return tied.empty() ? timers_.end() : tied[choose(relaxed_.timer_ties, point::timer, tied.size())];
}

/// Of each thread any number arrive; they are appended in the order in which all were made. Where nothing else is left
/// to do one must arrive, so that there is an end.
void exploring_loop::collect_posts() {
    std::list<numbered_posts> arrived;
    std::size_t left = posts_on_their_way();
    for (poster& p : posters_) {
        const std::size_t here = p.on_their_way.size();
        if (here == 0) continue;
        left -= here;
        const bool must_come = ready_.empty() && arrived.empty() && left == 0;
        const std::size_t held_back = choose(relaxed_.posts, point::post, must_come ? here : here + 1);
        const auto last = std::next(p.on_their_way.begin(), static_cast<std::ptrdiff_t>(here - held_back));
        arrived.splice(arrived.end(), p.on_their_way, p.on_their_way.begin(), last);
    }
    arrived.sort([](const numbered_posts& a, const numbered_posts& b) { return a.number < b.number; });
    for (numbered_posts& each : arrived) {
        for (callback& work : each.works) {
            ready_.push_back({{}, std::move(work), each.by});
            if (observer* const o = watching()) o->made_ready(0, cause::post);
        }
    }
}

// ---- running -------------------------------------------------------------------------------------------------------

/// The entries that were there (READY-2). With rounds relaxed, any entries, as many as may be, and at least one.
void exploring_loop::run_round() {
    for (std::size_t left = ready_.size(); left > 0 && turns_left_ > 0;) {
        const std::size_t at = pick(relaxed_.rounds ? ready_.size() : left);
        entry next = std::move(ready_[at]);
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(at));
        if (at < left) --left;
        turn(std::move(next));
        if (relaxed_.rounds && !ready_.empty() && chooser_.choose(point::round, 2) == 1) {
            left = left > 0 ? 0 : ready_.size();  // ends early, or goes on with what became ready meanwhile
        }
    }
}

/// A place among the first so many. The callbacks of one thread keep their order (POST-1).
std::size_t exploring_loop::pick(std::size_t among) {
    if (!relaxed_.ready_order) return 0;
    may_be_next_.clear();
    for (std::size_t i = 0; i < among; ++i) {
        const auto earlier = [&](std::size_t place) { return ready_[place].by == ready_[i].by; };
        if (ready_[i].by == 0 || std::ranges::none_of(may_be_next_, earlier)) may_be_next_.push_back(i);
    }
    return may_be_next_[choose(true, point::turn, may_be_next_.size())];
}

void exploring_loop::turn(entry e) {
    --turns_left_;
    ++turns_since_asked_;
    if (e.posted) {
        chooser_.called_back();
        tasks().call(e.posted);
    } else if (context::is_step(e.step)) {
        static_cast<void>(static_cast<context*>(e.step.argument)->step(tasks(), watching()));
    } else {
        e.step.run(e.step.argument);
    }
}

// ---- timers and operations -----------------------------------------------------------------------------------------

void exploring_loop::start(timer& t, instant deadline) {
    cancel(t);  // a restart is a new start (TIME-4)
    const std::uintptr_t number = ++timers_started_;
    t.set_key(key_of(deadline));
    timers_.emplace(std::pair{t.key(), number}, &t);
    t.words[0] = reinterpret_cast<void*>(number);
    if (observer* const o = watching()) o->timer_started(t);
}

bool exploring_loop::cancel(timer& t) noexcept {
    if (t.words[0] == nullptr) return false;  // TIME-5
    timers_.erase(std::pair{t.key(), reinterpret_cast<std::uintptr_t>(t.words[0])});
    t.words[0] = nullptr;
    return true;
}

bool exploring_loop::start(operation& op) noexcept {
    if (tasks().closing()) {  // LIFE-5
        op.result = {io_result::status::cancelled, 0, 0};
        return true;
    }
    if (observer* const o = watching()) o->operation_started(op);
    if (get_driver().start(op)) return true;
    ++operations_;
    return false;
}

void exploring_loop::cancel(operation& op) noexcept {
    if (!tasks().closing()) get_driver().cancel(op);
}

}  // namespace galley::testing
