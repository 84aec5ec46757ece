// SPDX-License-Identifier: BSL-1.0
// What a completion and its completers share: the outcome, who has a part in it, and the way to the waiting task.
#pragma once

#include <galley/contract/remote.hpp>
#include <galley/kernel/completion_word.hpp>
#include <galley/kernel/result.hpp>
#include <galley/kernel/wait_list.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace galley {

/// Reported at the await of a completion whose completers all went without a word (THREAD-2).
struct broken_completion : std::logic_error {
    broken_completion() : std::logic_error("galley: what this task waited for was given up by all who could do it") {}
};

/// A value, an error, or neither of them: broken.
template <class T>
struct completion_outcome {
    using stored = typename detail::stored<T>::type;
    static_assert(std::is_nothrow_move_constructible_v<stored>,
                  "a value that fails to move between two threads would be lost");

    std::optional<stored> value{};
    std::exception_ptr error{};

    /// Takes over what `from` has.
    void take_over(completion_outcome& from) noexcept {
        if (from.value) {
            value.emplace(std::move(*from.value));
            from.value.reset();
        }
        error = std::exchange(from.error, nullptr);
    }
    /// The value; or throws the error, or broken_completion.
    T take() {
        if (error) {
            std::rethrow_exception(std::exchange(error, nullptr));
        }
        if (!value) {
            throw broken_completion{};
        }
        if constexpr (std::is_reference_v<T>) {
            return **value;
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(*value);
        }
    }
};

/// Hands a failure that no await will take to the loop's failure handler. Loop thread.
inline void report_failure(loop& l, std::exception_ptr error) noexcept {
    callback rethrow{[error = std::move(error)] { std::rethrow_exception(error); }};
    l.tasks().call(rethrow);
}

/// It frees itself when the waiting end and all parts have left (completion_word.hpp). The outcome goes to the loop by
/// a post whose memory is there from the start; so the waiting task, and everything about it, is the loop thread's.
/// Rules: THREAD-1 to THREAD-4.
template <class T, template <class> class Atomic = std::atomic>
class completion_state {
    using word = basic_completion_word<Atomic>;

public:
    using outcome_type = completion_outcome<T>;
    using stored = typename outcome_type::stored;

    /// `home`: the loop that the post goes to; null: there is nobody to be told of failures (tests).
    explicit completion_state(reserved_post post, loop* home) noexcept : post_{std::move(post)}, home_{home} {}
    completion_state(const completion_state&) = delete;
    completion_state& operator=(const completion_state&) = delete;

    // --- any thread, by whoever has a part: all but join and wanted give it up

    void join() noexcept { word_.join(); }
    [[nodiscard]] bool wanted() const noexcept { return word_.wanted(); }

    /// False: too late, or nobody will take it.
    [[nodiscard]] bool complete(stored value) noexcept {
        if (word_.claim() != word::claimed::wanted) {
            leave();
            return false;
        }
        outcome_.value.emplace(std::move(value));
        return send();
    }
    /// False: too late, or the loop is gone. If nobody waits any more it goes to the failure handler.
    [[nodiscard]] bool fail(std::exception_ptr error) noexcept {
        if (word_.claim() == word::claimed::too_late) {
            leave();
            return false;
        }
        outcome_.error = std::move(error);
        return send();
    }
    void leave() noexcept {
        switch (word_.leave()) {
            case word::left::others: break;
            case word::left::nobody: destroy(); break;
            case word::left::unused: static_cast<void>(send()); break;
        }
    }

    // --- the waiting end, on the loop's thread

    /// The outcome is here, and was not handed over.
    [[nodiscard]] bool arrived() const noexcept { return arrived_; }
    /// It is a waiter's from here on.
    void hand_over(outcome_type& to) noexcept {
        arrived_ = false;
        handed_over_ = true;
        to.take_over(outcome_);
    }
    [[nodiscard]] bool handed_over() const noexcept { return handed_over_; }
    [[nodiscard]] bool awaited() const noexcept { return !waiters_->empty(); }
    /// The list for the one task that waits, and where its outcome shall go.
    [[nodiscard]] wait_list& waiters(outcome_type& place) noexcept {
        place_ = &place;
        return *waiters_;
    }
    /// The waiting end goes; a task that waits all the same is told so (SYNC-3). Gives the error that nobody has taken.
    [[nodiscard]] std::exception_ptr abandon() noexcept {
        waiters_.reset();
        std::exception_ptr untaken = arrived_ ? std::exchange(outcome_.error, nullptr) : nullptr;
        if (word_.leave_awaiting()) {
            destroy();
        }
        return untaken;
    }

private:
    /// What the loop calls, and a part.
    class arrival {
    public:
        explicit arrival(completion_state& s) noexcept : state_{&s} {}
        arrival(arrival&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
        arrival& operator=(arrival&&) = delete;
        ~arrival() {
            if (state_ != nullptr) {
                if (!called_) {
                    state_->report_untaken();
                }
                state_->leave();
            }
        }
        void operator()() {
            called_ = true;
            state_->arrive();
        }

    private:
        completion_state* state_;
        bool called_{};  ///< else the loop is being destroyed, and this with it (LIFE-5)
    };

    void destroy() noexcept { const std::unique_ptr<completion_state> last{this}; }

    /// The caller's part goes with the post.
    [[nodiscard]] bool send() noexcept {
        reserved_post post = std::move(post_);  // the loop may be done with all this before the call returns
        callback work{arrival{*this}};
        const bool sent = post.post(work);
        if (!sent) {
            outcome_.error = nullptr;  // it is its user's who is told, and still here: what was refused is in `work`
        }
        return sent;
    }
    /// Of a post that was not called. Loop thread: whoever else has one left has taken the error back.
    void report_untaken() noexcept {
        if (outcome_.error && home_ != nullptr) {
            report_failure(*home_, std::exchange(outcome_.error, nullptr));
        }
    }
    void arrive() {
        if (!waiters_) {  // the waiting end has gone: a failure is nobody's
            if (outcome_.error) {
                std::rethrow_exception(std::exchange(outcome_.error, nullptr));
            }
            return;
        }
        arrived_ = true;
        if (awaited()) {
            hand_over(*place_);
            waiters_->serve_all();
        }
    }

    word word_{};
    reserved_post post_;
    loop* home_;
    // Written by whoever has claimed it, then, by the post, the loop thread's.
    outcome_type outcome_{};
    // The loop thread's. None: the waiting end has gone.
    std::optional<wait_list> waiters_{std::in_place};
    outcome_type* place_{};  // of the waiter, while there is one
    bool arrived_{};
    bool handed_over_{};
};

}  // namespace galley
