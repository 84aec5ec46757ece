// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <utility>

#include "spec/stage/form/vocabulary.hpp"
#include "spec/stage/generate/generate.hpp"
#include "spec/stage/generate/random_source.hpp"

namespace galley::spec {

namespace {

constexpr std::size_t most_routines_of_an_act = 6;
constexpr std::int64_t plenty = 1'000'000;
constexpr std::int64_t days = std::int64_t{1'000'000'000} * 86'400 * 10;

/// Keeps the argument of generate.hpp; each act says which part. Routines are made callers first, as a routine may name
/// higher ones only.
class race_free_generator {
public:
    explicit race_free_generator(std::uint64_t seed) : random_{seed} {}

    scenario generate(std::size_t acts) {
        result_.ask_every = random_.one_in(3) ? number(1 + random_.below(8)) : 1;
        result_.budget = random_.one_in(2) ? number(1 + random_.below(4)) : 16;
        result_.resolution = random_.one_in(3) ? std::int64_t{1} << random_.below(14) : 1;
        result_.close = random_.one_in(4) ? closing::orderly : closing::destroy;
        result_.events = 1;  // the one that never comes
        result_.mutexes = 1;
        result_.routines.resize(1);
        std::size_t act = 0;
        for (; act < acts && result_.routines.size() + most_routines_of_an_act <= most_routines; ++act) {
            acts_left_ = acts - act;
            say(0, verb::spawn, number(result_.routines.size()), number(act));
            perform(routine());
        }
        for (std::size_t joined = 0; joined < act; ++joined) {
            say(0, any_join(), number(joined));
        }
        return std::move(result_);
    }

private:
    static constexpr std::int64_t never = 0;

    verb any_join() { return random_.one_in(2) ? verb::join : verb::try_join; }
    static std::int64_t number(std::size_t n) { return static_cast<std::int64_t>(n); }
    std::int64_t moment() { return number(random_.below(random_.one_in(2) ? 1'000 : race_free_end)); }

    std::size_t routine() {
        result_.routines.emplace_back();
        return result_.routines.size() - 1;
    }
    void say(std::size_t routine, verb what, std::int64_t a = 0, std::int64_t b = 0) {
        result_.routines[routine].body.push_back({what, {a, b}, {}});
    }
    void say_all(std::size_t routine, verb what, std::vector<std::uint8_t> children) {
        result_.routines[routine].body.push_back({what, {}, std::move(children)});
    }
    void world(std::int64_t at, world_verb what, std::int64_t a, std::int64_t b = 0) {
        const auto later = std::ranges::upper_bound(result_.world, at, {}, &world_entry::at);
        result_.world.insert(later, {at, what, {a, b}});
    }
    std::int64_t channel(std::int64_t room) {
        result_.channels.push_back(room);
        return number(result_.channels.size() - 1);
    }
    std::int64_t event() { return result_.events++; }
    std::int64_t handle() { return number(6 + handles_++); }

    void perform(std::size_t act) {
        switch (random_.below(10)) {
            case 0: return relay(act);
            case 1: return writes(act);
            case 2: return random_.one_in(3) ? connects(act) : accepts(act);
            case 3: return waits_for_posts(act);
            case 4: return timeouts(act);
            case 5: return cancels(act);
            case 6: return closes(act);
            case 7: return contest(act);
            case 8: return group(act);
            default: return relay(act);
        }
    }

    /// Something that ends by itself, and lets the others begin before it does.
    std::size_t ending(bool fails) {
        const std::size_t r = routine();
        say(r, verb::yield);
        say(r, verb::sleep, moment());
        say(r, fails ? verb::fail : verb::return_, 1 + moment());
        return r;
    }
    /// Something that waits for what never comes.
    std::size_t endless() {
        const std::size_t r = routine();
        wait_for_ever(r);
        return r;
    }
    void wait_for_ever(std::size_t r) {
        if (result_.channels.size() + acts_left_ < most_objects && random_.one_in(2)) {
            const std::int64_t silent = channel(0);
            say(r, random_.one_in(2) ? verb::read : verb::readable, silent, 1);
            auto& last = result_.routines[r].body.back();
            last.operands[1] = last.what == verb::read ? 1 : 0;
        } else {
            say(r, verb::wait, never);
        }
    }

    /// Bytes from the world go through a queue.
    void relay(std::size_t act) {
        const std::size_t getter = routine();
        const std::int64_t c = channel(plenty);
        const std::int64_t q = number(result_.queues.size());
        result_.queues.push_back(number(1 + random_.below(3)));
        const std::int64_t slot = handle();
        const auto bytes = 1 + random_.below(6);
        say(act, verb::spawn, number(getter), slot);
        for (std::size_t i = 0; i < bytes; ++i) {
            if (random_.one_in(3)) {
                say(act, verb::readable, c);
            }
            say(act, verb::read, c, 1);
            say(act, verb::put, q, number(i));
            say(getter, verb::get, q);
        }
        say(act, verb::read, c, 1 + moment() % 100);
        say(act, verb::close_queue, q);
        say(act, any_join(), slot);
        say(getter, verb::get, q);
        for (std::size_t left = bytes; left > 0;) {
            const std::size_t piece = 1 + random_.below(left);
            world(moment(), world_verb::data, c, number(piece));
            left -= piece;
        }
        world(race_free_end, world_verb::end, c);
    }

    void writes(std::size_t act) {
        const bool full = random_.one_in(2);
        const std::int64_t c = channel(full ? 0 : plenty);
        for (auto n = 1 + random_.below(8); n > 0; --n) {
            if (random_.one_in(3)) {
                say(act, verb::writable, c);
            }
            say(act, verb::write, c, number(1 + random_.below(64)));
        }
        if (full) {
            world(moment(), world_verb::room, c, plenty);
        }
    }

    void accepts(std::size_t act) {
        const std::int64_t c = channel(0);
        for (auto n = 1 + random_.below(3); n > 0; --n) {
            say(act, verb::accept, c);
            world(moment(), world_verb::peer, c);
        }
    }
    void connects(std::size_t act) {
        const std::int64_t c = channel(0);
        say(act, verb::connect, c);
        world(moment(), world_verb::peer, c);
    }

    void waits_for_posts(std::size_t act) {
        if (result_.events + 2 > number(most_objects)) {
            return say(act, verb::yield);
        }
        for (auto n = 1 + random_.below(2); n > 0; --n) {
            const std::int64_t e = event();
            say(act, verb::lock, 0);
            say(act, verb::wait, e);
            say(act, verb::unlock, 0);
            world(moment(), world_verb::post, e);
        }
        if (random_.one_in(2)) {
            world(moment(), world_verb::wake, 0);
        }
    }

    void timeouts(std::size_t act) {
        const bool expires = random_.one_in(2);
        const verb what = random_.one_in(2) ? verb::timeout : verb::timeout_at;
        say(act, what, expires ? moment() : days, number(expires ? endless() : ending(false)));
    }

    /// The child says that it waits.
    void cancels(std::size_t act) {
        if (result_.events + 1 > number(most_objects)) {
            return timeouts(act);
        }
        const std::int64_t waiting = event();
        const std::int64_t slot = handle();
        const std::size_t joiner = routine();
        const std::size_t child = routine();
        say(act, verb::spawn, number(child), slot);
        say(act, verb::wait, waiting);
        say(act, verb::cancel, slot);
        say(act, verb::try_, number(joiner));
        say(joiner, any_join(), slot);
        say(child, verb::set, waiting);
        wait_for_ever(child);
    }

    void closes(std::size_t act) {
        if (result_.events + 1 > number(most_objects)) {
            return timeouts(act);
        }
        const std::int64_t waiting = event();
        const std::int64_t slot = handle();
        const std::int64_t c = channel(0);
        const std::size_t child = routine();
        say(act, verb::spawn, number(child), slot);
        say(act, verb::wait, waiting);
        say(act, verb::close, c);
        say(act, verb::join, slot);
        say(child, verb::set, waiting);
        say(child, verb::read, c, 1 + moment() % 100);
    }

    /// `any` with one that ends, `all` with one that fails, in the middle of others that would wait for ever.
    void contest(std::size_t act) {
        const bool any = random_.one_in(2);
        const std::size_t inner = routine();
        std::vector<std::uint8_t> children;
        const auto before = random_.below(2);
        const auto count = before + 1 + random_.below(2);
        for (std::size_t i = 0; i < count; ++i) {
            children.push_back(static_cast<std::uint8_t>(i == before ? ending(!any) : endless()));
        }
        say(act, verb::try_, number(inner));
        say_all(inner, any ? verb::any : verb::all, std::move(children));
    }

    void group(std::size_t act) {
        const std::int64_t slot = groups_++;
        const bool fails = random_.one_in(2);
        const std::size_t inner = routine();
        const std::size_t body = routine();
        say(act, verb::try_, number(inner));
        say(inner, verb::group, slot, number(body));
        for (auto n = 1 + random_.below(2); n > 0; --n) {
            say(body, verb::go, slot, number(fails ? endless() : ending(false)));
        }
        if (fails) {
            say(body, verb::go, slot, number(ending(true)));
        }
    }

    random_source random_;
    scenario result_{};
    std::size_t acts_left_{};  ///< each may need a channel
    std::size_t handles_{};
    std::int64_t groups_{};
};

}  // namespace

scenario race_free_scenario(std::uint64_t seed, std::size_t acts) {
    return race_free_generator{seed}.generate(std::min<std::size_t>(acts, 6));
}

}  // namespace galley::spec
