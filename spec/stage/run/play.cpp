// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/run/play.hpp>

#include <bit>
#include <cstdint>

namespace galley::spec {

namespace {

/// Failures that reach nobody are in the trace; nothing is to be printed.
void ignore(void*, const context*, std::exception_ptr) noexcept {}

/// Main's outcome belongs to whoever called `run`.
void take_outcome(join_handle<std::int64_t>& main) {
    if (!main.ended()) {
        main.detach();  // it is destroyed with its loop
        return;
    }
    try {
        static_cast<void>(main.take());
    } catch (...) {  // it is in the trace
    }
}

}  // namespace

loop_options options_of(const scenario& s) noexcept {
    return {.resolution_bits = static_cast<unsigned>(std::countr_zero(static_cast<std::uint64_t>(s.resolution))),
            .ask_every = static_cast<std::uint32_t>(s.ask_every),
            .budget = static_cast<std::uint32_t>(s.budget)};
}

void play(program& p, loop& l) {
    play(p, l, [left = p.source.runs](verdict) mutable { return --left > 0; });
}

void play(program& p, loop& l, const std::function<bool(verdict)>& again) {
    l.tasks().on_failure(&ignore, nullptr);
    join_handle<std::int64_t> main = spawn(l, scenario_task(p, 0));
    while (again(l.run())) {
    }
    if (p.source.close == closing::orderly) {
        close(l);
    }
    take_outcome(main);
    p.keep_alives.clear();
}

}  // namespace galley::spec
