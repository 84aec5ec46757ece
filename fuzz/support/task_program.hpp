// SPDX-License-Identifier: BSL-1.0
// A program of tasks that draws what it does from bytes, step by step, and tells a ledger what it sees.
#pragma once

#include <fuzz/support/byte_source.hpp>
#include <fuzz/support/task_ledger.hpp>

#include <galley/galley.hpp>

#include <array>
#include <cstddef>
#include <optional>

namespace galley::fuzz {

/// What the tasks share. It outlives the loop. Two of each kind: tasks meet.
class task_program {
public:
    static constexpr std::size_t kinds = 2;
    static constexpr std::size_t handles = 4;

    task_program(byte_source in, loop& l, ledger& book);

    /// Starts a task whose handle is in that slot.
    void start(std::size_t slot, int depth);
    /// Between two runs: something from outside that may let tasks go on. False: nothing more is going to happen.
    [[nodiscard]] bool intervene();
    /// Nothing is pending.
    void check_completed() const;
    /// The loop is gone.
    void check_closed() const;

private:
    /// A permit that is held: given back wherever the frame ends.
    class permit {
    public:
        permit(task_program& p, std::size_t which) noexcept : p_{&p}, which_{which} {
            require(++p.permits_out_[which] <= p.permits_[which], "SYNC-1: no more permits out than there are");
        }
        permit(const permit&) = delete;
        permit& operator=(const permit&) = delete;
        ~permit() {
            --p_->permits_out_[which_];
            p_->semaphores_[which_].release();
        }

    private:
        task_program* p_;
        std::size_t which_;
    };
    /// A turn in a critical section.
    class turn {
    public:
        turn(task_program& p, std::size_t which) noexcept : p_{&p}, which_{which} {
            require(!std::exchange(p.inside_[which], true), "SYNC-1: one owner of a mutex");
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() { p_->inside_[which_] = false; }

    private:
        task_program* p_;
        std::size_t which_;
    };
    struct started_task {
        std::size_t body{};
        join_handle<token> handle{};
    };

    /// A body, as a task of its own or as a call.
    task<token> body(std::size_t own, int depth);
    task<> steps(int depth);
    task<> act(std::uint8_t what, int depth);
    void touch(std::size_t what, std::size_t which, int depth);
    task<> sleep(duration d);
    task<> yield_once();
    task<> wait(std::size_t which);
    task<> ask(std::size_t which);
    void answer(std::size_t which);
    task<> with_permit(std::size_t which, int depth);
    task<> with_mutex(std::size_t which, int depth);
    task<> put(std::size_t which);
    task<> get(std::size_t which);
    task<> join(std::size_t slot);
    task<> try_join(std::size_t slot);
    task<> call(int depth);
    task<> all(int depth);
    task<> any(int depth);
    task<> group(int depth);
    task<> group_body(task_group& here, int depth);
    task<> with_timeout(int depth);
    task<> shielded(int depth);
    task<> scope(int depth);

    void value_of(std::size_t body, const token& value) { book_.told(body, ending::value, value.number()); }
    /// A child's failure ends here; perhaps there is one of ours instead.
    void caught(failure f);

    byte_source in_;
    loop& loop_;
    ledger& book_;
    std::array<std::uint64_t, kinds> permits_;
    std::array<std::uint64_t, kinds> permits_out_{};
    std::array<bool, kinds> inside_{};
    std::array<std::uint64_t, kinds> accepted_{};
    std::array<std::uint64_t, kinds> got_{};
    std::array<event, kinds> events_{};
    std::array<semaphore, kinds> semaphores_;
    std::array<mutex, kinds> mutexes_{};
    std::array<queue<token>, kinds> queues_;
    std::array<started_task, handles> started_{};
    std::array<task_group*, kinds> groups_{};
    std::array<cancel_scope*, kinds> scopes_{};
    std::array<std::optional<completer<token>>, kinds> completers_{};
};

}  // namespace galley::fuzz
