// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/run/channel_io.hpp>
#include <spec/stage/run/program.hpp>

#include <cerrno>
#include <utility>

namespace galley::spec {

namespace {

/// One routine on one task.
struct place {
    place(program& p_, task_id task_) noexcept : p{&p_}, task{task_} {}
    program* p;
    task_id task;
};

std::vector<task<std::int64_t>> bodies(program& p, const statement& s) {
    std::vector<task<std::int64_t>> made;
    made.reserve(s.routines.size());
    for (const std::uint8_t r : s.routines) {
        made.push_back(scenario_task(p, r));
    }
    return made;
}

std::int64_t code_of(std::exception_ptr error) {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const failure& f) {
        return f.code;
    } catch (const task_cancelled&) {
        return 0;
    }
}

text error_text(std::int64_t code) { return "error:" + std::to_string(code); }

// ---- statements that end in their step ---------------------------------------------------------------------------

text spawn_into(place at, std::size_t routine, std::size_t slot) {
    program& p = *at.p;
    join_handle<std::int64_t> handle = spawn(*p.loop, scenario_task(p, routine));
    const task_id id = handle.id();
    p.handles[slot].detach();
    p.handles[slot] = std::move(handle);
    return text::decimal(id);
}

text unlock(place at, program::owned_mutex& m) {
    if (m.owner != at.task) {
        return "misuse";
    }
    m.owner = 0;
    m.guard.reset();
    return "ok";
}

template <class Held>
text let_go(std::vector<Held>& held) {
    if (held.empty()) {
        return "misuse";
    }
    held.pop_back();
    return "ok";
}

text go(program& p, std::size_t slot, std::size_t routine) {
    task_group* const group = p.groups[slot];
    if (group == nullptr || !group->is_running()) {
        return "misuse";
    }
    return text::decimal(group->spawn(scenario_task(p, routine)));
}

text cancel_group(program& p, std::size_t slot) {
    task_group* const group = p.groups[slot];
    if (group == nullptr || !group->is_running()) {
        return "misuse";
    }
    group->cancel();
    return "yes";
}

/// The handle goes without having been detached.
text lose(join_handle<std::int64_t>& handle) {
    if (!handle) {
        return "empty";
    }
    const bool cancels = !handle.ended();
    handle = {};
    return cancels ? "yes" : "no";
}

/// A statement without await; nothing if it is another one.
std::optional<text> do_now(place at, const statement& s) {
    program& p = *at.p;
    const auto a = static_cast<std::size_t>(s.operands[0]);
    const auto b = static_cast<std::size_t>(s.operands[1]);
    switch (s.what) {
        case verb::burn: p.time->burn(duration{s.operands[0]}); return "ok";
        case verb::now: return text::decimal(nanoseconds(p.loop->now()));
        case verb::spawn: return spawn_into(at, a, b);
        case verb::cancel: return !p.handles[a] ? "empty" : p.handles[a].cancel() ? "yes" : "no";
        case verb::drop:
            if (!p.handles[a]) {
                return "empty";
            }
            p.handles[a].detach();
            return "ok";
        case verb::lose: return lose(p.handles[a]);
        case verb::go: return go(p, a, b);
        case verb::cancel_group: return cancel_group(p, a);
        case verb::cancel_scope:
            if (p.scopes[a] == nullptr) {
                return "no";
            }
            p.scopes[a]->cancel();
            return "yes";
        case verb::set: p.events[a].set(); return "ok";
        case verb::reset: p.events[a].reset(); return "ok";
        case verb::release: p.semaphores[a]->release(); return "ok";
        case verb::unlock: return unlock(at, p.mutexes[a]);
        case verb::close_queue: p.queues[a]->close(); return "ok";
        case verb::close: {
            const int number = p.has_kernel ? std::exchange(p.descriptors[a], -1) : p.descriptors[a];
            const int error = p.loop->close(number);
            return error == 0 ? "ok" : "errno:" + std::to_string(error);
        }
        case verb::stop: p.loop->stop(); return "ok";
        case verb::post: {
            const std::lock_guard in_order{p.posting};
            const bool posted = p.loop->get_remote().post(p.setting(s.operands[0]));
            return posted ? "ok" : "refused";
        }
        case verb::hold_remote: p.remotes.push_back(p.loop->get_remote()); return "ok";
        case verb::drop_remote: return let_go(p.remotes);
        case verb::keep_alive: p.keep_alives.emplace_back(*p.loop); return "ok";
        case verb::drop_keep_alive: return let_go(p.keep_alives);
        default: return std::nullopt;
    }
}

// ---- statements that await ---------------------------------------------------------------------------------------

/// Why a slot's task cannot be joined, or nothing.
std::optional<text> why_not_joined(const join_handle<std::int64_t>& handle) {
    if (!handle) {
        return "empty";
    }
    return handle.is_joined() ? std::optional<text>{"misuse"} : std::nullopt;
}

/// Empties a slot whose task has told how it ended, unless another one is there by now.
void empty_of(task_id joined, join_handle<std::int64_t>& slot) {
    if (slot && slot.id() == joined) {
        slot.detach();
    }
}

task<text> join(join_handle<std::int64_t>& handle) {
    if (std::optional<text> refused = why_not_joined(handle)) {
        co_return *std::move(refused);
    }
    const task_id joined = handle.id();
    try {
        const std::int64_t value = co_await handle.join();
        empty_of(joined, handle);
        co_return text::decimal(value);
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        empty_of(joined, handle);
        throw;
    }
}

task<text> try_join(join_handle<std::int64_t>& handle) {
    if (std::optional<text> refused = why_not_joined(handle)) {
        co_return *std::move(refused);
    }
    const task_id joined = handle.id();
    settlement<std::int64_t> came_to = co_await handle.try_join();
    empty_of(joined, handle);
    switch (came_to.how()) {
        case outcome::value: co_return text::decimal(came_to.take());
        case outcome::exception: co_return error_text(code_of(came_to.exception()));
        default: co_return error_text(0);
    }
}

/// Keeps an object in a slot as long as its statement runs.
template <class T>
class in_slot {
public:
    in_slot(T*& slot, T& object) noexcept : slot_{&slot} { slot = &object; }
    in_slot(const in_slot&) = delete;
    in_slot& operator=(const in_slot&) = delete;
    ~in_slot() { *slot_ = nullptr; }

private:
    T** slot_;
};

/// The body of a group; when it is over, the group's own statement is the one that awaits.
task<std::int64_t> group_body(place at, const statement* s) {
    struct back_to_group {
        ~back_to_group() { at.p->record.at_statement(at.task, *s); }
        place at;
        const statement* s;
    } const back{at, s};
    co_return co_await scenario_task(*at.p, static_cast<std::size_t>(s->operands[1]));
}

task<text> group(place at, const statement* s) {
    task_group*& slot = at.p->groups[static_cast<std::size_t>(s->operands[0])];
    if (slot != nullptr) {
        co_return "misuse";
    }
    task_group here;
    const in_slot<task_group> kept{slot, here};
    const std::optional<std::int64_t> value = co_await here.run([at, s] { return group_body(at, s); });
    co_return value ? text::decimal(*value) : "absorbed";
}

task<text> scope(program& p, const statement* s) {
    cancel_scope*& slot = p.scopes[static_cast<std::size_t>(s->operands[0])];
    if (slot != nullptr) {
        co_return "misuse";
    }
    cancel_scope here;
    const in_slot<cancel_scope> kept{slot, here};
    const std::optional<std::int64_t> value =
        co_await here.run(scenario_task(p, static_cast<std::size_t>(s->operands[1])));
    co_return value ? text::decimal(*value) : "absorbed";
}

task<text> all(program& p, const statement* s) {
    const std::vector<std::int64_t> values = co_await when_all(bodies(p, *s));
    std::string joined;
    for (const std::int64_t value : values) {
        joined += (joined.empty() ? "" : ",") + std::to_string(value);
    }
    co_return joined;
}

task<text> try_call(program& p, std::size_t routine) {
    settlement<std::int64_t> came_to = co_await settled(scenario_task(p, routine));
    switch (came_to.how()) {
        case outcome::value: co_return text::decimal(came_to.take());
        case outcome::exception: co_return error_text(code_of(came_to.exception()));
        default: co_return "cancelled";
    }
}

task<text> yield_once() {
    co_await yield();
    co_return "ok";
}

task<text> sleep_one(duration d) {
    co_await sleep_for(d);
    co_return "ok";
}

task<text> sleep_to(instant t) {
    co_await sleep_until(t);
    co_return "ok";
}

task<text> call(program& p, std::size_t routine) {
    const std::int64_t value = co_await scenario_task(p, routine);
    co_return text::decimal(value);
}

task<text> any(program& p, const statement* s) {
    const winner<std::int64_t> first = co_await when_any(bodies(p, *s));
    co_return std::to_string(first.index) + ":" + std::to_string(first.value);
}

task<text> shielded(program& p, std::size_t routine) {
    const std::int64_t value = co_await shield(scenario_task(p, routine));
    co_return text::decimal(value);
}

task<text> with_timeout(program& p, deadline until, std::size_t routine) {
    const std::optional<std::int64_t> value = co_await try_timeout(until, scenario_task(p, routine));
    co_return value ? text::decimal(*value) : "timeout";
}

task<text> wait(galley::event& e) {
    co_await e.wait();
    co_return "ok";
}

task<text> acquire(semaphore& s) {
    co_await s.acquire();
    co_return "ok";
}

task<text> lock(place at, program::owned_mutex& m) {
    mutex::guard guard = co_await m.mutex.lock();
    m.guard.emplace(std::move(guard));
    m.owner = at.task;
    co_return "ok";
}

task<text> put(queue<std::int64_t>& q, std::int64_t item) {
    const bool accepted = co_await q.put(std::move(item));
    co_return accepted ? "ok" : "closed";
}

task<text> get(queue<std::int64_t>& q) {
    const std::optional<std::int64_t> item = co_await q.get();
    co_return item ? text::decimal(*item) : "closed";
}

/// A statement that awaits. A coroutine for each kind, as a frame has room for all that its coroutine may await.
task<text> do_await(place at, const statement& s) {
    program& p = *at.p;
    const auto a = static_cast<std::size_t>(s.operands[0]);
    const auto b = static_cast<std::size_t>(s.operands[1]);
    switch (s.what) {
        case verb::yield: return yield_once();
        case verb::sleep: return sleep_one(duration{s.operands[0]});
        case verb::sleep_until: return sleep_to(instant{duration{s.operands[0]}});
        case verb::join: return join(p.handles[a]);
        case verb::try_join: return try_join(p.handles[a]);
        case verb::call: return call(p, a);
        case verb::try_: return try_call(p, a);
        case verb::all: return all(p, &s);
        case verb::any: return any(p, &s);
        case verb::group: return group(at, &s);
        case verb::scope: return scope(p, &s);
        case verb::shield: return shielded(p, a);
        case verb::timeout: return with_timeout(p, duration{s.operands[0]}, b);
        case verb::timeout_at: return with_timeout(p, instant{duration{s.operands[0]}}, b);
        case verb::wait: return wait(p.events[a]);
        case verb::acquire: return acquire(*p.semaphores[a]);
        case verb::lock: return lock(at, p.mutexes[a]);
        case verb::put: return put(*p.queues[a], s.operands[1]);
        case verb::get: return get(*p.queues[a]);
        default: return channel_operation(p, s.what, a, b);
    }
}

}  // namespace

