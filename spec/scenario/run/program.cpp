// SPDX-License-Identifier: BSL-1.0
#include <spec/scenario/form/vocabulary.hpp>
#include <spec/scenario/run/channel_io.hpp>
#include <spec/scenario/run/program.hpp>

#include <cerrno>
#include <utility>

namespace galley::spec {

namespace {

using text = std::string;

/// One routine on one task.
struct place {
    place(program& p_, task_id task_) noexcept : p{&p_}, task{task_} {}
    program* p;
    task_id task;
};

task<std::int64_t> call_routine(place at, std::size_t routine);

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

// ---- statements that end in their step ---------------------------------------------------------------------------

text spawn_into(place at, std::size_t routine, std::size_t slot) {
    program& p = *at.p;
    join_handle<std::int64_t> handle = spawn(*p.loop, scenario_task(p, routine));
    const task_id id = handle.id();
    p.handles[slot] = std::move(handle);
    return std::to_string(id);
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
    return std::to_string(group->spawn(scenario_task(p, routine)));
}

text cancel_group(program& p, std::size_t slot) {
    task_group* const group = p.groups[slot];
    if (group == nullptr || !group->is_running()) {
        return "misuse";
    }
    group->cancel();
    return "yes";
}

/// A statement without await; nothing if it is another one.
std::optional<text> do_now(place at, const statement& s) {
    program& p = *at.p;
    const auto a = static_cast<std::size_t>(s.operands[0]);
    const auto b = static_cast<std::size_t>(s.operands[1]);
    switch (s.what) {
        case verb::burn: p.sim->burn(duration{s.operands[0]}); return "ok";
        case verb::now: return std::to_string(nanoseconds(p.loop->now()));
        case verb::spawn: return spawn_into(at, a, b);
        case verb::cancel: return !p.handles[a] ? "empty" : p.handles[a].cancel() ? "yes" : "no";
        case verb::drop:
            if (!p.handles[a]) {
                return "empty";
            }
            p.handles[a].detach();
            return "ok";
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
        case verb::release: p.semaphores[a].release(); return "ok";
        case verb::unlock: return unlock(at, p.mutexes[a]);
        case verb::close_queue: p.queues[a].close(); return "ok";
        case verb::close: {
            const int error = p.loop->close(static_cast<int>(a));
            return error == 0 ? "ok" : "errno:" + std::to_string(error);
        }
        case verb::stop: p.loop->stop(); return "ok";
        case verb::post: {
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

task<text> join(place at, std::size_t slot) {
    join_handle<std::int64_t>& handle = at.p->handles[slot];
    if (!handle) {
        co_return "empty";
    }
    if (handle.joining()) {
        co_return "misuse";
    }
    const task_id joined = handle.id();
    const auto empty_slot = [&handle, joined] {
        if (handle && handle.id() == joined) {
            handle.detach();
        }
    };
    try {
        const std::int64_t value = co_await handle.join();
        empty_slot();
        co_return std::to_string(value);
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        empty_slot();
        throw;
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
        ~back_to_group() { at.p->record.at_statement(at.task, operands_text(*s)); }
        place at;
        const statement* s;
    } const back{at, s};
    co_return co_await call_routine(at, static_cast<std::size_t>(s->operands[1]));
}

task<text> group(place at, const statement* s) {
    task_group*& slot = at.p->groups[static_cast<std::size_t>(s->operands[0])];
    if (slot != nullptr) {
        co_return "misuse";
    }
    task_group here;
    const in_slot<task_group> kept{slot, here};
    const std::optional<std::int64_t> value = co_await here.run([at, s] { return group_body(at, s); });
    co_return value ? std::to_string(*value) : "absorbed";
}

task<text> scope(place at, const statement* s) {
    cancel_scope*& slot = at.p->scopes[static_cast<std::size_t>(s->operands[0])];
    if (slot != nullptr) {
        co_return "misuse";
    }
    cancel_scope here;
    const in_slot<cancel_scope> kept{slot, here};
    const std::optional<std::int64_t> value =
        co_await here.run(call_routine(at, static_cast<std::size_t>(s->operands[1])));
    co_return value ? std::to_string(*value) : "absorbed";
}

task<text> all(place at, const statement* s) {
    const std::vector<std::int64_t> values = co_await when_all(bodies(*at.p, *s));
    text joined;
    for (const std::int64_t value : values) {
        joined += (joined.empty() ? "" : ",") + std::to_string(value);
    }
    co_return joined;
}

task<text> try_call(place at, std::size_t routine) {
    std::exception_ptr error;
    try {
        const std::int64_t value = co_await call_routine(at, routine);
        co_return std::to_string(value);
    } catch (const cancelled&) {
        co_return "cancelled";
    } catch (...) {
        error = std::current_exception();
    }
    co_return "error:" + std::to_string(code_of(error));
}

task<text> do_await(place at, const statement* s) {
    program& p = *at.p;
    const auto a = static_cast<std::size_t>(s->operands[0]);
    const auto b = static_cast<std::size_t>(s->operands[1]);
    switch (s->what) {
        case verb::yield: co_await yield(); co_return "ok";
        case verb::sleep: co_await sleep_for(duration{s->operands[0]}); co_return "ok";
        case verb::sleep_until: co_await sleep_until(instant{duration{s->operands[0]}}); co_return "ok";
        case verb::join: co_return co_await join(at, a);
        case verb::call: {
            const std::int64_t value = co_await call_routine(at, a);
            co_return std::to_string(value);
        }
        case verb::try_: co_return co_await try_call(at, a);
        case verb::all: co_return co_await all(at, s);
        case verb::any: {
            const winner<std::int64_t> first = co_await when_any(bodies(p, *s));
            co_return std::to_string(first.index) + ":" + std::to_string(first.value);
        }
        case verb::group: co_return co_await group(at, s);
        case verb::scope: co_return co_await scope(at, s);
        case verb::shield: {
            const std::int64_t value = co_await shield(call_routine(at, a));
            co_return std::to_string(value);
        }
        case verb::timeout: {
            const std::optional<std::int64_t> value = co_await timeout(duration{s->operands[0]}, call_routine(at, b));
            co_return value ? std::to_string(*value) : "timeout";
        }
        case verb::wait: co_await p.events[a].wait(); co_return "ok";
        case verb::acquire: co_await p.semaphores[a].acquire(); co_return "ok";
        case verb::lock: {
            mutex::guard guard = co_await p.mutexes[a].mutex.lock();
            p.mutexes[a].guard.emplace(std::move(guard));
            p.mutexes[a].owner = at.task;
            co_return "ok";
        }
        case verb::put: {
            std::int64_t item = s->operands[1];
            const bool accepted = co_await p.queues[a].put(std::move(item));
            co_return accepted ? "ok" : "closed";
        }
        case verb::get: {
            const std::optional<std::int64_t> item = co_await p.queues[a].get();
            co_return item ? std::to_string(*item) : "closed";
        }
        default: co_return co_await channel_operation(s->what, static_cast<int>(a), b);
    }
}

/// Executes one statement: `did` in any case, and then what it throws.
task<void> execute(place at, const statement* s) {
    recorder& record = at.p->record;
    const text arg = operands_text(*s);
    const char* const name = info(s->what).name.data();
    record.at_statement(at.task, arg);
    text result;
    try {
        if (s->what == verb::fail) {
            throw failure{s->operands[0]};
        }
        if (std::optional<text> now = do_now(at, *s)) {
            result = *std::move(now);
        } else {
            result = co_await do_await(at, s);
        }
    } catch (const cancelled&) {
        record.did(at.task, name, arg, "cancelled");
        throw;
    } catch (...) {
        record.did(at.task, name, arg, "error:" + std::to_string(code_of(std::current_exception())));
        throw;
    }
    record.did(at.task, name, arg, result);
}

task<std::int64_t> call_routine(place at, std::size_t routine) {
    for (const statement& s : at.p->source.routines[routine].body) {
        if (s.what == verb::return_) {
            at.p->record.did(at.task, "return", operands_text(s), "ok");
            co_return s.operands[0];
        }
        co_await execute(at, &s);
    }
    co_return 0;
}

}  // namespace

callback program::setting(std::int64_t event_index) {
    return callback{[this, event_index, post = ++posts] {
        record.callback(post);
        events[static_cast<std::size_t>(event_index)].set();
    }};
}

task<std::int64_t> scenario_task(program& p, std::size_t routine) {
    const task_id self = (co_await this_task()).id();
    try {
        const std::int64_t value = co_await call_routine(place{p, self}, routine);
        p.record.will_end_with(self, value);
        co_return value;
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        p.record.will_end_with(self, code_of(std::current_exception()));
        throw;
    }
}

}  // namespace galley::spec
