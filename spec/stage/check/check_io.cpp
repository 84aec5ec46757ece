// SPDX-License-Identifier: BSL-1.0
// Operations and posts: IO-1, IO-5, POST-1, POST-4.
#include <algorithm>
#include <map>

#include "spec/stage/check/check_view.hpp"
#include "spec/stage/check/id_set.hpp"

namespace galley::spec::checking {
namespace {

class io_family final : public family {
public:
    void on(const event& e, const view& v, const reporter& report) override {
        wakes(e, v, report);
        switch (e.kind) {
            case event_kind::complete:
                if (!completed_.insert(e.numbers[0]))
                    report(predicate::complete_once, "operation " + std::to_string(e.numbers[0]) + " completes again");
                break;
            case event_kind::did:
                if (is_operation(e.texts[0])) finishes(e, v, report);
                break;
            case event_kind::callback: called(e.numbers[0], report); break;
            case event_kind::refused: refused(e.numbers[0], v, report); break;
            default: break;
        }
    }

private:
    void wakes(const event& e, const view& v, const reporter& report) {
        const event* before = v.previous();
        const bool completed = before != nullptr && before->kind == event_kind::complete;
        const bool woken = e.kind == event_kind::ready && e.texts[0] == "complete";
        if (completed != woken)
            return report(
                predicate::complete_wakes,
                completed ? "operation " + std::to_string(before->numbers[0]) + " completed, but makes no task ready"
                          : named(e.numbers[0]) + " is made ready by an operation, but none completed right before");
        if (!woken) return;
        results_[e.numbers[0]] = before->texts[0];
        const auto started = v.task(e.numbers[0]).awaited_at;
        const auto next = starts_.upper_bound(before->numbers[0]);
        const bool in_order = (next == starts_.end() || started < next->second) &&
                              (next == starts_.begin() || std::prev(next)->second < started);
        if (!in_order)
            report(predicate::operation_numbers,
                   "operation " + std::to_string(before->numbers[0]) + " was not started in the order of the numbers");
        starts_.emplace(before->numbers[0], started);
    }

    void finishes(const event& e, const view& v, const reporter& report) {
        const auto& [verb, arg, result] = e.texts;
        const auto& t = v.task(e.numbers[0]);
        if (const auto told = results_.find(e.numbers[0]);
            t.resuming && told != results_.end() && is_operation(t.kind)) {
            if (told->second != result)
                report(predicate::result_delivered, "the operation completed with " + std::string{told->second} +
                                                        ", but the task is told " + result);
        }
        results_.erase(e.numbers[0]);
        const bool transfer = verb == "read" || verb == "write";
        if (transfer && is_decimal(result) &&
            (number(result) > number(operand(arg, 1)) || (verb == "write" && result == "0")))
            report(predicate::transfer_size,
                   "a " + verb + " of " + std::string{operand(arg, 1)} + " bytes transferred " + result);
    }

    void called(std::uint64_t post, const reporter& report) {
        if (post <= last_called_)
            report(predicate::post_once,
                   "post " + std::to_string(post) + " takes effect after post " + std::to_string(last_called_));
        last_called_ = post;
    }

    void refused(std::uint64_t post, const view& v, const reporter& report) {
        if (post <= last_called_ || post <= last_refused_)
            report(predicate::post_refused, "post " + std::to_string(post) + " is refused after post " +
                                                std::to_string(std::max(last_called_, last_refused_)) + " was handled");
        for (task_id id = 1; last_refused_ == 0 && id <= v.tasks.size(); ++id)
            if (!v.task(id).over())
                return report(predicate::post_refused,
                              "a post is refused while " + named(id) + " is not yet destroyed");
        last_refused_ = post;
    }

    id_set completed_{};
    std::map<task_id, std::string_view> results_{};  // completed, not yet told
    std::map<std::uint64_t, std::size_t> starts_{};  // operation, where its task began to wait
    std::uint64_t last_called_{0};
    std::uint64_t last_refused_{0};
};

}  // namespace

std::unique_ptr<family> io_rules() { return std::make_unique<io_family>(); }

}  // namespace galley::spec::checking
