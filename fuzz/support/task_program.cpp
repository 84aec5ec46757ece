// SPDX-License-Identifier: BSL-1.0
#include <fuzz/support/task_program.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace galley::fuzz {

namespace {

constexpr int most_steps = 8;

/// Keeps an object in a slot for others as long as it is there.
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

task<> nothing() { co_return; }

}  // namespace

task_program::task_program(byte_source in, loop& l, ledger& book)
    : in_{in},
      loop_{l},
      book_{book},
      permits_{in_.below(3), in_.below(3)},
      semaphores_{semaphore{permits_[0]}, semaphore{permits_[1]}},
      queues_{queue<token>{1 + in_.below(3)}, queue<token>{1 + in_.below(3)}} {}

void task_program::start(std::size_t slot, int depth) {
    const auto own = book_.new_body();
    started_[slot].handle.detach();
    started_[slot] = {own, spawn(loop_, body(own, depth))};
    book_.note('s', own, started_[slot].handle.id());
}

bool task_program::intervene() {
    if (in_.done()) return false;
    const auto what = in_.byte();
    const auto which = what / 8U % kinds;
    switch (what % 8) {
        case 0: events_[which].set(); break;
        case 1: queues_[which].close(); break;
        case 2: semaphores_[which].release(), ++permits_[which]; break;
        case 3: start(what / 8U % handles, 2); break;
        case 4: touch(what, what / 8U % handles, 2); break;
        case 5: return false;
        default: break;  // it is run again, perhaps after a stop
    }
    return true;
}

void task_program::check_completed() const {
    for (std::size_t i = 0; i < kinds; ++i) {
        require(accepted_[i] == got_[i] + queues_[i].size(), "SYNC-2: what a queue took was got or is still there");
        require(semaphores_[i].permits() == permits_[i] && permits_out_[i] == 0, "SYNC-2: every permit came back");
        require(!mutexes_[i].locked(), "SYNC-2: every mutex is free");
    }
}

void task_program::check_closed() const {
    for (std::size_t i = 0; i < kinds; ++i) {
        require(semaphores_[i].permits() == permits_[i], "SYNC-2: a task that is destroyed gives its permit back");
        require(!mutexes_[i].locked(), "SYNC-2: a task that is destroyed gives its mutex back");
    }
}

// ---- bodies --------------------------------------------------------------------------------------------------------

task<token> task_program::body(std::size_t own, int depth) {
    const in_frame here{book_};
    const settlement<void> came_to = co_await settled(steps(depth));
    if (came_to.how() == outcome::cancelled) {
        book_.ends(own, ending::cancelled, 0);
        throw cancelled{};
    }
    if (came_to.how() == outcome::exception) {
        try {
            std::rethrow_exception(came_to.exception());
        } catch (const failure& f) {
            book_.ends(own, ending::failure, f.number);
            throw;
        }
    }
    token value{book_};
    book_.ends(own, ending::value, value.number());
    co_return std::move(value);
}

task<> task_program::steps(int depth) {
    for (int left = most_steps; left > 0 && !in_.done(); --left) {
        const auto what = in_.byte();
        if (what == 255) throw book_.new_failure();
        if (what == 254) co_return;
        co_await act(what, depth);
    }
}

task<> task_program::act(std::uint8_t what, int depth) {
    const auto which = what / 32U % kinds;
    const bool deeper = depth > 0;
    switch (what % 32) {
        case 0: return sleep(duration{static_cast<std::int64_t>(in_.time(0, ~std::uint64_t{0} >> 1))});
        case 1: return wait(which);
        case 2: return ask(which);
        case 3:
        case 4: return deeper ? with_permit(which, depth) : nothing();
        case 5:
        case 6: return deeper ? with_mutex(which, depth) : nothing();
        case 7:
        case 8: return put(which);
        case 9:
        case 10: return get(which);
        case 11: return join(what / 32U % handles);
        case 12: return try_join(what / 32U % handles);
        case 13: return deeper ? call(depth) : nothing();
        case 14: return deeper ? all(depth) : nothing();
        case 15: return deeper ? any(depth) : nothing();
        case 16:
        case 17: return deeper ? group(depth) : nothing();
        case 18: return deeper ? with_timeout(depth) : nothing();
        case 19: return deeper ? shielded(depth) : nothing();
        case 20: return deeper ? scope(depth) : nothing();
        case 21: return yield_once();
        default: touch(what % 32U - 22U, what / 32U % handles, depth); return nothing();
    }
}

