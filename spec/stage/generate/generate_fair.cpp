// SPDX-License-Identifier: BSL-1.0
#include <algorithm>

#include "spec/stage/form/vocabulary.hpp"
#include "spec/stage/generate/generate.hpp"
#include "spec/stage/generate/random_source.hpp"

namespace galley::spec {

namespace {

constexpr std::size_t most_ordinary = 7;  // routines besides the closer: each has a group slot of its own number
constexpr std::int64_t most_fair_cost = 1'000;

/// Keeps the argument of generate.hpp; each function says which part. No call has two random arguments: their order
/// would be the compiler's choice.
class fair_generator {
public:
    explicit fair_generator(std::uint64_t seed) : random_{seed} {}

    scenario generate(std::size_t size) {
        settings_and_objects();
        ordinary_ = 1 + random_.below(std::min(most_ordinary, 1 + size / 2));
        result_.routines.resize(ordinary_ + 1);
        add_closer();
        std::vector<std::int64_t> costs(ordinary_, 0);
        for (std::size_t r = ordinary_; r-- > 0;) {
            own_ = r;
            for (auto count = 1 + random_.below(2 + 2 * size / ordinary_); count > 0; --count) {
                chosen_.clear();
                choose();
                auto& body = result_.routines[r].body;
                auto price = costs[r];
                for (const auto& s : chosen_) {
                    ++price;
                    for (const auto named : named_routines(s)) price += costs[named];
                }
                if (price > most_fair_cost || body.size() + chosen_.size() >= most_statements) continue;
                costs[r] = price;
                body.insert(body.end(), chosen_.begin(), chosen_.end());
            }
        }
        auto& main = result_.routines[0].body;
        main.insert(main.begin(), statement{verb::spawn, {number(ordinary_), closer_slot}, {}});
        world();
        return std::move(result_);
    }

private:
    static constexpr std::int64_t closer_slot = 15;  // no other statement names it

    static std::int64_t number(std::size_t n) { return static_cast<std::int64_t>(n); }

    std::int64_t small() { return number(random_.one_in(6) ? random_.below(300) : random_.below(8)); }

    void settings_and_objects() {
        result_.resolution = random_.one_in(3) ? std::int64_t{1} << random_.below(7) : 1;
        result_.ask_every = random_.one_in(3) ? 1 + small() : 1;
        result_.budget = random_.one_in(2) ? 1 + number(random_.below(4)) : 16;
        result_.close = random_.one_in(4) ? closing::orderly : closing::destroy;
        result_.events = static_cast<int>(1 + random_.below(3));
        result_.mutexes = static_cast<int>(1 + random_.below(2));
        for (auto n = 1 + random_.below(2); n > 0; --n) result_.semaphores.push_back(1 + number(random_.below(2)));
        for (auto n = 1 + random_.below(2); n > 0; --n) result_.queues.push_back(1 + number(random_.below(2)));
        for (auto n = 1 + random_.below(2); n > 0; --n) result_.channels.push_back(number(random_.below(4)));
    }

    /// Serves the queues. It is spawned first of all below main's own node, which nobody cancels: main has no handle.
    void add_closer() {
        auto& closer = result_.routines.back();
        closer.name = "closer";
        closer.body.push_back({verb::sleep, {small() + 1, 0}, {}});
        for (std::size_t q = 0; q < result_.queues.size(); ++q) {
            closer.body.push_back({verb::close_queue, {number(q), 0}, {}});
        }
    }

    void say(verb what, std::int64_t a = 0, std::int64_t b = 0) { chosen_.push_back({what, {a, b}, {}}); }

    std::int64_t event() { return number(random_.below(static_cast<std::size_t>(result_.events))); }
    std::int64_t semaphore() { return number(random_.below(result_.semaphores.size())); }
    std::int64_t mutex() { return number(random_.below(static_cast<std::size_t>(result_.mutexes))); }
    std::int64_t queue() { return number(random_.below(result_.queues.size())); }
    std::int64_t channel() { return number(random_.below(result_.channels.size())); }
    std::int64_t higher() { return number(own_ + 1 + random_.below(ordinary_ - own_ - 1)); }

    void choose() {
        const bool leaf = own_ + 1 == ordinary_;
        switch (random_.below(leaf ? 3 : 5)) {
            case 0: return simple();
            case 1: return synchronised();
            case 2: return channel_use();
            case 3: return task_use();
            default: return scoped();
        }
    }

