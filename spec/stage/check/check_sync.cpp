// SPDX-License-Identifier: BSL-1.0
// Synchronisation: SYNC-1. What queues hold and how many permits there are is not in the trace.
#include <map>
#include <set>
#include <utility>

#include "spec/stage/check/check_view.hpp"

namespace galley::spec::checking {
namespace {

class sync_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        const auto id = e.numbers[0];
        switch (e.kind) {
            case event_kind::await:
                if (is_synchronisation(e.texts[0])) waiting_[thing(e.texts[0], e.texts[1])].emplace(v.index, id);
                break;
            case event_kind::ready:
                if (id != 0 && (e.texts[0] == "handover" || e.texts[0] == "cancel")) served(e, v.task(id), report);
                break;
            case event_kind::did:
                if (e.texts[0] == "lock" || e.texts[0] == "unlock") locks(e, report);
                break;
            default: break;
        }
    }

private:
    using object = std::pair<text, text>;  // the kind of wait, the number

    static object thing(const text& kind, const text& arg) { return {kind, operand(arg, 0)}; }

    void served(const event& e, const task_view& t, const reporter& report) {
        if (!is_synchronisation(t.kind)) return;
        auto& queue = waiting_[thing(t.kind, t.arg)];
        if (e.texts[0] == "handover" && !queue.empty() && queue.begin()->second != e.numbers[0])
            report(predicate::handover_order, named(e.numbers[0]) + " is served, but " + named(queue.begin()->second) +
                                                  " has waited longer for the same " + std::string{t.kind});
        queue.erase({t.awaited_at, e.numbers[0]});
    }

    void locks(const event& e, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        const auto owner = owners_.find(arg);
        const bool owned = owner != owners_.end();
        if (verb == "lock" && result == "ok") {
            if (owned)
                report(predicate::mutex_owner,
                       named(e.numbers[0]) + " locks mutex " + arg + ", which " + named(owner->second) + " owns");
            owners_.emplace(arg, e.numbers[0]);
        } else if (verb == "unlock") {
            const bool own = owned && owner->second == e.numbers[0];
            if (own != (result == "ok"))
                report(predicate::mutex_owner, named(e.numbers[0]) + (own ? " owns" : " does not own") + " mutex " +
                                                   arg + ", but unlocking it gives " + result);
            if (own) owners_.erase(owner);
        }
    }

    std::map<object, std::set<std::pair<std::size_t, task_id>>> waiting_{};
    std::map<std::string_view, task_id> owners_{};
};

}  // namespace

std::unique_ptr<family> sync_rules() { return std::make_unique<sync_family>(); }

}  // namespace galley::spec::checking
