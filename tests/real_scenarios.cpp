// SPDX-License-Identifier: BSL-1.0
#include "real_scenarios.hpp"

#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/generate/random_source.hpp>

#include <vector>

namespace galley::spec {

namespace {

constexpr std::int64_t plenty = 1'000'000;

std::int64_t short_of(std::int64_t bytes) { return 1 + (bytes - 1) % 1'000; }

void adapt(statement& st, bool to_listener) {
    if (to_listener && st.what != verb::close) {
        st = {verb::accept, {st.operands[0], 0}, {}};
    } else if (st.what == verb::accept) {
        st = {verb::read, {st.operands[0], 1}, {}};
    } else if (st.what == verb::connect) {
        st.what = verb::writable;
    } else if (st.what == verb::read || st.what == verb::write) {
        st.operands[1] = short_of(st.operands[1]);
    }
}

void adapt(world_entry& e, bool to_listener, bool has_ended) {
    const std::int64_t channel = e.operands[0];
    if (e.what == world_verb::room) {
        e.operands[1] = plenty;
    } else if (to_listener) {
        e = {e.at, world_verb::peer, {channel, 0}};
    } else if (e.what == world_verb::break_ || has_ended) {
        e = {e.at, world_verb::end, {channel, 0}};
    } else if (e.what != world_verb::end) {
        const std::int64_t bytes = e.what == world_verb::data ? e.operands[1] : 1;
        e = {e.at, world_verb::data, {channel, short_of(bytes)}};
    }
}

bool concerns_channel(const statement& st) {
    const auto operands = info(st.what).operands();
    return !operands.empty() && operands[0].kind == operand_kind::channel;
}

}  // namespace

scenario for_lockstep(scenario s) {
    std::vector<bool> used(s.channels.size());
    for (const routine& r : s.routines) {
        for (const statement& st : r.body) {
            if (concerns_channel(st) && st.what != verb::close) {
                used[static_cast<std::size_t>(st.operands[0])] = true;
            }
        }
    }
    const auto is_listener = [&used, n = s.world.size()](std::int64_t channel) {
        const auto c = static_cast<std::size_t>(channel);
        return used[c] && (n + c) % 3 == 0;
    };
    for (std::int64_t& room : s.channels) {
        room = room > 0 ? plenty : 0;
    }
    for (routine& r : s.routines) {
        for (statement& st : r.body) {
            if (concerns_channel(st)) {
                adapt(st, is_listener(st.operands[0]));
            }
        }
    }
    std::vector<bool> has_ended(s.channels.size());
    for (world_entry& e : s.world) {
        if (e.what >= world_verb::data) {
            const auto c = static_cast<std::size_t>(e.operands[0]);
            adapt(e, is_listener(e.operands[0]), has_ended[c]);
            has_ended[c] = has_ended[c] || e.what == world_verb::end;
        }
    }
    return s;
}

scenario slowed(scenario s, std::int64_t factor) {
    for (routine& r : s.routines) {
        for (statement& st : r.body) {
            const auto operands = info(st.what).operands();
            if (!operands.empty() && (operands[0].kind == operand_kind::ns || operands[0].kind == operand_kind::at)) {
                st.operands[0] *= factor;
            }
        }
    }
    for (world_entry& e : s.world) {
        e.at *= factor;
    }
    return s;
}

scenario with_stops(scenario s, std::uint64_t seed, int count) {
    random_source random{seed};
    for (; count > 0; --count) {
        const std::size_t place = random.below(s.world.size() + 1);
        const std::int64_t at = place < s.world.size() ? s.world[place].at : s.world.empty() ? 0 : s.world.back().at;
        s.world.insert(s.world.begin() + static_cast<std::ptrdiff_t>(place), {at, world_verb::stop, {}});
    }
    return s;
}

scenario duplex_scenario(std::uint64_t seed) {
    random_source random{seed};
    scenario s{.channels = {0, 0, 0}};
    s.routines.resize(1);
    std::vector<statement> main;
    const auto number = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    for (std::int64_t c = 0; c < 3; ++c) {
        for (std::size_t i = 0, count = 2 + random.below(3); i < count; ++i) {
            const verb what = random.one_in(2) ? verb::read : verb::write;
            const std::int64_t bytes = 1 + number(random.below(40));
            main.push_back({verb::spawn, {number(s.routines.size()), number(i)}, {}});
            s.routines.push_back({"", {{what, {c, bytes}, {}}, {what, {c, bytes}, {}}}});
        }
        const std::int64_t at = 100 * (c + 1);
        const auto busy = static_cast<std::int64_t>(random.below(2));
        main.push_back({verb::sleep_until, {at - busy, 0}, {}});
        main.push_back({verb::burn, {10 * busy, 0}, {}});
        const bool data_first = random.one_in(2);
        for (const bool data : {data_first, !data_first}) {
            const std::int64_t bytes = data ? 1 + number(random.below(100)) : plenty;
            s.world.push_back({at, data ? world_verb::data : world_verb::room, {c, bytes}});
        }
    }
    for (std::int64_t c = 0; c < 3; ++c) {
        s.world.push_back({400, world_verb::end, {c, 0}});
    }
    s.routines[0].body = std::move(main);
    return s;
}

scenario cancelling_scenario(std::uint64_t seed) {
    random_source random{seed};
    scenario s{.channels = {plenty, plenty}};  // TCP, and a pipe
    s.routines.resize(4);
    const std::int64_t c = random.one_in(2) ? 0 : 1;
    const auto microseconds = [&random](std::size_t most) {
        return 1'000 * static_cast<std::int64_t>(random.below(most));
    };
    for (int i = 0; i < 10; ++i) {
        auto& main = s.routines[0].body;
        main.push_back({verb::spawn, {2, 0}, {}});
        main.push_back({verb::sleep, {microseconds(10), 0}, {}});
        main.push_back({verb::burn, {20'000, 0}, {}});
        main.push_back({verb::cancel, {0, 0}, {}});
        main.push_back({verb::try_, {1, 0}, {}});
    }
    s.routines[0].body.push_back({verb::call, {3, 0}, {}});
    s.routines[1].body = {{verb::join, {0, 0}, {}}};
    s.routines[2].body = {{verb::read, {c, 7}, {}}};
    s.routines[3].body.resize(20, {verb::read, {c, 1'000}, {}});  // what is left, and the end
    for (std::int64_t at = 0; s.world.size() < 12;) {
        s.world.push_back({at += microseconds(50), world_verb::data, {c, 5}});
    }
    s.world.push_back({s.world.back().at + 10'000, world_verb::end, {c, 0}});
    return s;
}

}  // namespace galley::spec