    /// Ends by itself.
    void simple() {
        switch (random_.below(10)) {
            case 0: return say(verb::yield);
            case 1: return say(verb::sleep, small());
            case 2: return say(verb::sleep_until, small());
            case 3: return say(verb::burn, small());
            case 4: return say(verb::now);
            case 5: return say(random_.one_in(2) ? verb::hold_remote : verb::drop_remote);
            case 6: return random_.one_in(3) ? say(verb::fail, 1 + small()) : say(verb::yield);
            case 7: return random_.one_in(3) ? say(verb::return_, small()) : say(verb::sleep, 1);
            case 8: say(verb::keep_alive); return say(verb::drop_keep_alive);
            default: return say(verb::cancel_scope, number(random_.below(3)));
        }
    }

    /// Events are set by the world, queues closed by the closer, locks given back in the step that got them.
    void synchronised() {
        const auto e = event();
        const auto m = mutex();
        const auto s = semaphore();
        const auto q = queue();
        switch (random_.below(8)) {
            case 0: return say(verb::set, e);
            case 1: return say(verb::post, e);
            case 2: return say(verb::wait, e);
            case 3: say(verb::reset, e); return say(verb::set, e);
            case 4: return say(verb::put, q, small());
            case 5: return say(verb::get, q);
            case 6:
                say(verb::lock, m);
                say(verb::burn, small());
                return say(verb::unlock, m);
            default:
                say(verb::acquire, s);
                say(verb::now);
                return say(verb::release, s);
        }
    }

    /// The world breaks every channel at last.
    void channel_use() {
        const auto c = channel();
        switch (random_.below(8)) {
            case 0: return say(verb::accept, c);
            case 1: return say(verb::connect, c);
            case 2: return say(verb::readable, c);
            case 3: return say(verb::writable, c);
            case 4: return random_.one_in(4) ? say(verb::close, c) : say(verb::readable, c);
            case 5: return say(verb::write, c, 1 + small());
            default: return say(verb::read, c, 1 + small());
        }
    }

    /// Slot t is for tasks of routine t, and only lower routines use it.
    void task_use() {
        const auto t = higher();
        switch (random_.below(7)) {
            case 0: return say(random_.one_in(2) ? verb::join : verb::try_join, t);
            case 1: return say(verb::cancel, t);
            case 2: return say(random_.one_in(2) ? verb::drop : verb::lose, t);
            case 3: say(verb::spawn, t, t); return say(verb::join, t);
            case 4: {
                statement s{random_.one_in(2) ? verb::all : verb::any};
                for (auto n = 1 + random_.below(3); n > 0; --n) {
                    s.routines.push_back(static_cast<std::uint8_t>(higher()));
                }
                return chosen_.push_back(std::move(s));
            }
            default: return say(verb::spawn, t, t);
        }
    }

    /// Group slot g is opened by routine g, and takes only tasks of routines above g.
    void scoped() {
        const auto t = higher();
        switch (random_.below(8)) {
            case 0: return say(verb::call, t);
            case 1: return say(verb::try_, t);
            case 2: return say(verb::shield, t);
            case 3: {
                const verb what = random_.one_in(2) ? verb::timeout : verb::timeout_at;
                return say(what, small(), t);
            }
            case 4: return say(verb::scope, number(random_.below(3)), t);
            case 5: return say(verb::group, number(own_), t);
            case 6: return say(verb::cancel_group, number(random_.below(ordinary_)));
            default: return say(verb::go, number(random_.below(own_ + 1)), t);
        }
    }

    void add_entry(const world_entry& e) {
        const auto later = std::ranges::upper_bound(result_.world, e.at, {}, &world_entry::at);
        result_.world.insert(later, e);
    }

    void world() {
        for (auto n = random_.below(8); n > 0; --n) {
            const auto at = small();
            const auto c = channel();
            const auto amount = 1 + small();
            switch (random_.below(6)) {
                case 0: add_entry({at, world_verb::data, {c, amount}}); break;
                case 1: add_entry({at, world_verb::room, {c, amount}}); break;
                case 2: add_entry({at, world_verb::peer, {c, 0}}); break;
                case 3: add_entry({at, world_verb::end, {c, 0}}); break;
                case 4: add_entry({at, world_verb::wake, {}}); break;
                default: add_entry({at, world_verb::jump, {amount - 4, 0}}); break;
            }
        }
        for (int e = 0; e < result_.events; ++e) add_entry({small(), world_verb::post, {e, 0}});
        for (std::size_t c = 0; c < result_.channels.size(); ++c) {
            add_entry({fair_end, world_verb::break_, {number(c), 104}});
        }
    }

    random_source random_;
    scenario result_{};
    std::size_t ordinary_{1};
    std::size_t own_{0};
    std::vector<statement> chosen_{};
};

}  // namespace

scenario fair_scenario(std::uint64_t seed, std::size_t size) { return fair_generator{seed}.generate(size); }

}  // namespace galley::spec
