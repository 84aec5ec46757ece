// SPDX-License-Identifier: BSL-1.0
#include "judge.hpp"

#include <spec/stage/check/check.hpp>

#include <array>
#include <string>

namespace galley::spec::properties {

namespace {

/// True if what the running task does next is not the statement in hand. That is asked first: what comes of another
/// statement would look like the fault of whatever it does.
bool leaves_program(const trace& t, std::size_t from, const shadow& s) {
    if (s.running() == 0) return false;
    for (std::size_t i = from; i < t.events.size(); ++i) {
        const event& e = t.events[i];
        const bool own = e.kind == event_kind::did || e.kind == event_kind::await || e.kind == event_kind::scope ||
                         e.kind == event_kind::end || e.kind == event_kind::spawn;
        if (own) return e.numbers[e.kind == event_kind::spawn ? 1 : 0] == s.running() && !s.fits(e);
        if (e.kind == event_kind::box) return false;
    }
    return false;
}

}  // namespace

std::vector<finding> findings_in(const watched& w) {
    std::vector<finding> by_checker;
    for (const violation& v : check(w.seen)) by_checker.push_back({v.rule, v.event_index, v.what});
    const std::size_t sound = by_checker.empty() ? w.seen.events.size() : by_checker.front().at + 1;

    std::vector<finding> found;
    const std::array judges{judge_of_life(w, found),           judge_of_looks(w, found),
                            judge_of_time(w, found),           judge_of_operations(w, found),
                            judge_of_tasks(w, found),          judge_of_cancellation(w, found),
                            judge_of_synchronisation(w, found)};
    shadow s{w};
    for (std::size_t i = 0; i < sound && i < w.seen.events.size(); ++i) {
        const event& e = w.seen.events[i];
        if (leaves_program(w.seen, i, s))
            return {{"TASK-1", i,
                     "task " + std::to_string(s.running()) +
                         " does not what its routine says: is it a task of another one?"}};
        for (const auto& j : judges) {
            j->at(i);
            j->before(e, s);
        }
        if (!found.empty()) return found;
        if (i == sound - 1 && !by_checker.empty()) return by_checker;  // the shadow follows sound traces only
        s.apply(e);
        for (const auto& j : judges) j->after(e, s);
        if (!found.empty()) return found;
        if (s.lost()) return found;
    }
    if (!by_checker.empty()) return by_checker;
    for (const auto& j : judges) {
        j->at(sound);
        j->finish(s);
    }
    return found;
}

}  // namespace galley::spec::properties
