// SPDX-License-Identifier: BSL-1.0
#include <galley/fast/epoll_driver.hpp>
#include <galley/fast/loop.hpp>
#include <galley/kernel/step.hpp>

#include <new>
#include <span>
#include <stdexcept>
#include <utility>

namespace galley::fast {

namespace {

/// How many bytes of stack calls may take before they go on from the step loop: far below the smallest usual stack, and
/// deep enough that it is rare.
constexpr std::size_t call_stack = std::size_t{64} * 1024;

}  // namespace

loop::loop(const loop_options& options)
    : own_driver{std::make_unique<epoll_driver>()},
      galley::loop{*own, options, call_stack},
      ready_{put_, put_end_},
      timers_{options.resolution_bits},
      outside_{std::make_shared<mailbox>(get_driver().get_waker(), this)},
      spinning_{options.spin} {}

loop::loop(driver& d, const loop_options& options)
    : galley::loop{d, options, call_stack},
      ready_{put_, put_end_},
      timers_{options.resolution_bits},
      outside_{std::make_shared<mailbox>(get_driver().get_waker(), this)},
      spinning_{options.spin} {}

// LIFE-5
loop::~loop() {
    closed_ = true;
    outside_.close();
    reap();
    tasks().destroy_all();
    drop_callbacks();
}

void loop::reap() noexcept {
    get_driver().shut();
    while (operations_ != 0) {
        operation_list done;
        get_driver().ask(done);
        if (done.empty()) {
            get_driver().wait(std::nullopt, done);
        }
        while (done.pop_front() != nullptr) {
            --operations_;
        }
    }
}

void loop::drop_callbacks() noexcept {
    for (const ready_entry& entry : ready_.waiting()) {
        if (entry.run == &run_post) {
            destroy_nodes(static_cast<post_node*>(entry.argument));
        }
    }
}

// ---- timers and operations -----------------------------------------------------------------------------------------

void loop::start(timer& t, instant deadline) noexcept {
    t.set_key(key_of(deadline));
    if (watching() != nullptr) [[unlikely]] {
        return start_watched(t);
    }
    take_in(t);
}

inline void loop::take_in(timer& t) noexcept {
    if (timers_.start(t)) {
        look_again();
    }
}

void loop::start_watched(timer& t) noexcept {
    take_in(t);
    watching()->timer_started(t);
}

bool loop::start(operation& op) noexcept {
    if (closed_) [[unlikely]] {
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
    if (!closed_) {  // all have been reaped, and the driver knows none any more
        get_driver().cancel(op);
    }
}

void loop::overflow(ready_entry entry) noexcept {
    if (tasks().closing()) {
        return;
    }
    try {
        ready_.push(entry);
    } catch (const std::bad_alloc&) {
        end_without_room();
    }
}

// ---- run -----------------------------------------------------------------------------------------------------------

verdict loop::run() {
    if (!running_.enter()) {
        throw std::logic_error(
            "galley::fast::loop::run: the loop is running already (called from inside a step, or on two threads)");
    }
    const auto here = tasks().begin_run();
    steps_left_ = kept_back_ = 0;  // so that the first iteration asks the driver
    spinning_.begin_run();
    observer* const o = watching();
    if (o == nullptr) {
        const verdict v = iterate<false>();
        leave();
        return v;
    }
    o->run_called();
    const verdict v = iterate<true>();
    leave();
    o->run_returned(v);
    return v;
}

// Throws in a forked child, whether run was called there, or came back there from a step that has forked (LIFE-8).
void loop::leave() {
    running_.leave();
    if (in_forked_child()) {
        refuse_in_forked_child();
    }
}

// The flowchart, from Start on. `pending` looks for a verdict when nothing is left of the round, and so does `check`,
// without consuming it.
template <bool Watched>
verdict loop::iterate() noexcept {
    enter<Watched>(box::start);
    bool round_is_left = false;
    for (;;) {
        enter<Watched>(box::pending);
        if (round_is_left) {
            run_round<Watched>();
        } else {
            if (const std::optional<verdict> v = judge()) {
                if (*v == verdict::stopped) {
                    outside_.consume_stop();  // LIFE-2
                }
                return *v;
            }
            enter<Watched>(box::pick);
        }
        enter<Watched>(box::check);
        round_is_left = quiet() || (!judge() && check());
        if (round_is_left) {
            begin_round<Watched>();
        }
        enter<Watched>(box::continue_);
    }
}

// True: the next round may begin without a look at anything else.
bool loop::quiet() const noexcept {
    if (!outside_.nothing_came() || steps_left_ <= 0) [[unlikely]] {
        return false;
    }
    // A task that is ready is pending.
    return anything_ready() && (context::is_step(*ready_.begin()) || tasks().pending() != 0);
}

// (a)
inline std::optional<verdict> loop::judge() noexcept {
    outside_.attend();
    if (outside_.stop_requested() || in_forked_child()) {  // a child's run then throws (LIFE-8)
        return verdict::stopped;
    }
    if (tasks().pending() == 0) {
        return verdict::completed;
    }
    if (anything_ready() || timers_.are_due() || !outside_.arrived().empty()) {
        return std::nullopt;
    }
    return judge_idle();
}

// There is nothing to do now, and perhaps never will be.
std::optional<verdict> loop::judge_idle() noexcept {
    if (!timers_.empty()) {
        return std::nullopt;
    }
    const bool hopeless = outside_.nothing_comes(
        [this](bool no_remotes) { return (no_remotes && operations_ == 0) || get_driver().exhausted(); });
    if (outside_.stop_requested()) {
        return verdict::stopped;
    }
    return hopeless ? std::optional{verdict::deadlocked} : std::nullopt;
}

// (b) to (e). False: there is no round to begin. It sleeps only if there is nothing to do (WAIT-1), and asks in time if
// there is always something (WAIT-4).
bool loop::check() noexcept {
    operation_list done;
    steps_left_ += std::exchange(kept_back_, 0);
    const bool nothing_to_do = !anything_ready() && outside_.arrived().empty();
    if (nothing_to_do || steps_left_ <= 0) {
        // A due timer is nothing that anybody has to be told of, or woken for; whoever watches is told of each wait.
        const bool waits = nothing_to_do && (!timers_.are_due() || watching() != nullptr);
        if (!waits || !wait(done)) {
            get_driver().ask(done);
        }
        steps_left_ = options().ask_every;
        take_sample();
        collect_operations(done);
    }
    collect_timers();
    outside_.attend();
    if (!outside_.arrived().empty()) {
        collect_posts();
    }
    if (outside_.stop_requested()) {
        look_again();
        return false;
    }
    return anything_ready();
}

// The only place that blocks; the sleep is announced. False: something was told meanwhile.
bool loop::wait(operation_list& done) noexcept {
    observer* const o = watching();
    const std::optional<instant> until = o == nullptr ? timers_.wake_by() : timers_.first_key();
    const bool spins = spinning_.wanted() && o == nullptr;  // whoever watches is told of each wait
    if (spins && look_around(until, done)) {
        return !done.empty();
    }
    if (!outside_.fall_asleep(!until && operations_ == 0)) {
        return false;
    }
    if (o != nullptr) {
        o->waiting(until);
    }
    get_driver().wait(until, done);
    outside_.awake();
    if (spins) {
        spinning_.slept();
    }
    return true;
}

// True: what a wait would have waited for is there.
bool loop::look_around(std::optional<instant> until, operation_list& done) noexcept {
    const bool only_for_remotes = !until && operations_ == 0;
    return spinning_.find([&](bool thoroughly) noexcept {
        if (!outside_.nothing_came()) {
            return true;
        }
        if (!thoroughly) {
            return false;
        }
        get_driver().ask(done);
        return !done.empty() || (until && *until <= now()) || (only_for_remotes && outside_.box()->remotes() == 0);
    });
}

// ---- (d) collect ---------------------------------------------------------------------------------------------------

void loop::collect_operations(operation_list& done) noexcept {
    while (operation* const op = done.pop_front()) {
        --operations_;
        if (observer* const o = watching()) {
            o->completed(*op);
        }
        op->complete();
    }
}

void loop::collect_timers() noexcept {
    while (timer* const t = timers_.pop_due(sample())) {
        if (observer* const o = watching()) {
            o->fired(*t);
        }
        t->fire();
    }
}

void loop::collect_posts() noexcept {
    post_list& arrived = outside_.arrived();
    outside_.recycle();
    while (post_node* const node = arrived.front()) {
        if (!node->work) {  // a mere wake
            outside_.spend(*arrived.pop_front());
            continue;
        }
        if (!ready_.push_callback({&run_post, node})) {
            look_again();
            return;  // short of memory: it stays in the inbox until the next round has made room
        }
        (void)arrived.pop_front();
        node->home = this;
        if (observer* const o = watching()) {
            o->made_ready(0, cause::post);
        }
    }
}

// ---- (f) round -----------------------------------------------------------------------------------------------------

template <bool Watched>
void loop::begin_round() noexcept {
    if constexpr (Watched) {
        watching()->round_began(++rounds_, ready_.size());
    }
}

template <bool Watched>
[[gnu::always_inline]] inline void loop::run(ready_entry entry) noexcept {
    enter<Watched>(box::pick);
    enter<Watched>(box::run);
    if (context::is_step(entry)) [[likely]] {
        static_cast<void>(static_cast<context*>(entry.argument)->step(tasks(), Watched ? watching() : nullptr));
    } else {
        entry.run(entry.argument);
    }
    enter<Watched>(box::save);
}

// In line, as the round of a lone task is little more than its step.
template <bool Watched>
[[gnu::always_inline]] inline void loop::run_round() noexcept {
    if (one_is_ready()) {
        --steps_left_;
        run<Watched>(ready_.take_only());
    } else {
        run_several<Watched>();
    }
}

// Not in line, so that an iteration saves no registers for it.
template <bool Watched>
[[gnu::noinline]] void loop::run_several() noexcept {
    const std::span<const ready_entry> round = ready_.take_round();
    steps_left_ -= static_cast<std::int64_t>(round.size());
    for (auto entry = round.begin();;) {
        run<Watched>(*entry);
        if (++entry == round.end()) {
            return;
        }
        enter<Watched>(box::check);  // which does nothing while something is left of the round
        enter<Watched>(box::continue_);
        enter<Watched>(box::pending);
    }
}

void loop::run_post(void* argument) noexcept {
    auto& node = *static_cast<post_node*>(argument);
    auto& self = *static_cast<loop*>(node.home);
    self.tasks().call(node.work);
    self.outside_.spend(node);
}

template <bool Watched>
void loop::enter(box b) const noexcept {
    if constexpr (Watched) {
        watching()->entered(b);
    }
}

}  // namespace galley::fast
