// SPDX-License-Identifier: BSL-1.0
// Timers of both loops as the loops' users start and cancel them, against an ordered map: callbacks that start, restart
// and cancel timers, due ones too, and that take time. Tasks start none from a callback, so no scenario shows this.
#include "tests/loop_fixture.hpp"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace galley::test {
namespace {

constexpr std::size_t timers = 5;
constexpr std::size_t fires_with_actions = 40;  // then callbacks do nothing, so that each program ends

/// What a timer does when it fires: (verb, timer, nanoseconds). Verbs 0 and 1 start, 2 cancels, 3 takes time.
using action = std::tuple<int, std::size_t, int>;
using actions = std::vector<action>;
/// What happened: (what, timer, nanoseconds). 'f' fired at this sample; 'c' cancelled, 1 if it was started.
using event = std::tuple<char, std::size_t, std::int64_t>;

struct program {
    std::array<actions, timers> on_fire;
    std::array<std::optional<int>, timers> first;  ///< the deadline at which it is started before the run
};

/// What the rules say: TIME-3 to TIME-6, TIME-8.
class model {
public:
    explicit model(const program& p) : program_{p} {}

    std::vector<event> run() {
        for (std::size_t i = 0; i < timers; ++i) {
            if (program_.first[i]) {
                start(i, *program_.first[i]);
            }
        }
        while (!started_.empty()) {
            clock_ = sample_ = std::max(clock_, started_.begin()->first.first);
            const std::uint64_t last = count_;
            while (!started_.empty() && started_.begin()->first.first <= sample_ &&
                   started_.begin()->first.second <= last) {
                const std::size_t i = started_.begin()->second;
                cancel(i);
                fire(i);
            }
        }
        return events_;
    }

private:
    void start(std::size_t i, std::int64_t deadline) {
        cancel(i);
        where_[i] = {std::max(deadline, sample_), ++count_};
        started_.emplace(*where_[i], i);
    }
    bool cancel(std::size_t i) {
        if (!where_[i]) {
            return false;
        }
        started_.erase(*where_[i]);
        where_[i].reset();
        return true;
    }
    void fire(std::size_t i) {
        events_.emplace_back('f', i, sample_);
        if (++fired_ > fires_with_actions) {
            return;
        }
        for (const auto& [verb, who, amount] : program_.on_fire[i]) {
            switch (verb) {
                case 2: events_.emplace_back('c', who, cancel(who)); break;
                case 3: clock_ += std::max(amount, 0); break;
                default: start(who, sample_ + amount);
            }
        }
    }

    using place = std::pair<std::int64_t, std::uint64_t>;
    const program& program_;
    std::map<place, std::size_t> started_;
    std::array<std::optional<place>, timers> where_{};
    std::int64_t clock_{};
    std::int64_t sample_{};
    std::uint64_t count_{};
    std::size_t fired_{};
    std::vector<event> events_;
};

template <class Loop>
class player {
public:
    explicit player(const program& p) : program_{p} {
        for (std::size_t i = 0; i < timers; ++i) {
            timers_.emplace_back(*this, i);
        }
    }

    std::vector<event> run() {
        const keep_alive pending{loop_};
        for (std::size_t i = 0; i < timers; ++i) {
            if (program_.first[i]) {
                loop_.start(timers_[i], instant{duration{*program_.first[i]}});
            }
        }
        RC_ASSERT(loop_.run() == verdict::deadlocked);  // no timer is left
        return events_;
    }

private:
    struct scripted_timer : timer {
        scripted_timer(player& p, std::size_t i) noexcept
            : timer{[](timer& t) noexcept {
                  auto& self = static_cast<scripted_timer&>(t);
                  self.of->fire(self.index);
              }},
              of{&p},
              index{i} {}
        player* of;
        std::size_t index;
    };

    void fire(std::size_t i) {
        events_.emplace_back('f', i, nanoseconds(loop_.sample()));
        if (++fired_ > fires_with_actions) {
            return;
        }
        for (const auto& [verb, who, amount] : program_.on_fire[i]) {
            switch (verb) {
                case 2: events_.emplace_back('c', who, loop_.cancel(timers_[who])); break;
                case 3: driver_.pass(duration{std::max(amount, 0)}); break;
                default: loop_.start(timers_[who], loop_.sample() + duration{amount});
            }
        }
    }

    const program& program_;
    testing::virtual_driver driver_;
    Loop loop_{driver_, loop_options{.resolution_bits = 0}};
    std::deque<scripted_timer> timers_;
    std::size_t fired_{};
    std::vector<event> events_;
};

/// RapidCheck draws from a range that grows with the size of the case; here all of it is wanted from the first case on.
template <class T>
T draw(T below) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(T{}, below));
}

int any_amount() {
    constexpr std::array amounts{-1, 0, 0, 1, 2, 3, 63, 64, 65};
    return amounts[draw(amounts.size())];
}

program arbitrary_program() {
    program p;
    for (std::size_t i = 0; i < timers; ++i) {
        for (std::size_t left = draw(std::size_t{4}); left > 0; --left) {
            p.on_fire[i].emplace_back(draw(4), draw(timers), any_amount());
        }
        if (draw(2) == 0) {
            p.first[i] = any_amount();
        }
    }
    return p;
}

template <class Loop>
void fire_as_the_rules_say() {
    const program p = arbitrary_program();
    const std::vector<event> expected = model{p}.run();
    RC_TAG(expected.size() > fires_with_actions ? "cut off" : expected.size() > timers ? "long" : "short");
    RC_ASSERT(player<Loop>{p}.run() == expected);
}

RC_GTEST_PROP(loop_timers, of_ref_fire_as_the_rules_say, ()) { fire_as_the_rules_say<ref::loop>(); }
RC_GTEST_PROP(loop_timers, of_fast_fire_as_the_rules_say, ()) { fire_as_the_rules_say<fast::loop>(); }

}  // namespace
}  // namespace galley::test
