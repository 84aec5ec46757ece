// SPDX-License-Identifier: BSL-1.0
// What other threads fulfil, once, and a task waits for.
#pragma once

#include <galley/contract/loop.hpp>
#include <galley/contract/remote.hpp>
#include <galley/kernel/completion_state.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace galley {

/// The right to fulfil a completion. Copies have the same right, and the first to use it decides (THREAD-1); so that it
/// fits into what copies its callables. Distinct completers may be used from any threads at once, one by one thread at
/// a time; none of them waits for anybody, needs memory, or cares whether the completion, its waiter or the loop are
/// still there (THREAD-2, THREAD-3). Each is a remote of the loop, until it is used or gone (THREAD-4). When the last
/// one goes and nobody has fulfilled it, the completion is broken (THREAD-2).
template <class T = void>
class completer {
    using state = completion_state<T>;
    using stored = typename state::stored;

public:
    /// For `completion`.
    completer(state& s, remote r) noexcept : remote_{std::move(r)}, state_{&s} { s.join(); }
    completer(const completer& other) noexcept : remote_{other.remote_}, state_{other.state_} {
        if (state_ != nullptr) {
            state_->join();
        }
    }
    completer(completer&& other) noexcept
        : remote_{std::move(other.remote_)}, state_{std::exchange(other.state_, nullptr)} {}
    completer& operator=(completer other) noexcept {
        std::swap(remote_, other.remote_);
        std::swap(state_, other.state_);
        return *this;
    }
    ~completer() {
        if (state_ != nullptr) {
            state_->leave();  // before the remote: nothing may come after that (LIFE-7)
        }
    }

    /// Fulfils it with a value: what a T is made from, nothing if that is void. It is used up by that. False: it was
    /// fulfilled already, nobody waits for it any more, or the loop is gone; the value is dropped here. Throws what
    /// making the T throws, and has done nothing then.
    template <class... U>
        requires(std::is_reference_v<T> || std::constructible_from<stored, U...>)
    bool complete(U&&... value) noexcept(std::is_nothrow_constructible_v<stored, U...>) {
        stored made = make(std::forward<U>(value)...);
        const remote until_posted = std::move(remote_);
        state* const s = std::exchange(state_, nullptr);
        return s != nullptr && s->complete(std::move(made));
    }
    /// Fulfils it with an error. False: it was fulfilled already, or the loop is gone. An error that nobody waits for
    /// any more goes to the loop's failure handler (THREAD-3).
    bool fail(std::exception_ptr error) noexcept {
        const remote until_posted = std::move(remote_);
        state* const s = std::exchange(state_, nullptr);
        return s != nullptr && s->fail(std::move(error));
    }

    /// Whether it is worth the work: somebody waits for it, and nobody has fulfilled it. A hint, of this moment.
    [[nodiscard]] bool wanted() const noexcept { return state_ != nullptr && state_->wanted(); }

private:
    template <class... U>
    [[nodiscard]] static stored make(U&&... value) noexcept(std::is_nothrow_constructible_v<stored, U...>) {
        if constexpr (std::is_reference_v<T>) {
            static_assert((std::is_lvalue_reference_v<U> && ...));
            return stored{std::addressof(value)...};
        } else {
            return stored(std::forward<U>(value)...);
        }
    }

    remote remote_;
    state* state_;
};

template <class T = void>
class completion;

/// The await of a completion.
template <class T>
class [[nodiscard]] completion_awaiter : public list_awaiter<completion_awaiter<T>> {
    using state = completion_state<T>;

public:
    explicit completion_awaiter(const completion<T>& c) noexcept : state_{c.state_} {}
    ~completion_awaiter() {
        if (outcome_.error) {  // the task was destroyed before it could take it
            report_failure(this->loop(), std::move(outcome_.error));
        }
    }
    /// Throws std::logic_error if another task waits for it, or has got it.
    [[nodiscard]] bool begin() {
        if (state_->arrived()) {
            state_->hand_over(outcome_);
            return true;
        }
        if (state_->handed_over() || state_->awaited()) {
            throw std::logic_error("galley: the outcome of a completion is for one task, and this is a second one");
        }
        return this->wait_in(state_->waiters(outcome_));
    }
    [[nodiscard]] const char* kind() const noexcept override { return "completion"; }
    T await_resume() {
        this->raise_unless_served();
        return outcome_.take();
    }

private:
    state* state_;
    completion_outcome<T> outcome_{};
};

/// Something that is done once, elsewhere, on whatever thread:
///     completion<int> answer{loop};
///     library.ask([done = answer.get_completer()]() mutable { done.complete(42); });
///     const int a = co_await answer.wait();
/// The outcome comes by a post (THREAD-1). Loop thread only, but for the completers. Must not be destroyed while a task
/// waits (SYNC-3), nor outlive the loop. T: a type that moves without throwing, a reference, or void.
template <class T>
class completion {
public:
    /// Throws std::bad_alloc; nothing that comes later does.
    explicit completion(loop& l)
        : loop_{&l}, state_{std::make_unique<completion_state<T>>(l.get_remote().reserve(), &l).release()} {}
    completion(const completion&) = delete;
    completion& operator=(const completion&) = delete;
    ~completion() {
        if (std::exception_ptr untaken = state_->abandon()) {
            report_failure(*loop_, std::move(untaken));
        }
    }

    /// For whoever shall fulfil it; as many as are wanted.
    [[nodiscard]] completer<T> get_completer() { return completer<T>{*state_, loop_->get_remote()}; }
    /// `co_await c.wait()`: the value, or throws the error, or broken_completion. For one task; one that was cancelled
    /// while it waited, or another in its place, may wait again.
    auto wait() const noexcept { return request<completion_awaiter<T>, const completion&>{*this}; }
    /// The outcome has come, and nobody has taken it.
    [[nodiscard]] bool arrived() const noexcept { return state_->arrived(); }

private:
    friend class completion_awaiter<T>;

    loop* loop_;
    completion_state<T>* state_;
};

}  // namespace galley