callback program::setting(std::int64_t event_index) {
    return callback{[this, event_index, post = ++posts] {
        record.callback(post);
        events[static_cast<std::size_t>(event_index)].set();
    }};
}

// `did` for each statement in any case, and then what it throws.
task<std::int64_t> scenario_task(program& p, std::size_t routine) {
    const place at{p, (co_await this_task()).id()};
    recorder& record = p.record;
    for (const statement& s : p.source.routines[routine].body) {
        if (s.what == verb::return_) {
            record.did(at.task, s, "ok");
            record.will_end_with(at.task, s.operands[0]);
            co_return s.operands[0];
        }
        if (s.what == verb::fail) {
            record.did(at.task, s, error_text(s.operands[0]));
            record.will_end_with(at.task, s.operands[0]);
            throw failure{s.operands[0]};
        }
        if (std::optional<text> now = do_now(at, s)) {
            record.did(at.task, s, *std::move(now));
            continue;
        }
        record.at_statement(at.task, s);
        settlement<text> came_to = co_await settled(do_await(at, s));
        if (came_to.how() == outcome::value) {
            record.did(at.task, s, came_to.take());
        } else if (came_to.how() == outcome::cancelled) {
            record.did(at.task, s, "cancelled");
            throw cancelled{};
        } else {
            const std::int64_t code = code_of(came_to.exception());
            record.did(at.task, s, error_text(code));
            record.will_end_with(at.task, code);
            std::rethrow_exception(came_to.exception());
        }
    }
    record.will_end_with(at.task, 0);
    co_return 0;
}

}  // namespace galley::spec