/// What does not await.
void task_program::touch(std::size_t what, std::size_t which, int depth) {
    auto& handle = started_[which].handle;
    const auto kind = which % kinds;
    switch (what % 10) {
        case 0: start(which, depth > 0 ? depth - 1 : 0); break;
        case 1: answer(kind); break;
        case 2:
            if (handle) book_.note('c', which, handle.cancel() ? 1 : 0);
            break;
        case 3:
            if (handle && kind == 0) {
                handle.detach();
            } else {
                handle = {};  // cancels its task (TASK-8)
            }
            break;
        case 4: events_[kind].set(); break;
        case 5: events_[kind].reset(); break;
        case 6:
            if (groups_[kind] != nullptr) book_.note('g', kind, groups_[kind]->cancel() ? 1 : 0);
            break;
        case 7:
            if (scopes_[kind] != nullptr) book_.note('k', kind, scopes_[kind]->cancel() ? 1 : 0);
            break;
        case 8:
            if (which == 0) {
                loop_.stop();
            } else if (groups_[kind] != nullptr && groups_[kind]->is_running()) {
                groups_[kind]->spawn(body(book_.new_body(), depth > 0 ? depth - 1 : 0));
            }
            break;
        default:
            if (which == 0) queues_[kind].close();
            require(loop_.get_remote().post([this, kind] { events_[kind].set(); }), "POST-4: the loop is open");
            break;
    }
}

/// Uses the right to fulfil a completion, or lets it go; perhaps nobody waits any more.
void task_program::answer(std::size_t which) {
    auto asked = std::exchange(completers_[which], std::nullopt);
    if (!asked) return;
    switch (in_.byte() % 3) {
        case 0: book_.note('a', which, asked->complete(token{book_}) ? 1 : 0); break;
        case 1: {
            const failure f = book_.new_failure();
            const bool taken = asked->fail(std::make_exception_ptr(f));
            require(taken, "THREAD-3: who fulfils alone, while the loop is open, is not refused an error");
            break;
        }
        default: break;  // it is broken
    }
}

void task_program::caught(failure f) {
    book_.sees(f);
    if (in_.byte() % 4 == 1) throw book_.new_failure();
}

// ---- what awaits ---------------------------------------------------------------------------------------------------

task<> task_program::sleep(duration d) {
    // The end of time itself need not be a multiple of the resolution: the last one that is stands for it.
    const instant deadline = std::min(saturating_add(loop_.now(), d), instant{duration::max() - duration{3}});
    co_await sleep_for(d);
    require(loop_.now() >= deadline, "TIME-2: never early");
    book_.note('n', static_cast<std::uint64_t>(nanoseconds(loop_.now())), 0);
}

task<> task_program::yield_once() { co_await yield(); }

task<> task_program::wait(std::size_t which) {
    co_await events_[which].wait();
    book_.note('w', which, 0);
}

task<> task_program::ask(std::size_t which) {
    if (completers_[which]) co_return;
    completion<token> asked{loop_};
    completers_[which].emplace(asked.get_completer());
    try {
        const token value = co_await asked.wait();
        require(value.number() != 0, "THREAD-1: a value comes whole");
        book_.note('q', which, value.number());
    } catch (const failure& f) {
        caught(f);
    } catch (const broken_completion&) {
        book_.note('b', which, 0);
    }
}

task<> task_program::with_permit(std::size_t which, int depth) {
    co_await semaphores_[which].acquire();
    const permit held{*this, which};
    co_await steps(depth - 1);
}

task<> task_program::with_mutex(std::size_t which, int depth) {
    const mutex::guard guard = co_await mutexes_[which].lock();
    const turn mine{*this, which};
    co_await steps(depth - 1);
}

task<> task_program::put(std::size_t which) {
    token item{book_};
    const auto number = item.number();
    book_.note('p', which, number);
    const bool accepted = co_await queues_[which].put(std::move(item));
    require((item.number() == 0) == accepted, "SYNC-2: an item is moved from exactly if it is accepted");
    accepted_[which] += accepted ? 1U : 0U;
    book_.note('P', number, accepted ? 1 : 0);
}

task<> task_program::get(std::size_t which) {
    const std::optional<token> item = co_await queues_[which].get();
    if (!item) {
        require(queues_[which].closed(), "SYNC-3: the end of a queue is seen when it is closed");
        co_return;
    }
    require(item->number() != 0, "SYNC-2: an item is whole");
    ++got_[which];
    book_.note('G', which, item->number());
}

