// SPDX-License-Identifier: BSL-1.0
// The real timer wheel, as small as that of timer_wheel.pml, told what to do; for `tie`. What is seen of it is printed
// as events of the model (wheel_events.h), three words each, one run a line.
//
//   model_wheel replay           a run a line: it is told the starts, cancels and collects, and says what comes of
//   them.
//                                Where a timer fires that should not, or none that should, it says so, and stops
//   model_wheel random COUNT     runs in which a program does what it likes, also as timers fire
#include <galley/fast/timer_wheel.hpp>
#include <spec/stage/generate/random_source.hpp>

#include <array>
#include <cstdint>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace galley {
namespace {

instant at(std::int64_t tick) { return instant{duration{tick}}; }
std::int64_t tick_of(instant time) { return time.time_since_epoch().count(); }

/// Never called: `pop_due` hands a timer out, and whoever collects fires it.
void nothing(timer&) noexcept {}

class told_wheel {
public:
    static constexpr std::int64_t never = 255;

    void start(int t, std::int64_t key) {
        timers_[index(t)].set_key(at(key));
        wheel_.start(timers_[index(t)]);
        say("start", t, key);
    }
    bool cancel(int t) {
        if (!wheel_.cancel(timers_[index(t)])) {
            return false;
        }
        say("cancel", t, 0);
        return true;
    }
    void begin_collect(std::int64_t now) { say("collect", now, 0); }
    /// The timer that fires; nothing if none is due any more.
    std::optional<int> next_due(std::int64_t now) {
        const timer* const due = wheel_.pop_due(at(now));
        if (due == nullptr) {
            say("collected", 0, 0);
            return std::nullopt;
        }
        const auto t = static_cast<int>(static_cast<const plain_timer*>(due) - timers_.data());
        say("fire", t, tick_of(due->key()));
        return t;
    }
    void say_first() {
        const auto first = wheel_.first_key();
        say("first", first ? tick_of(*first) : never, 0);
    }
    [[nodiscard]] std::string said() const { return said_.str(); }

private:
    struct plain_timer : timer {
        plain_timer() noexcept : timer{&nothing} {}
    };

    static std::size_t index(int t) { return static_cast<std::size_t>(t); }
    void say(std::string_view event, std::int64_t a, std::int64_t b) { said_ << event << ' ' << a << ' ' << b << ' '; }

    fast::timer_wheel<2, 6, 1> wheel_{0};
    std::array<plain_timer, 3> timers_;
    std::ostringstream said_;
};

struct event {
    std::string name{};
    std::int64_t a{};
    std::int64_t b{};
};

std::vector<event> events_of(const std::string& line) {
    std::vector<event> events;
    std::istringstream in{line};
    for (event e; in >> e.name >> e.a >> e.b;) {
        events.push_back(e);
    }
    return events;
}

/// Does what the events do. What the wheel has to do by itself it is only asked for; a wrong answer ends the run.
std::string replayed(const std::vector<event>& events) {
    told_wheel wheel;
    std::int64_t now = 0;
    for (const event& e : events) {
        if (e.name == "start") {
            wheel.start(static_cast<int>(e.a), e.b);
        } else if (e.name == "cancel") {
            (void)wheel.cancel(static_cast<int>(e.a));
        } else if (e.name == "collect") {
            wheel.begin_collect(now = e.a);
        } else if (e.name == "first") {
            wheel.say_first();
        } else {
            const std::optional<int> fired = wheel.next_due(now);
            if (fired ? e.name != "fire" || *fired != e.a : e.name != "collected") {
                break;
            }
        }
    }
    return wheel.said();
}

/// Distances and leaps are those of the model.
std::string random_run(std::uint64_t seed) {
    static constexpr std::array<std::int64_t, 8> distances{0, 1, 3, 4, 5, 15, 16, 17};
    static constexpr std::array<std::int64_t, 5> leaps{0, 1, 3, 7, 17};
    spec::random_source dice{seed};
    told_wheel wheel;
    const auto any_timer = [&dice] { return static_cast<int>(dice.below(3)); };
    const auto any_distance = [&dice] { return distances[dice.below(distances.size())]; };
    std::int64_t now = 0;
    for (int step = 0; step < 24; ++step) {
        const std::size_t what = dice.below(6);
        if (what < 3) {
            wheel.start(any_timer(), now + any_distance());
        } else if (what == 3) {
            if (!wheel.cancel(any_timer())) {
                continue;  // nothing was done
            }
        } else {
            const std::int64_t leap = leaps[dice.below(leaps.size())];
            if (now + leap > 44) {
                break;
            }
            now += leap;
            wheel.begin_collect(now);
            while (const std::optional<int> fired = wheel.next_due(now)) {
                if (dice.one_in(3)) {
                    wheel.start(*fired, now + any_distance());
                } else {
                    (void)wheel.cancel(any_timer());
                }
            }
        }
        wheel.say_first();
    }
    return wheel.said();
}

int main(const std::vector<std::string_view>& words) {
    if (words.size() == 1 && words[0] == "replay") {
        for (std::string line; std::getline(std::cin, line);) {
            std::cout << replayed(events_of(line)) << '\n';
        }
    } else if (words.size() == 2 && words[0] == "random") {
        const std::uint64_t count = std::stoull(std::string{words[1]});
        for (std::uint64_t seed = 0; seed < count; ++seed) {
            std::cout << random_run(seed) << '\n';
        }
    } else {
        std::cerr << "usage: model_wheel replay | model_wheel random COUNT\n";
        return 2;
    }
    return std::cout.flush() ? 0 : 2;
}

}  // namespace
}  // namespace galley

int main(int argc, char** argv) {
    try {
        std::ios::sync_with_stdio(false);
        return galley::main({argv + 1, argv + argc});
    } catch (const std::exception& e) {
        std::cerr << "model_wheel: " << e.what() << '\n';
        return 2;
    }
}
