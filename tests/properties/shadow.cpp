// SPDX-License-Identifier: BSL-1.0
#include "shadow.hpp"

#include <spec/stage/form/vocabulary.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace galley::spec::properties {

namespace {

node_id task_node(task_id id) noexcept { return {node_id::kind::task, id}; }
node_id scope_node(scope_id id) noexcept { return {node_id::kind::scope, id}; }

leaving how_of(std::string_view result) noexcept {
    return result == "cancelled"          ? leaving::cancelled
           : result.starts_with("error:") ? leaving::exception
                                          : leaving::value;
}

bool waits_for_children(verb v) noexcept { return v == verb::all || v == verb::any || v == verb::group; }

std::size_t slot_of(const statement& s, std::size_t n = 0) noexcept { return static_cast<std::size_t>(s.operands[n]); }

}  // namespace

shadow::shadow(const watched& w) : case_{w}, runs_{w.program.runs + (w.program.close == closing::orderly ? 1 : 0)} {
    tree_.emplace(node_id{}, tree_node{});
}

const statement* shadow::current(task_id id) const {
    const auto& frames = task(id).frames;
    if (frames.empty()) return nullptr;
    const auto& body = case_.program.routines[frames.back().routine].body;
    return frames.back().next < body.size() ? &body[frames.back().next] : nullptr;
}

const shadow_scope* shadow::scope(scope_id id) const {
    const auto found = scopes_.find(id);
    return found == scopes_.end() ? nullptr : &found->second;
}

node_id shadow::innermost(task_id id) const {
    const auto& t = task(id);
    return t.scopes.empty() ? task_node(id) : scope_node(t.scopes.back());
}

bool shadow::behind_shield(task_id id) const {
    for (node_id n = innermost(id); n != node_id{}; n = tree_.at(n).parent)
        if (tree_.at(n).shield) return true;
    return false;
}

bool shadow::outer_cancelled(scope_id id) const {
    const auto& n = tree_.at(scope_node(id));
    return !n.shield && tree_.at(n.parent).cancelled;
}

std::string_view shadow::asked_by_rule() const {
    switch (canceller_) {
        case canceller::handle: return "TASK-8";
        case canceller::close: return "LIFE-6";
        case canceller::body: return "TASK-6";
        case canceller::child: return scopes_.at(settled_scope_).opener->what == verb::any ? "TASK-7" : "TASK-6";
        default: return {};
    }
}

std::size_t shadow::timers() const noexcept {
    const auto sleeps = [](const shadow_task& t) { return t.state == phase::waiting && t.awaits == "sleep"; };
    return timeouts_.size() + static_cast<std::size_t>(std::ranges::count_if(tasks_, sleeps));
}

std::size_t shadow::operations() const noexcept {
    const auto waits = [](const shadow_task& t) { return t.state == phase::waiting && is_operation(t.awaits); };
    return static_cast<std::size_t>(std::ranges::count_if(tasks_, waits));
}

bool shadow::anything_ready() const noexcept {
    return std::ranges::any_of(tasks_, [](const shadow_task& t) { return t.state == phase::ready; });
}

bool shadow::fits(const event& e) const {
    const auto id = e.numbers[e.kind == event_kind::spawn ? 1 : 0];
    if (!knows(id)) return true;
    const statement* s = current(id);
    switch (e.kind) {
        case event_kind::spawn:
            return s != nullptr && (s->what == verb::spawn || s->what == verb::go || has_list(s->what));
        case event_kind::await: {
            if (s == nullptr || e.texts[0] == "budget" || e.texts[0] == "group") return true;
            return e.texts[0] == kind_of(s->what) && e.texts[1] == operands_text(*s);
        }
        case event_kind::did: {
            const auto& frames = task(id).frames;
            if ((e.texts[0] == "call" || e.texts[0] == "try") && frames.size() > 1 && frames.back().scope == 0) {
                const frame& caller = frames[frames.size() - 2];
                s = &case_.program.routines[caller.routine].body[caller.next];
            }
            return s != nullptr && e.texts[0] == info(s->what).name && e.texts[1] == operands_text(*s);
        }
        case event_kind::scope: {
            if (!opens(e)) return true;
            if (s == nullptr) return false;
            if (e.texts[0] == "shield") return s->what == verb::shield;
            return waits_for_children(s->what) || s->what == verb::scope || is_timeout(s->what);
        }
        case event_kind::end: return e.texts[0] != "value" || s == nullptr;
        default: return true;
    }
}

