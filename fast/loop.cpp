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
      basic_iteration{std::make_shared<mailbox>(get_driver().get_waker(), this), options.spin},
      ready_{put_, put_end_},
      timers_{options.resolution_bits, sample()} {}

loop::loop(driver& d, const loop_options& options)
    : galley::loop{d, options, call_stack},
      basic_iteration{std::make_shared<mailbox>(get_driver().get_waker(), this), options.spin},
      ready_{put_, put_end_},
      timers_{options.resolution_bits, sample()} {}

// LIFE-5
loop::~loop() {
    closed_ = true;
    outside().close();
    reap();
    tasks().destroy_all();
    drop_callbacks(ready_.waiting());
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
    begin_run();
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

// In line, as most turns have none or one.
inline void loop::collect_timers() noexcept {
    while (timer* const t = timers_.pop_due(sample())) {
        if (observer* const o = watching()) {
            o->fired(*t);
        }
        t->fire();
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
        count_steps(1);
        run<Watched>(ready_.take_only());
    } else {
        run_several<Watched>();
    }
}

// Not in line, so that an iteration saves no registers for it.
template <bool Watched>
[[gnu::noinline]] void loop::run_several() noexcept {
    const std::span<const ready_entry> round = ready_.take_round();
    count_steps(static_cast<std::int64_t>(round.size()));
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

}  // namespace galley::fast
