// SPDX-License-Identifier: BSL-1.0
// Running a task on another loop, and waiting for its outcome here.
#pragma once

#include <galley/completion.hpp>
#include <galley/contract/remote.hpp>
#include <galley/kernel/await.hpp>
#include <galley/spawn.hpp>
#include <galley/task.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace galley {

/// The other loop is closed, or was destroyed before the task had ended (THREAD-7).
struct loop_gone : std::runtime_error {
    loop_gone() : std::runtime_error("galley::run_on: the other loop is gone") {}
};

namespace detail {

/// What both sides know of a task that was sent to another loop.
struct crossing {
    enum class end : std::uint8_t { gone, told, cancelled };

    context* there{};  ///< the task, while it has not ended; the other loop's thread only
    end how{};         ///< written there before the completion has its outcome, read here afterwards
};

/// In the task's frame, on the other loop. If it goes without having told the outcome, the task has ended cancelled,
/// perhaps before its first step; or its loop is being destroyed.
template <class T>
class crossing_end {
public:
    crossing_end(loop& there, std::shared_ptr<crossing> shared, completer<T> tell) noexcept
        : loop_{&there}, crossing_{std::move(shared)}, tell_{std::move(tell)} {}
    crossing_end(crossing_end&&) noexcept = default;
    crossing_end& operator=(crossing_end&&) = delete;
    ~crossing_end() {
        if (crossing_ != nullptr) {
            end(loop_->tasks().closing() ? crossing::end::gone : crossing::end::cancelled);
        }
    }

    template <class... U>
    void complete(U&&... value) {
        end(crossing::end::told);
        tell_.complete(std::forward<U>(value)...);
    }
    /// False: nobody will hear of it.
    [[nodiscard]] bool fail(std::exception_ptr error) noexcept {
        end(crossing::end::told);
        return tell_.fail(std::move(error));
    }

private:
    void end(crossing::end how) noexcept {
        if (const std::shared_ptr<crossing> shared = std::move(crossing_)) {
            shared->there = nullptr;
            shared->how = how;
        }
    }

    loop* loop_;
    std::shared_ptr<crossing> crossing_;
    completer<T> tell_;  ///< the first to be destroyed: it tells of an end that was noted
};

/// The task on the other loop.
template <class T>
task<> run_there(task<T> body, crossing_end<T> end) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            end.complete();
        } else {
            end.complete(co_await std::move(body));
        }
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        if (!end.fail(std::current_exception())) {
            throw;
        }
    }
}

/// What is posted to the other loop. It may be destroyed there without having been called, or here if it is refused.
template <class T>
class departure {
public:
    departure(loop* to, task<T> body, std::shared_ptr<crossing> shared, completer<T> tell) noexcept
        : to_{to}, body_{std::move(body)}, crossing_{std::move(shared)}, tell_{std::move(tell)} {}

    void operator()() {
        try {
            const task_ref<void> started =
                start_task(*to_, run_there(std::move(body_), crossing_end<T>{*to_, crossing_, tell_}), "run_on",
                           to_->tasks().root(), nullptr);
            crossing_->there = &*started;
        } catch (...) {
            crossing_->how = crossing::end::told;
            tell_.fail(std::current_exception());
        }
    }

private:
    loop* to_;
    task<T> body_;
    std::shared_ptr<crossing> crossing_;
    completer<T> tell_;
};

/// In the awaiting frame: the way to the other loop, and the means to call the task back from there.
class crossing_ticket {
public:
    explicit crossing_ticket(remote to) : to_{std::move(to)}, back_{to_.reserve()} {}
    crossing_ticket(const crossing_ticket&) = delete;
    crossing_ticket& operator=(const crossing_ticket&) = delete;
    ~crossing_ticket() { call_back(); }

    [[nodiscard]] const std::shared_ptr<crossing>& shared() const noexcept { return crossing_; }
    template <class T>
    void depart(task<T> body, completer<T> tell) {
        departure<T> work{to_.target(), std::move(body), crossing_, std::move(tell)};
        if (!to_.post(std::move(work))) {
            throw loop_gone{};
        }
        is_out_ = true;
    }
    /// Cancels the task, unless it has landed. It comes to the other loop behind the departure (POST-1).
    void call_back() noexcept {
        if (std::exchange(is_out_, false)) {
            callback cancel{[shared = crossing_] {
                if (shared->there != nullptr) {
                    shared->there->cancel();
                }
            }};
            static_cast<void>(back_.post(cancel));  // refused: the task is gone with its loop
        }
    }
    void landed() noexcept { is_out_ = false; }

private:
    remote to_;
    reserved_post back_;
    std::shared_ptr<crossing> crossing_{std::make_shared<crossing>()};
    bool is_out_{};
};

/// It is not interrupted: the task is, over there, and the await ends with it.
template <class T>
class [[nodiscard]] crossing_awaiter final : public completion_awaiter<T> {
public:
    crossing_awaiter(const completion<T>& c, crossing_ticket& t) noexcept : completion_awaiter<T>{c}, ticket_{&t} {}
    [[nodiscard]] bool withdraw() noexcept override {
        ticket_->call_back();
        return false;
    }
    [[nodiscard]] const char* kind() const noexcept override { return "run_on"; }
    T await_resume() {
        ticket_->landed();
        return completion_awaiter<T>::await_resume();
    }

private:
    crossing_ticket* ticket_;
};

}  // namespace detail

/// `co_await run_on(other, body())`: runs the body as a task of the loop that `other` leads to, from its first step to
/// its last, and gives what it gives, or throws what it throws (THREAD-7). The frames of the body are destroyed over
/// there, too; what it refers to must bear that other thread.
///
/// Cancelling crosses over: the task is cancelled there, and the await ends when it has ended (THREAD-8), as it does
/// for children; with the value if it finished all the same. If it ended cancelled and no scope here is cancelled,
/// somebody has cancelled it there: task_cancelled. If this frame is destroyed the task is cancelled, and goes on
/// alone; a failure that finds nobody here goes to the failure handler there.
///
/// Takes what `as_task` takes. Throws std::bad_alloc, of either side; loop_gone if the other loop is closed, or goes
/// before the task has ended.
template <class A, class T = value_from<A>>
[[nodiscard]] task<T> run_on(remote other, A body) {
    context& self = co_await this_task();
    completion<T> done{self.loop()};
    detail::crossing_ticket ticket{std::move(other)};
    if (!self.cancelled_here()) {  // CANCEL-3: nothing is started; the await below says so
        ticket.depart(as_task(std::move(body)), done.get_completer());
    }
    detail::crossing_awaiter<T> landing{done, ticket};
    try {
        co_return co_await landing;
    } catch (const broken_completion&) {
        switch (ticket.shared()->how) {
            case detail::crossing::end::told: throw;  // it is what the body threw
            case detail::crossing::end::gone: throw loop_gone{};
            case detail::crossing::end::cancelled: break;
        }
    }
    if (self.cancelled_here()) {
        throw cancelled{};
    }
    throw task_cancelled{};
}

}  // namespace galley