void shadow::apply(const event& e) {
    told_.clear();
    arrived_.reset();
    canceller_ = canceller::none;
    completed_scope_ = settled_scope_ = 0;
    target_ = 0;
    look_at_clock();
    ++index_;
    const auto id = e.numbers[0];
    switch (e.kind) {
        case event_kind::spawn: spawned(e); break;
        case event_kind::step:
            at(id).state = phase::running;
            running_ = id;
            if (e.texts[1] == "start") arrive(id);
            break;
        case event_kind::await: awaits(e); break;
        case event_kind::ready:
            if (id == 0) break;
            at(id).state = phase::ready;
            at(id).cause = e.texts[0];
            break;
        case event_kind::did: did(e); break;
        case event_kind::scope: opens(e) ? opened(e) : closed(e); break;
        case event_kind::end: ended(e); break;
        case event_kind::fire: fired(id); break;
        case event_kind::sample:
            sample_ = decimal(e.texts[0]);
            latest_ = std::max(latest_, sample_);
            break;
        case event_kind::exit:
            if (++exits_ == case_.program.runs && exits_ < runs_) request(node_id{}, canceller::close);
            break;
        default: break;
    }
}

void shadow::look_at_clock() {
    for (; call_ < case_.calls.size() && case_.calls[call_].events <= index_; ++call_)
        driver_clock_ = case_.calls[call_].now;
}

void shadow::spawned(const event& e) {
    const auto by = e.numbers[1];
    auto& made = tasks_.emplace_back();
    const task_id id = tasks_.size();
    ++pending_;
    std::size_t routine = 0;
    node_id place{};
    if (by != 0) {
        const statement* s = current(by);
        place = innermost(by);
        if (s != nullptr && (s->what == verb::spawn || s->what == verb::go)) {
            routine = slot_of(*s, s->what == verb::go ? 1 : 0);
            if (s->what == verb::go) made.child_of = group_slots_[slot_of(*s)];
        } else if (s != nullptr && has_list(s->what) && place.what == node_id::kind::scope) {
            made.child_of = place.number;
            auto& parent = scopes_.at(place.number);
            if (parent.spawned >= s->routines.size()) {
                lost_ = true;
                return;
            }
            routine = s->routines[parent.spawned];
        } else {
            lost_ = true;
            return;
        }
        if (made.child_of != 0) {
            place = scope_node(made.child_of);
            ++scopes_.at(made.child_of).spawned;
            ++scopes_.at(made.child_of).left;
        }
    }
    made.frames.push_back({.routine = routine});
    hang(task_node(id), place, false);
}

/// The task has come to a statement: what that does at once is done now, as no event comes before its effects.
void shadow::arrive(task_id id) {
    auto& t = at(id);
    const statement* s = current(id);
    while (s != nullptr && (s->what == verb::call || s->what == verb::try_)) {
        t.frames.push_back({.routine = slot_of(*s)});
        s = current(id);
    }
    if (s == nullptr) {
        const auto own = t.frames.empty() ? 0 : t.frames.back().scope;
        if (own != 0 && scopes_.at(own).opener->what == verb::group) body_over(own);
        return;
    }
    arrived_ = arrival{id, s, cancelled_here(id)};
    switch (s->what) {
        case verb::cancel:
        case verb::lose:
            target_ = handles_[slot_of(*s)];
            if (target_ != 0 && task(target_).state != phase::over)
                request(task_node(target_), s->what == verb::lose ? canceller::handle : canceller::statement);
            break;
        case verb::cancel_scope:
            if (const auto target = scope_slots_[slot_of(*s)]; target != 0)
                request(scope_node(target), canceller::statement);
            break;
        case verb::cancel_group:
            if (const auto target = group_slots_[slot_of(*s)]; target != 0 && !scopes_.at(target).judged)
                request(scope_node(target), canceller::statement);
            break;
        default: break;
    }
}

void shadow::did(const event& e) {
    const auto id = e.numbers[0];
    const auto& [verb_name, arg, result] = e.texts;
    auto& t = at(id);
    if ((verb_name == "call" || verb_name == "try") && t.frames.size() > 1 && t.frames.back().scope == 0)
        t.frames.pop_back();
    const statement* s = current(id);
    if (s == nullptr || info(s->what).name != verb_name || operands_text(*s) != arg) {
        lost_ = true;
        return;
    }
    const bool refused = result == "misuse" || result == "empty";
    const bool drops = s->what == verb::drop || s->what == verb::lose;
    const bool names_handle = s->what == verb::spawn || is_join(s->what) || drops;
    const std::size_t slot = names_handle ? slot_of(*s, s->what == verb::spawn ? 1 : 0) : 0;
    if (s->what == verb::spawn) handles_[slot] = tasks_.size();
    if (drops) handles_[slot] = 0;
    const task_id joined = t.joins != 0 ? t.joins : handles_[slot];
    if (is_join(s->what) && !refused && result != "cancelled" && handles_[slot] == joined) handles_[slot] = 0;
    if (s->what == verb::burn) driver_clock_ = sum(driver_clock_, s->operands[0]);
    if (s->what == verb::now) latest_ = reading();
    t.joins = 0;
    ++t.frames.back().next;
    const auto how = how_of(result);
    const bool answer = s->what == verb::try_ || (s->what == verb::try_join && how == leaving::exception);
    if (s->what == verb::return_ || (!answer && how != leaving::value)) leave_routine(id, how);
    arrive(id);
}

