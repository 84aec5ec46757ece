// SPDX-License-Identifier: BSL-1.0
#include "spec/conformance/make/situations.hpp"

#include <algorithm>
#include <map>

namespace galley::conformance {
namespace {

using spec::event_kind;

/// Numbers are numbers; words stay.
std::string without_number(std::string_view text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return "n";
    return std::string{text.substr(0, text.find(':'))};
}

std::string shape_of(const spec::event& e) {
    const auto text = [&](std::size_t i) { return std::string{std::string_view{e.texts[i]}}; };
    switch (e.kind) {
        case event_kind::run: return "run";
        case event_kind::exit: return "exit " + text(0);
        case event_kind::spawn: return e.numbers[2] != 0 ? "spawn in a scope" : "spawn";
        case event_kind::step: return "step with " + text(1);
        case event_kind::await: return "await " + text(0);
        case event_kind::did: return "did " + text(0) + " " + without_number(e.texts[2]);
        case event_kind::scope: return "scope " + text(0) + " " + text(1);
        case event_kind::end: return "end " + text(0);
        case event_kind::callback: return "callback";
        case event_kind::unobserved: return "unobserved";
        case event_kind::destroyed: return "destroyed";
        case event_kind::refused: return "refused";
        case event_kind::wait: return e.texts[0] == "never" ? "wait for ever" : "wait";
        case event_kind::sample: return "sample";
        case event_kind::world: return "world";
        case event_kind::fire: return "fire";
        case event_kind::complete: return "complete " + without_number(e.texts[0]);
        case event_kind::ready: return "ready by " + text(1);
        case event_kind::round: return e.numbers[1] > 1 ? "round of several" : "round of one";
        case event_kind::box: break;
    }
    return {};
}

bool is_of_task(event_kind k) {
    return k == event_kind::spawn || k == event_kind::step || k == event_kind::await || k == event_kind::did ||
           k == event_kind::scope || k == event_kind::end || k == event_kind::unobserved ||
           k == event_kind::destroyed || k == event_kind::ready;
}

}  // namespace

std::set<std::string> situations_of(const spec::trace& t) {
    std::set<std::string> found;
    std::map<std::uint64_t, std::string> latest;  // of each task
    for (const auto& e : t.events) {
        auto shape = shape_of(e);
        if (shape.empty()) continue;
        if (is_of_task(e.kind)) {
            auto& own = latest[e.numbers[0]];
            found.insert(shape + ", of a task after its " + own);
            // Which statement went before says little; how it went, more.
            own = e.kind == event_kind::did ? "did " + without_number(e.texts[2]) : shape;
        }
    }
    return found;
}

}  // namespace galley::conformance
