// SPDX-License-Identifier: BSL-1.0
// What events, semaphores, mutexes and queues hold, and who is served: SYNC-1 to SYNC-3.
#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include <spec/stage/form/vocabulary.hpp>

#include "judge.hpp"

namespace galley::spec::properties {
namespace {

struct waiting_task {
    task_id task{};
    std::int64_t item{};
};

/// Anything that tasks wait for. A mutex is a semaphore of one permit; an event has a permit for everybody while set.
struct counted {
    std::int64_t permits{};
    task_id owner{};
    std::deque<waiting_task> waiters{};
};

struct queue_state {
    std::int64_t capacity{};
    bool closed{};
    std::deque<std::int64_t> items{};
    std::deque<waiting_task> getters{};
    std::deque<waiting_task> putters{};
};

/// What a statement in hand must come to.
struct outlook {
    bool waits{};
    std::string result{};
    bool closed{};  ///< its queue is
};

class synchronisation_judge final : public judge {
public:
    synchronisation_judge(const watched& w, std::vector<finding>& found) : judge{w, found} {
        events_.resize(static_cast<std::size_t>(w.program.events));
        mutexes_.resize(static_cast<std::size_t>(w.program.mutexes), counted{.permits = 1});
        for (const auto n : w.program.semaphores) semaphores_.push_back({.permits = n});
        for (const auto n : w.program.queues) queues_.push_back({.capacity = n});
    }

    void before(const event& e, const shadow& s) override {
        const auto id = e.numbers[0];
        if (e.kind == event_kind::ready && e.texts[0] == "handover") return handed_over(id);
        if (!served_.empty()) {
            object(closing_ ? "SYNC-3" : "SYNC-1",
                   "task " + std::to_string(served_.front()) + " is to be served, but is not");
            served_.clear();
        }
        if (e.kind == event_kind::await) awaits(e, s);
        if (e.kind == event_kind::did) did(e);
        if (e.kind == event_kind::ready && id != 0 && e.texts[0] == "cancel") withdrawn(id);
    }

    void after(const event& e, const shadow& s) override {
        if (e.kind == event_kind::world) {
            const auto& entry = case_.program.world[e.numbers[0]];
            if (entry.what == world_verb::post || entry.what == world_verb::wake)
                posts_.push_back(entry.what == world_verb::post ? entry.operands[0] : -1);
        }
        if (e.kind == event_kind::did && e.texts[0] == "post") posts_.push_back(decimal(e.texts[1]));
        if (e.kind == event_kind::callback && e.numbers[0] <= posts_.size() && posts_[e.numbers[0] - 1] >= 0)
            set(static_cast<std::size_t>(posts_[e.numbers[0] - 1]));
        if (s.arrived()) arrives(*s.arrived());
    }

private:
    void serve(std::deque<waiting_task>& from) {
        served_.push_back(from.front().task);
        from.pop_front();
    }

    void set(std::size_t event) {
        events_[event].permits = 1;
        while (!events_[event].waiters.empty()) serve(events_[event].waiters);
    }

    void arrives(const arrival& a) {
        const auto& what = *a.what;
        const auto n = static_cast<std::size_t>(what.operands[0]);
        closing_ = false;
        switch (what.what) {
            case verb::set: return set(n);
            case verb::reset: events_[n].permits = 0; return;
            case verb::release: return give_back(semaphores_[n]);
            case verb::unlock:
                if (mutexes_[n].owner == a.task) give_back(mutexes_[n]);
                return;
            case verb::close_queue: return close(queues_[n]);
            default: break;
        }
        if (!is_synchronisation(info(what.what).name)) return;
        outlook& o = outlooks_[a.task] = {};
        if (a.refused) {
            o.result = "cancelled";
            return;
        }
        switch (what.what) {
            case verb::wait: take(events_[n], a.task, o, false); return;
            case verb::acquire: take(semaphores_[n], a.task, o, true); return;
            case verb::lock: take(mutexes_[n], a.task, o, true); return;
            case verb::put: put(queues_[n], a.task, what.operands[1], o); return;
            default: get(queues_[n], a.task, o); return;
        }
    }

    static void take(counted& c, task_id id, outlook& o, bool uses_it) {
        o.result = "ok";
        o.waits = c.permits == 0;
        if (o.waits) {
            c.waiters.push_back({id});
        } else if (uses_it) {
            --c.permits;
            c.owner = id;
        }
    }

