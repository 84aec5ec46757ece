// SPDX-License-Identifier: BSL-1.0
// Whom a cancellation by a task's handle reaches: CANCEL-7.
//
// Of the tree of tasks and scopes the trace tells who hangs below whom, and what is a shield; not which nodes are
// cancelled, as a scope is named by a slot, and nobody tells of a timeout. But a node that is cancelled has cancelled
// all that is below it and not apart from it, so what is below the task of a `cancel` or `lose` must be cancelled after
// it, whoever was first.
//
// Apart is a shield, and what was below one that was left: it has moved up, and may be uncancelled where it is now. A
// node that was left is kept here, as the way from what was below it to what it was below.

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "spec/stage/check/check_view.hpp"

namespace galley::spec::checking {
namespace {

class reach_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        switch (e.kind) {
            case event_kind::spawn: tasks_.push_back(hang(parent_of_task(e, v), e.numbers[0], false)); break;
            case event_kind::scope:
                if (opens(e)) scopes_.push_back(hang(place_of(e.numbers[0], v), 0, e.texts[0] == "shield"));
                break;
            case event_kind::did:
                if (v.t.has_level_l && cancels_task(e.texts[0]) && e.texts[2] == "yes") cancels(v.target(e), v, report);
                break;
            default: break;
        }
    }

private:
    using index = std::size_t;  // into nodes_; 0 is the root
    struct node {
        task_id task{};  // 0: a scope
        bool shield{};
        bool cancelled{};
        std::vector<index> below{};
    };

    index hang(index parent, task_id task, bool shield) {
        nodes_.push_back({.task = task, .shield = shield, .cancelled = !shield && nodes_[parent].cancelled});
        nodes_[parent].below.push_back(nodes_.size() - 1);
        return nodes_.size() - 1;
    }
    /// Where a task stands.
    [[nodiscard]] index place_of(task_id id, const view& v) const {
        const auto scope = v.task(id).innermost();
        return scope == 0 ? tasks_[id - 1] : scopes_[scope - 1];
    }
    /// A scope that was never opened is `spawn_scope`'s business.
    [[nodiscard]] index parent_of_task(const event& spawn, const view& v) const {
        const auto scope = spawn.numbers[2];
        if (scope >= 1 && scope <= scopes_.size()) return scopes_[scope - 1];
        return v.knows(spawn.numbers[1]) ? tasks_[spawn.numbers[1] - 1] : 0;
    }

    /// Nobody whom the cancellation reaches goes on waiting, but for the completion of an operation, and for children,
    /// which are told themselves. Each node is walked once in a trace: what hangs below it later is
    /// cancelled from the start.
    void cancels(task_id target, const view& v, const reporter& report) {
        if (!v.knows(target)) return;
        for (const task_id id : mark_from(tasks_[target - 1])) {
            const auto& t = v.task(id);
            const bool waits = t.state == status::waiting && !is_operation(t.kind) && !is_for_children(t.kind);
            if (waits && nodes_[place_of(id, v)].cancelled)
                report(predicate::cancel_reaches, named(target) + " was cancelled, and " + named(id) +
                                                      ", which is below it, still awaits " + std::string{t.kind});
        }
    }
    /// The tasks there.
    std::vector<task_id> mark_from(index top) {
        std::vector<task_id> found;
        std::vector<index> left{top};
        while (!left.empty()) {
            node& n = nodes_[left.back()];
            left.pop_back();
            if (std::exchange(n.cancelled, true)) continue;
            if (n.task != 0) found.push_back(n.task);
            std::ranges::copy_if(n.below, std::back_inserter(left), [&](index i) { return !nodes_[i].shield; });
        }
        return found;
    }

    std::vector<node> nodes_{1};
    std::vector<index> tasks_{};   // by id, from 1
    std::vector<index> scopes_{};  // the same
};

}  // namespace

std::unique_ptr<family> reach_rules() { return std::make_unique<reach_family>(); }

}  // namespace galley::spec::checking
