// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/kit/features.hpp"

#include <algorithm>
#include <iterator>

namespace galley::conformance {

std::string_view feature_of(spec::verb v) noexcept {
    using enum spec::verb;
    switch (v) {
        case spawn:
        case drop: return "tasks";
        case join: return "join";
        case try_join:
        case lose:
        case timeout_at: return "composition";
        case cancel: return "cancel";
        case all: return "all";
        case any: return "any";
        case group:
        case go:
        case cancel_group: return "group";
        case scope:
        case cancel_scope:
        case shield:
        case timeout: return "scope";
        case set:
        case reset:
        case wait: return "event";
        case acquire:
        case release: return "semaphore";
        case lock:
        case unlock: return "mutex";
        case put:
        case get:
        case close_queue: return "queue";
        case read:
        case write:
        case accept:
        case connect:
        case readable:
        case writable:
        case close: return "channel";
        case fail: return "failure";
        case stop: return "stop";
        case post:
        case hold_remote:
        case drop_remote: return "post";
        case keep_alive:
        case drop_keep_alive: return "keep_alive";
        case yield:
        case sleep:
        case sleep_until:
        case burn:
        case now:
        case call:
        case try_:
        case return_: break;
    }
    return {};
}

std::string_view feature_of(spec::world_verb v) noexcept {
    using enum spec::world_verb;
    switch (v) {
        case stop: return "stop";
        case post:
        case wake: return "post";
        case jump: return "jump";
        case data:
        case end:
        case break_:
        case room:
        case peer: break;
    }
    return "channel";
}

name_set features_of(const spec::scenario& s, const spec::trace& t) {
    name_set found;
    const auto need = [&](std::string_view name) {
        if (!name.empty()) found.emplace(name);
    };
    for (const auto& routine : s.routines)
        for (const auto& statement : routine.body) need(feature_of(statement.what));
    for (const auto& entry : s.world) need(feature_of(entry.what));
    if (s.runs > 1) need("rerun");
    if (s.close == spec::closing::orderly) need("orderly");
    bool after_exit = false;
    for (const auto& e : t.events) {
        if (e.kind == spec::event_kind::exit && e.texts[0] == "deadlocked") need("deadlock");
        if (e.kind == spec::event_kind::await && e.texts[0] == "budget") need("budget");
        if (e.kind == spec::event_kind::unobserved) need("failure");
        if (after_exit && spec::is_level_p(e.kind) && e.kind != spec::event_kind::run) need("destroy");
        after_exit = e.kind == spec::event_kind::exit;
    }
    return found;
}

spec::scenario within(spec::scenario s, const name_set& has) {
    const auto lacking = [&](const auto& one) {
        const auto feature = feature_of(one.what);
        return !feature.empty() && !has.contains(feature);
    };
    for (auto& routine : s.routines) std::erase_if(routine.body, lacking);
    std::erase_if(s.world, lacking);
    if (!has.contains("rerun")) s.runs = 1;
    if (!has.contains("orderly")) s.close = spec::closing::destroy;
    return s;
}

}  // namespace galley::conformance