    void give_back(counted& c) {
        c.owner = 0;
        if (c.waiters.empty()) {
            ++c.permits;
        } else {
            c.owner = c.waiters.front().task;
            serve(c.waiters);
        }
    }

    void put(queue_state& q, task_id id, std::int64_t item, outlook& o) {
        o.closed = q.closed;
        o.result = q.closed ? "closed" : "ok";
        if (q.closed) return;
        if (!q.getters.empty()) {
            outlooks_[q.getters.front().task].result = std::to_string(item);
            serve(q.getters);
        } else if (std::ssize(q.items) < q.capacity) {
            q.items.push_back(item);
        } else {
            o.waits = true;
            q.putters.push_back({id, item});
        }
    }

    void get(queue_state& q, task_id id, outlook& o) {
        o.closed = q.closed;
        if (q.items.empty()) {
            o.result = "closed";
            o.waits = !q.closed;
            if (o.waits) q.getters.push_back({id});
            return;
        }
        o.result = std::to_string(q.items.front());
        q.items.pop_front();
        if (q.putters.empty()) return;
        q.items.push_back(q.putters.front().item);
        serve(q.putters);
    }

    void close(queue_state& q) {
        closing_ = true;
        q.closed = true;
        while (!q.getters.empty()) told_closed(q.getters);
        while (!q.putters.empty()) told_closed(q.putters);
    }
    void told_closed(std::deque<waiting_task>& from) {
        auto& o = outlooks_[from.front().task];
        o.result = "closed";
        o.closed = true;
        serve(from);
    }

    void handed_over(task_id id) {
        if (served_.empty() || served_.front() != id)
            return object("SYNC-1", "task " + std::to_string(id) + " is handed something, but it is not its turn");
        served_.pop_front();
    }

    void awaits(const event& e, const shadow& s) {
        const statement* what = s.current(e.numbers[0]);
        const auto found = outlooks_.find(e.numbers[0]);
        if (what == nullptr || found == outlooks_.end() || !is_synchronisation(info(what->what).name)) return;
        auto& o = found->second;
        const bool suspends = e.texts[0] != "budget";
        if (suspends == o.waits || o.result == "cancelled") {
            o.waits = false;  // it did
            return;
        }
        object(o.closed ? "SYNC-3" : "SYNC-2", suspends
                                                   ? e.texts[0] + " waits for what is there"
                                                   : std::string{info(what->what).name} + " takes what is not there");
    }

    void did(const event& e) {
        const auto found = outlooks_.find(e.numbers[0]);
        if (found == outlooks_.end() || !is_synchronisation(e.texts[0])) return;
        const auto& o = found->second;
        if (o.waits)
            object(o.closed ? "SYNC-3" : "SYNC-2", e.texts[0] + " takes what is not there");
        else if (o.result != e.texts[2] && o.result != "cancelled" && e.texts[2] != "cancelled")
            object(o.closed || e.texts[2] == "closed" ? "SYNC-3" : "SYNC-2",
                   e.texts[0] + " gives " + e.texts[2] + ", expected " + o.result);
        outlooks_.erase(found);
    }

    void withdrawn(task_id id) {
        const auto is_its = [id](const waiting_task& w) { return w.task == id; };
        for (auto* kind : {&events_, &semaphores_, &mutexes_})
            for (auto& c : *kind) std::erase_if(c.waiters, is_its);
        for (auto& q : queues_) {
            std::erase_if(q.getters, is_its);
            std::erase_if(q.putters, is_its);
        }
        if (const auto found = outlooks_.find(id); found != outlooks_.end()) found->second.result = "cancelled";
    }

    std::vector<counted> events_{};
    std::vector<counted> semaphores_{};
    std::vector<counted> mutexes_{};
    std::vector<queue_state> queues_{};
    std::vector<std::int64_t> posts_{};  // the event that each sets, or -1
    std::map<task_id, outlook> outlooks_{};
    std::deque<task_id> served_{};
    bool closing_{};
};

}  // namespace

judge_pointer judge_of_synchronisation(const watched& w, std::vector<finding>& found) {
    return std::make_unique<synchronisation_judge>(w, found);
}

}  // namespace galley::spec::properties