void shadow::leave_routine(task_id id, leaving how) {
    auto& f = at(id).frames.back();
    f.next = case_.program.routines[f.routine].body.size();
    f.how = how;
}

void shadow::opened(const event& e) {
    const auto id = e.numbers[0];
    const auto number = e.numbers[1];
    const statement* s = current(id);
    if (s == nullptr) {
        lost_ = true;
        return;
    }
    scopes_.emplace(number, shadow_scope{.opener = s, .owner = id});
    hang(scope_node(number), innermost(id), s->what == verb::shield);
    auto& t = at(id);
    t.scopes.push_back(number);
    switch (s->what) {
        case verb::all:
        case verb::any: scopes_.at(number).body_over = true; return;
        case verb::group: group_slots_[slot_of(*s)] = number; break;
        case verb::scope: scope_slots_[slot_of(*s)] = number; break;
        case verb::shield: break;
        case verb::timeout: latest_ = reading(); [[fallthrough]];
        case verb::timeout_at: timeouts_.emplace(++timers_, number); break;
        default: lost_ = true; return;
    }
    const bool second = s->what == verb::group || s->what == verb::scope || is_timeout(s->what);
    t.frames.push_back({.routine = slot_of(*s, second ? 1 : 0), .scope = number});
    arrive(id);
}

void shadow::closed(const event& e) {
    auto& t = at(e.numbers[0]);
    const auto number = e.numbers[1];
    const auto found = scopes_.find(number);
    if (found == scopes_.end() || t.scopes.empty() || t.scopes.back() != number) {
        lost_ = true;
        return;
    }
    const statement& s = *found->second.opener;
    if (s.what == verb::group) group_slots_[slot_of(s)] = 0;
    if (s.what == verb::scope) scope_slots_[slot_of(s)] = 0;
    if (!has_list(s.what)) t.frames.pop_back();
    t.scopes.pop_back();
    unhang(scope_node(number));
    std::erase_if(timeouts_, [&](const auto& timeout) { return timeout.second == number; });
    scopes_.erase(found);
}

void shadow::awaits(const event& e) {
    auto& t = at(e.numbers[0]);
    if (t.state == phase::running) t.state = phase::waiting;
    running_ = 0;
    t.awaits = e.texts[0];
    t.interrupted = false;
    const statement* s = current(e.numbers[0]);
    if (s == nullptr) return;
    if (is_join(s->what)) t.joins = handles_[slot_of(*s)];
    if (t.awaits != "sleep") return;
    ++timers_;
    if (s->what == verb::sleep) latest_ = reading();
}

void shadow::fired(std::uint64_t timer) {
    if (const auto found = timeouts_.find(timer); found != timeouts_.end()) {
        const auto number = found->second;
        timeouts_.erase(found);
        request(scope_node(number), canceller::timer);
    }
}

void shadow::body_over(scope_id id) {
    auto& s = scopes_.at(id);
    if (s.body_over) return;
    s.body_over = true;
    s.body = at(s.owner).frames.back().how;
    if (s.body != leaving::value) request(scope_node(id), canceller::body);
    judge_children(s, id);
}

void shadow::ended(const event& e) {
    const auto id = e.numbers[0];
    auto& t = at(id);
    t.state = phase::over;
    running_ = 0;
    --pending_;
    unhang(task_node(id));
    const auto found = scopes_.find(t.child_of);
    if (found == scopes_.end()) return;
    auto& s = found->second;
    const leaving how = e.texts[0] == "value"       ? leaving::value
                        : e.texts[0] == "exception" ? leaving::exception
                                                    : leaving::cancelled;
    --s.left;
    s.child_cancelled = s.child_cancelled || how == leaving::cancelled;
    const bool any = s.opener->what == verb::any;
    const bool body_failed = s.opener->what == verb::group && s.body_over && s.body == leaving::exception;
    if ((any || how == leaving::exception) && !s.remembered && !body_failed) {
        s.remembered = how;
        settled_scope_ = found->first;
        if (s.left > 0 || !any) request(scope_node(found->first), canceller::child);
    }
    judge_children(s, found->first);
}

