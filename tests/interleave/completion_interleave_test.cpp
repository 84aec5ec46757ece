// SPDX-License-Identifier: BSL-1.0
// What a completion and its completers share, the shipped code, under all interleavings of small programs, around
// fast's inbox: one outcome, which arrives once, or the right word to who brings it; no race, nothing used after its
// end, nothing left; and each memory order is needed.
#include "every_program.hpp"
#include "explorable.hpp"
#include "explore.hpp"

#include <galley/fast/receiving_end.hpp>
#include <galley/kernel/completion_state.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace galley::interleave {
namespace {

/// What a completion carries: touched by whoever has it; two at once are a race. Those that exist are counted.
class cargo {
public:
    cargo(int& alive, int number) : alive_{&alive}, contents_{number} { ++*alive_; }
    cargo(cargo&& other) noexcept : alive_{other.alive_}, contents_{other.contents_.get()} { ++*alive_; }
    cargo& operator=(cargo&&) = delete;
    ~cargo() {
        contents_.set(-1);
        --*alive_;
    }
    [[nodiscard]] int number() const { return contents_.get(); }

private:
    int* alive_;
    plain<int> contents_;
};

/// An atomic; those that exist are counted, to see whether what has them is freed.
int counted_alive;
template <class T>
class counted : public atomic<T> {
public:
    counted(T value) : atomic<T>{value} { ++counted_alive; }  // NOLINT: implicit, as std::atomic
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --counted_alive; }
};

/// A program: some threads with a completer each, and a loop whose task waits.
struct plan {
    /// What each thread does: c complete, f fail, k copy its completer, d drop one, w ask whether it is wanted. At the
    /// end it drops what it has.
    std::vector<std::string> scripts{};
    std::size_t looks{};    ///< the loop is destroyed after so many iterations
    bool gives_up{};        ///< the waiting end goes before the first of them
    bool late_completer{};  ///< and the loop's thread makes one more, and drops it, before that
};

std::string name_of(const plan& p) {
    std::string text = std::to_string(p.looks) + " looks";
    for (const std::string& s : p.scripts) {
        text += " | " + s;
    }
    return text + (p.gives_up ? ", gives up" : "") + (p.late_completer ? ", late completer" : "");
}

class yard {
public:
    yard(stage& s, const plan& p) : stage_{s}, plan_{p} {
        counted_alive = 0;
        state_ = std::make_unique<state>(reserved_post{hold_box()}, nullptr).release();
        for (std::size_t i = 0; i < p.scripts.size(); ++i) {
            state_->join();
        }
    }

    void run() {
        std::vector<std::function<void()>> threads{[this] { loop(); }};
        for (const std::string& script : plan_.scripts) {
            threads.emplace_back([this, &script] { worker(script); });
        }
        stage_.run(std::move(threads));
        judge();
    }

private:
    using state = completion_state<cargo, counted>;
    using mailbox = fast::basic_mailbox<atomic>;
    using receiving_end = fast::basic_receiving_end<atomic>;

    class bell final : public waker {
    public:
        explicit bell(token& t) noexcept : token_{&t} {}
        void wake() noexcept override { token_->set(); }

    private:
        token* token_;
    };

    [[nodiscard]] std::shared_ptr<mailbox> hold_box() { return {std::shared_ptr<void>{}, &box_}; }

    void worker(const std::string& script) {
        std::size_t parts = 1;
        for (const char what : script) {
            switch (what) {
                case 'c':
                    --parts;
                    tell(state_->complete(cargo{alive_, ++sent_}), completed_);
                    break;
                case 'f':
                    --parts;
                    tell(state_->fail(std::make_exception_ptr(1)), failed_);
                    break;
                case 'k':
                    ++parts;
                    state_->join();
                    break;
                case 'w': static_cast<void>(state_->wanted()); break;
                default: --parts; state_->leave();
            }
        }
        for (; parts > 0; --parts) {
            state_->leave();
        }
    }
    static void tell(bool accepted, int& count) { count += accepted ? 1 : 0; }

    // ---- the loop's thread

