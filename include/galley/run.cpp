// SPDX-License-Identifier: BSL-1.0
#include <galley/run.hpp>

namespace galley {

namespace {

const char* text(verdict v) noexcept {
    switch (v) {
        case verdict::completed: return "completed";
        case verdict::stopped: return "stopped";
        case verdict::deadlocked: return "deadlocked: nothing can wake the tasks that are left";
    }
    return "";
}

}  // namespace

std::string describe_pending(const loop& l) {
    std::string report;
    for (const context* const task : l.tasks().pending_tasks()) {
        report += "  task " + std::to_string(task->id());
        if (task->name() != nullptr) {
            report += std::string{" '"} + task->name() + "'";
        }
        const bool waits = task->current_state() == context::state::waiting;
        report += std::string{waits ? ": awaits " : ": "} + task->awaiting();
        report += '\n';
    }
    return report;
}

run_interrupted::run_interrupted(verdict v, const loop& l)
    : std::runtime_error{std::string{"galley::run: the loop "} + text(v) + "\n" + describe_pending(l)}, why{v} {}

verdict close(loop& l) {
    l.tasks().root().cancel();
    return l.run();
}

}  // namespace galley