/// The outcome of a scope is fixed when its last child has ended and its body is over.
void shadow::judge_children(shadow_scope& s, scope_id id) {
    if (s.left > 0 || !s.body_over || s.judged) return;
    s.judged = true;
    const bool outer = outer_cancelled(id);
    const bool group = s.opener->what == verb::group;
    if (s.remembered == leaving::exception || s.body == leaving::exception) {
        s.verdict = "exception";
    } else if (group) {
        const auto& n = tree_.at(scope_node(id));
        const bool cut_off = s.body == leaving::cancelled || (s.child_cancelled && n.cancelled);
        s.verdict = !cut_off ? "value" : n.requested && !outer ? "absorbed" : "cancelled";
    } else {
        const bool lost = s.opener->what == verb::any ? s.remembered == leaving::cancelled : s.child_cancelled;
        s.verdict = !lost ? "value" : outer ? "cancelled" : "exception";
    }
    if (task(s.owner).state == phase::waiting) completed_scope_ = id;
}

// ---- the tree -------------------------------------------------------------------------------------------------------

void shadow::hang(node_id child, node_id parent, bool shield) {
    auto& above = tree_.at(parent);
    above.below.push_back(child);
    tree_.insert_or_assign(child,
                           tree_node{.parent = parent, .shield = shield, .cancelled = above.cancelled && !shield});
}

void shadow::unhang(node_id id) {
    const auto gone = tree_.find(id);
    if (gone == tree_.end()) return;
    auto& siblings = tree_.at(gone->second.parent).below;
    const auto place = siblings.erase(std::ranges::find(siblings, id));
    siblings.insert(place, gone->second.below.begin(), gone->second.below.end());
    for (const node_id heir : gone->second.below) tree_.at(heir).parent = gone->second.parent;
    tree_.erase(gone);
}

void shadow::request(node_id id, canceller by) {
    auto& top = tree_.at(id);
    if (top.requested) return;
    canceller_ = by;
    top.requested = true;
    if (!top.cancelled) {
        top.cancelled = true;
        const auto visit = [&](const auto& self, node_id below) -> void {
            auto& n = tree_.at(below);
            if (n.shield || n.cancelled) return;
            n.cancelled = true;
            for (const node_id child : n.below) self(self, child);
            if (below.what == node_id::kind::task) interrupt(below.number);
        };
        for (const node_id child : top.below) visit(visit, child);
    }
    if (id.what == node_id::kind::task) interrupt(id.number);
    if (id.what == node_id::kind::scope) interrupt(scopes_.at(id.number).owner);
}

void shadow::interrupt(task_id id) {
    auto& t = at(id);
    if (t.state != phase::waiting || t.interrupted || !cancelled_here(id)) return;
    t.interrupted = true;
    if (waits_for_children(find_verb(t.awaits).value_or(verb::yield))) return;
    told_.push_back({id, is_operation(t.awaits)});
}

// ---- words ----------------------------------------------------------------------------------------------------------

bool is_operation(verb v) noexcept {
    return v == verb::read || v == verb::write || v == verb::accept || v == verb::connect || v == verb::readable ||
           v == verb::writable;
}

bool is_operation(std::string_view kind) noexcept {
    const auto v = find_verb(kind);
    return v && is_operation(*v);
}

bool is_synchronisation(std::string_view kind) noexcept {
    return kind == "wait" || kind == "acquire" || kind == "lock" || kind == "put" || kind == "get";
}

bool is_join(verb v) noexcept { return v == verb::join || v == verb::try_join; }
bool is_timeout(verb v) noexcept { return v == verb::timeout || v == verb::timeout_at; }

std::string_view kind_of(verb v) noexcept {
    return info(v == verb::sleep_until ? verb::sleep : v == verb::try_join ? verb::join : v).name;
}

bool is_awaiting(verb v) noexcept {
    return is_operation(v) || is_synchronisation(info(v).name) || waits_for_children(v) || v == verb::yield ||
           v == verb::sleep || v == verb::sleep_until || is_join(v);
}

std::int64_t decimal(std::string_view text) noexcept {
    std::int64_t v{};
    std::from_chars(text.data(), text.data() + text.size(), v);
    return v;
}

std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
    constexpr auto last = std::numeric_limits<std::int64_t>::max();
    return b > last - a ? last : a + b;
}

}  // namespace galley::spec::properties
