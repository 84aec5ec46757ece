// SPDX-License-Identifier: BSL-1.0
#include "bench/harness/registry.hpp"

#include "bench/harness/watchdog.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace galley_bench {

namespace {

/// A repetition of the slowest takes some seconds, on a busy machine too.
constexpr std::chrono::seconds longest{120};

struct enrolled {
    int place;
    std::string name;
    entrant::enter_function* enter;
};

std::vector<enrolled>& all_entrants() {
    static std::vector<enrolled> all;
    return all;
}

}  // namespace

const char* to_string(group g) noexcept {
    switch (g) {
        case group::callbacks: return "callbacks";
        case group::coroutines: return "coroutines";
        case group::timers: return "timers";
        case group::threads: return "threads";
        case group::sockets: return "sockets";
        case group::tails: return "tails";
        case group::memory: return "memory";
        case group::programs: return "programs";
    }
    return "";
}

entrant::entrant(int place, const char* name, enter_function* enter) { all_entrants().push_back({place, name, enter}); }

void entrant::enter_all(registry& r) {
    std::vector<enrolled> all = all_entrants();
    std::ranges::sort(all, {}, [](const enrolled& e) { return std::tie(e.place, e.name); });
    for (const enrolled& e : all) {
        e.enter(r);
    }
}

const row* registry::find(const std::string& name) const noexcept {
    const auto found = std::ranges::find(rows_, name, &row::name);
    return found == rows_.end() ? nullptr : &*found;
}

bool registry::knows(const std::string& contender) const noexcept {
    return std::ranges::find(versions_, contender, &std::pair<std::string, std::string>::first) != versions_.end();
}

void registry::add(const row& r) {
    if (find(r.name) == nullptr) {
        rows_.push_back(r);
    }
}

void registry::run(const row& r, const std::string& contender, body work) {
    add(r);
    places_[r.name][contender].work = std::move(work);
}

void registry::run_by_itself(const row& r, const std::string& contender, body work) {
    run(r, contender, std::move(work));
    places_[r.name][contender].by_itself = true;
}

void registry::cannot(const row& r, const std::string& contender, const std::string& why) {
    add(r);
    places_[r.name][contender].why_not = why;
}

void registry::contender(const std::string& name, const std::string& version) { versions_.emplace_back(name, version); }

void registry::missing(const std::string& name, const std::string& why) { missing_.emplace_back(name, why); }

std::vector<row> registry::chosen(bool quick) const {
    std::vector<row> chosen;
    for (const group g : {group::callbacks, group::coroutines, group::timers, group::threads, group::sockets,
                          group::tails, group::memory, group::programs}) {
        std::ranges::copy_if(rows_, std::back_inserter(chosen),
                             [&](const row& r) { return r.in == g && !(quick && r.large); });
    }
    return chosen;
}

void registry::describe(bool quick) const {
    // A key tells where in the order it stands, as Google Benchmark sorts them.
    const auto key = [](const char* kind, std::size_t at) {
        const std::string number = std::to_string(at);
        return std::string{kind} + std::string(3 - std::min<std::size_t>(3, number.size()), '0') + number;
    };
    for (std::size_t i = 0; i < versions_.size(); ++i) {
        benchmark::AddCustomContext(key("contender ", i), versions_[i].first + "\t" + versions_[i].second);
    }
    for (std::size_t i = 0; i < missing_.size(); ++i) {
        benchmark::AddCustomContext(key("missing ", i), missing_[i].first + "\t" + missing_[i].second);
    }
    std::size_t rows = 0;
    std::size_t refusals = 0;
    for (const row& r : chosen(quick)) {
        benchmark::AddCustomContext(key("row ", rows++), r.name + "\t" + to_string(r.in) + "\t" +
                                                             std::to_string(r.goal) + "\t" +
                                                             (r.in_bytes ? "bytes" : "ns"));
        for (const auto& [contender, place] : places_.at(r.name)) {
            if (!place.work) {
                benchmark::AddCustomContext(key("cannot ", refusals++),
                                            r.name + "\t" + contender + "\t" + place.why_not);
            }
        }
    }
}

void registry::enter(bool quick) const {
    for (const row& r : chosen(quick)) {
        const auto found = places_.find(r.name);
        if (found == places_.end()) {
            continue;
        }
        for (const auto& [contender, place] : found->second) {
            if (!place.work) {
                continue;
            }
            const std::string name = r.name + "/" + contender;
            auto* const entered =
                benchmark::RegisterBenchmark(name.c_str(), [name, work = place.work](benchmark::State& state) {
                    const watchdog limited{name, longest};
                    work(state);
                });
            if (place.by_itself) {
                entered->UseManualTime();
            } else if (r.wall) {
                entered->UseRealTime();
            }
            if (r.once || place.by_itself) {  // who measures itself does a whole batch at a time
                entered->Iterations(1);
            }
            if (r.repetitions != 0) {
                entered->Repetitions(r.repetitions);
            }
        }
    }
}

}  // namespace galley_bench