    void loop() {
        receiving_end end{hold_box()};
        if (plan_.late_completer) {
            state_->join();
            state_->leave();
        }
        if (plan_.gives_up) {
            give_up();
        }
        for (std::size_t i = 0; i < plan_.looks; ++i) {
            if (!plan_.gives_up && arrived_ == 0) {  // somebody will bring it, or the last one breaks it
                if (end.fall_asleep(false)) {
                    token_.wait();
                    end.awake();
                }
            }
            end.attend();
            call_all(end);
        }
        end.close();
        while (auto* const node = end.arrived().pop_front()) {
            end.spend(*node);
        }
        if (!plan_.gives_up) {
            give_up();
        }
        end.recycle();
    }
    void call_all(receiving_end& end) {
        while (auto* const node = end.arrived().pop_front()) {
            try {
                node->work();
            } catch (int) {
                ++reported_;
            }
            if (waits_ && state_->arrived()) {
                take();  // as a task does that awaits it only now
            }
            end.spend(*node);
        }
    }
    void take() {
        completion_outcome<cargo> outcome;
        state_->hand_over(outcome);
        ++arrived_;
        values_ += outcome.value ? 1 : 0;
        errors_ += outcome.error ? 1 : 0;
        stage_.require(!outcome.value || outcome.value->number() > 0, "the value is what was sent");
    }
    void give_up() {
        waits_ = false;
        stage_.require(state_->abandon() == nullptr, "what arrived was taken");
    }

    // ---- what is required

    void judge() {
        stage_.require(counted_alive == 0, "it is freed, once");
        stage_.require(alive_ == 0, "no value is left, or destroyed twice");
        stage_.require(completed_ + failed_ <= 1, "one of them decides");
        stage_.require(values_ <= completed_ && errors_ + reported_ <= failed_, "nothing comes that nobody has sent");
        stage_.require(arrived_ <= 1, "it arrives once");
        if (plan_.looks > 0 && !plan_.gives_up) {
            stage_.require(arrived_ == 1, "a loop that waits gets an outcome");
            stage_.require(values_ == completed_ && errors_ == failed_, "and it is the one that was accepted");
        }
    }

    stage& stage_;
    const plan& plan_;
    token token_{};
    bell bell_{token_};
    mailbox box_{std::shared_ptr<waker>{std::shared_ptr<void>{}, &bell_}};
    state* state_{};
    int alive_{};
    int sent_{};
    int completed_{};  ///< accepted
    int failed_{};     ///< accepted
    int arrived_{};
    int values_{};
    int errors_{};
    bool waits_{true};
    int reported_{};  ///< errors for the failure handler
};

// ---- all programs --------------------------------------------------------------------------------------------------

named in_yard(plan p, limits within = {}) {
    std::string name = name_of(p) + (within.spurious != 0 ? ", spurious failures" : "");
    return {std::move(name), [p = std::move(p)](stage& s) { yard{s, p}.run(); }, within};
}

std::vector<named> programs() {
    const std::vector<std::string> alone{"", "c", "f", "wc", "kc", "kd", "kcc", "kcf", "kcd", "kdf"};
    const std::vector<std::string> together{"", "c", "f", "kc"};
    std::vector<named> all;
    for (const bool gives_up : {false, true}) {
        for (const std::size_t looks : {0U, 1U}) {
            for (const std::string& a : alone) {
                for (const bool late : {false, true}) {
                    const plan p{.scripts = {a}, .looks = looks, .gives_up = gives_up, .late_completer = late};
                    all.push_back(in_yard(p));
                    all.push_back(in_yard(p, {.spurious = 1}));
                }
            }
            for (std::size_t i = 0; i < together.size(); ++i) {
                for (std::size_t k = 0; k <= i; ++k) {  // the other half is the same with the threads renamed
                    all.push_back(
                        in_yard({.scripts = {together[k], together[i]}, .looks = looks, .gives_up = gives_up}));
                }
            }
        }
    }
    return all;
}

TEST(CompletionInterleave, EveryProgramHolds) {
    const std::vector<named> all = programs();
    const explored found = explore_every(all);
    ASSERT_EQ(found.failure, "");
    std::cout << all.size() << " programs, " << found.executions << " executions, at most " << found.most
              << " of one program: all explored\n";
}

TEST(CompletionInterleave, EachMemoryOrderIsNeeded) {
    const std::vector<named> all = programs();
    std::size_t tried = 0;
    for (const site& s : sites_of(all)) {
        if (s.file != "completion_word.hpp") {
            continue;
        }
        for (const std::memory_order o : weaker(s)) {
            ++tried;
            const std::string who = who_needs(s, o, all);
            std::cout << to_text(s) << " -> " << to_text(o) << ": " << (who.empty() ? "nobody can tell" : who) << "\n";
            EXPECT_FALSE(who.empty()) << to_text(s) << " -> " << to_text(o);
        }
    }
    EXPECT_EQ(tried, 4U) << "leave and leave_awaiting, each acquire and release";
}

}  // namespace
}  // namespace galley::interleave
