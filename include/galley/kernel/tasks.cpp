// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/frame.hpp>
#include <galley/kernel/open_scope.hpp>
#include <galley/kernel/tasks.hpp>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <utility>

namespace galley {

task_registry::~task_registry() { assert(pending_ == 0); }

std::vector<const context*> task_registry::pending_tasks() const {
    std::vector<const context*> found;
    for (const scope_node* node = root_.first_child(); node != nullptr; node = node->next_below(root_)) {
        if (node->node_kind() == scope_node::kind::task) {
            found.push_back(static_cast<const context*>(node));
        }
    }
    std::sort(found.begin(), found.end(), [](const context* a, const context* b) { return a->id() < b->id(); });
    return found;
}

void task_registry::reserve_more(std::size_t tasks) {
    loop_->reserve_ready(tasks);
    room_ = tasks;
}

void task_registry::start_watched(context& task, const scope_node& parent) noexcept {
    if (observer_ != nullptr) {
        const bool in_scope = parent.node_kind() == scope_node::kind::scope;
        observer_->spawned(task.id(), current_ == nullptr ? 0 : current_->id(),
                           in_scope ? static_cast<const open_scope&>(parent).id() : 0);
    }
    task.append_watched(cause::spawn);
}

void task_registry::list_failure(context& task) noexcept {
    task.failure_ = context::failure::listed;
    task.link_before(failures_);
}

void task_registry::unlist_failure(context& task) noexcept {
    task.unlink();
    task.failure_ = context::failure::unobserved;
}

void task_registry::callback_failed() noexcept { handler_(handler_argument_, nullptr, std::current_exception()); }

void task_registry::report(const context& task, std::exception_ptr error) noexcept {
    if (observer_ != nullptr) {
        observer_->unobserved(task.id());
    }
    handler_(handler_argument_, &task, std::move(error));
}

void task_registry::print_failure(void*, const context* task,
                                  std::exception_ptr error) noexcept {  // NOLINT(performance-unnecessary-value-param)
    const char* what = "not a std::exception";
    try {
        std::rethrow_exception(error);  // kept, as `what` may point into it
    } catch (const std::exception& e) {
        what = e.what();
    } catch (...) {  // nothing more is known of it
    }
    if (task == nullptr) {
        std::fprintf(stderr, "galley: a posted callback threw: %s\n", what);
        return;
    }
    const char* const name = task->name() == nullptr ? "" : task->name();
    std::fprintf(stderr, "galley: task %llu '%s' failed, and nobody took its outcome: %s\n",
                 static_cast<unsigned long long>(task->id()), name, what);
}

namespace {

// Merge sort of a singly linked list, in place: a loop is destroyed without allocating.
template <class Less, class Next>
context* sort_list(context* list, Less less, Next next) noexcept {
    for (std::size_t width = 1;; width *= 2) {
        context* result = nullptr;
        context* tail = nullptr;
        std::size_t merges = 0;
        while (list != nullptr) {
            ++merges;
            context* left = list;
            context* right = list;
            std::size_t left_size = 0;
            while (left_size < width && right != nullptr) {
                ++left_size;
                right = next(*right);
            }
            std::size_t right_size = width;
            while (left_size > 0 || (right_size > 0 && right != nullptr)) {
                const bool from_left = right_size == 0 || right == nullptr || (left_size > 0 && !less(*right, *left));
                context*& source = from_left ? left : right;
                --(from_left ? left_size : right_size);
                context* const taken = std::exchange(source, next(*source));
                if (tail == nullptr) {
                    result = taken;
                } else {
                    next.set(*tail, taken);
                }
                tail = taken;
            }
            list = right;
        }
        if (tail != nullptr) {
            next.set(*tail, nullptr);
        }
        list = result;
        if (merges <= 1) {
            return list;
        }
    }
}

}  // namespace

// All pending tasks as a list by descending id, and no tree any more. Taking the root's first child again and again,
// whose children come into its place, moves each node at most once: O(n), then the sort O(n log n).
context* task_registry::take_apart() noexcept {
    struct link {
        context* operator()(const context& task) const noexcept { return static_cast<context*>(task.next); }
        static void set(context& task, context* next) noexcept { task.next = next; }
    };
    context* list = nullptr;
    while (scope_node* const node = root_.first_child()) {
        node->leave();
        if (node->node_kind() == scope_node::kind::task) {
            auto* const task = static_cast<context*>(node);
            task->next = std::exchange(list, task);
        }
    }
    return sort_list(list, [](const context& a, const context& b) { return a.id() > b.id(); }, link{});
}

void task_registry::destroy(context* list) noexcept {
    while (list != nullptr) {
        context& task = *std::exchange(list, static_cast<context*>(list->next));
        if (observer_ != nullptr) {
            observer_->destroyed(task.id());
        }
        task.destroy_frames();
        task.state_ = context::state::ended;
        --pending_;
        task.release();
    }
}

void task_registry::destroy_all() noexcept {
    closing_ = true;
    while (context* next = take_apart()) {  // again, if a destructor has spawned
        destroy(next);
    }
    while (!failures_.empty()) {
        auto& task = static_cast<context&>(*failures_.next);
        task.mark_observed();
        report(task, task.exception());
    }
}

}  // namespace galley