task<> task_program::join(std::size_t slot) {
    auto& handle = started_[slot].handle;
    if (!handle || handle.is_joined()) co_return;
    const auto joined = started_[slot].body;
    try {
        const token value = co_await handle.join();
        value_of(joined, value);
    } catch (const failure& f) {
        book_.told(joined, ending::failure, f.number);
        caught(f);
    } catch (const task_cancelled&) {
        book_.told(joined, ending::cancelled, 0);
    }
}

task<> task_program::try_join(std::size_t slot) {
    auto& handle = started_[slot].handle;
    if (!handle || handle.is_joined()) co_return;
    const auto joined = started_[slot].body;
    settlement<token> came_to = co_await handle.try_join();
    if (came_to.how() == outcome::value) {
        value_of(joined, came_to.take());
    } else if (came_to.how() == outcome::cancelled) {
        book_.told(joined, ending::cancelled, 0);
    } else {
        try {
            std::rethrow_exception(came_to.exception());
        } catch (const failure& f) {
            book_.told(joined, ending::failure, f.number);
            caught(f);
        }
    }
}

task<> task_program::call(int depth) {
    const auto child = book_.new_body();
    try {
        const token value = co_await body(child, depth - 1);
        value_of(child, value);
    } catch (const failure& f) {
        book_.told(child, ending::failure, f.number);
        caught(f);
    }
}

task<> task_program::all(int depth) {
    std::vector<std::size_t> children;
    std::vector<task<token>> bodies;
    for (auto left = in_.below(4); left > 0; --left) {
        children.push_back(book_.new_body());
        bodies.push_back(body(children.back(), depth - 1));
    }
    try {
        const std::vector<token> values = co_await when_all(std::move(bodies));
        for (std::size_t i = 0; i < children.size(); ++i) value_of(children[i], values.at(i));
    } catch (const failure& f) {
        caught(f);
    } catch (const task_cancelled&) {
        book_.note('x', 0, 0);
    }
}

task<> task_program::any(int depth) {
    std::vector<std::size_t> children;
    std::vector<task<token>> bodies;
    for (auto left = 1 + in_.below(3); left > 0; --left) {
        children.push_back(book_.new_body());
        bodies.push_back(body(children.back(), depth - 1));
    }
    try {
        const winner<token> first = co_await when_any(std::move(bodies));
        value_of(children.at(first.index), first.value);
    } catch (const failure& f) {
        caught(f);
    } catch (const task_cancelled&) {
        book_.note('x', 1, 0);
    }
}

task<> task_program::group(int depth) {
    auto& slot = groups_[in_.below(kinds)];
    if (slot != nullptr) co_return;
    task_group here;
    const in_slot<task_group> kept{slot, here};
    try {
        const bool finished = co_await here.run([this, &here, depth] { return group_body(here, depth); });
        book_.note('d', finished ? 1 : 0, 0);
    } catch (const failure& f) {
        caught(f);
    }
}

task<> task_program::group_body(task_group& here, int depth) {
    for (auto left = in_.below(3); left > 0; --left) here.spawn(body(book_.new_body(), depth - 1));
    co_await steps(depth - 1);
}

task<> task_program::with_timeout(int depth) {
    const duration d{static_cast<std::int64_t>(in_.time(0, ~std::uint64_t{0} >> 1))};
    const deadline until = d.count() % 2 == 0 ? deadline{d} : deadline{instant{d}};
    const auto child = book_.new_body();
    try {
        const std::optional<token> value = co_await try_timeout(until, body(child, depth - 1));
        value ? value_of(child, *value) : book_.told(child, ending::cancelled, 0);
    } catch (const failure& f) {
        book_.told(child, ending::failure, f.number);
        caught(f);
    }
}

task<> task_program::shielded(int depth) {
    const auto child = book_.new_body();
    try {
        const token value = co_await shield(body(child, depth - 1));
        value_of(child, value);
    } catch (const failure& f) {
        book_.told(child, ending::failure, f.number);
        caught(f);
    }
}

task<> task_program::scope(int depth) {
    auto& slot = scopes_[in_.below(kinds)];
    if (slot != nullptr) co_return;
    const auto child = book_.new_body();
    cancel_scope here;
    const in_slot<cancel_scope> kept{slot, here};
    try {
        const std::optional<token> value = co_await here.run(body(child, depth - 1));
        value ? value_of(child, *value) : book_.told(child, ending::cancelled, 0);
    } catch (const failure& f) {
        book_.told(child, ending::failure, f.number);
        caught(f);
    }
}

}  // namespace galley::fuzz
