// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/generate/shrink.hpp"

#include <algorithm>
#include <utility>

#include "spec/stage/form/validate.hpp"
#include "spec/stage/form/vocabulary.hpp"
#include "spec/stage/generate/shrink_edits.hpp"

namespace galley::spec {

namespace {

using namespace shrink_edits;

bool is_valid(const scenario& s) {
    try {
        validate(s);
        return true;
    } catch (const scenario_error&) {
        return false;
    }
}

/// Greedy: what is accepted becomes the best at once, and the pass goes on from it. Every edit makes the scenario
/// smaller in a well-founded order (fewer parts, or the same parts with smaller numbers), so passes end.
class shrinker {
public:
    shrinker(scenario s, function_ref<bool(const scenario&)> accept, std::size_t attempts)
        : best_{std::move(s)}, accept_{accept}, left_{attempts} {}

    scenario run() {
        while (left_ > 0 && passes()) {
        }
        return std::move(best_);
    }

    /// True if some pass made it smaller.
    bool passes() {
        accepted_ = false;
        routines();
        statements();
        entries();
        used_objects();
        inlined();
        chosen_settings();
        numbers();
        return accepted_;
    }

private:
    bool attempt(scenario candidate) {
        if (left_ == 0 || candidate == best_ || !is_valid(candidate)) return false;
        --left_;
        if (!accept_(candidate)) return false;
        best_ = std::move(candidate);
        return accepted_ = true;
    }

    /// An edit of a copy; false if the edit says that it does not apply.
    template <typename Edit>
    bool attempt_edit(Edit edit) {
        if (left_ == 0) return false;  // saves the copy
        scenario candidate = best_;
        return edit(candidate) && attempt(std::move(candidate));
    }

    void routines() {
        for (std::size_t r = best_.routines.size(); r-- > 0;) {
            attempt_edit([r](scenario& s) { return remove_routine(s, r); });
        }
    }

    /// Leaves out runs of a half, a quarter, ... of what `select` gives, down to single ones.
    template <typename Select>
    void runs_of(Select select) {
        for (auto length = select(best_).size(); length > 0; length /= 2) {
            for (std::size_t from = 0; from < select(best_).size();) {
                const bool gone = attempt_edit([&](scenario& s) {
                    auto& items = select(s);
                    const auto begin = items.begin() + static_cast<std::ptrdiff_t>(from);
                    items.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(length, items.size() - from)));
                    return true;
                });
                if (!gone) from += length;
            }
        }
    }

    void statements() {
        for (std::size_t r = 0; r < best_.routines.size(); ++r) {
            runs_of([r](scenario& s) -> auto& { return s.routines[r].body; });
        }
        for_each_statement([this](std::size_t r, std::size_t i) {
            for (std::size_t k = best_.routines[r].body[i].routines.size(); k-- > 0;) {
                attempt_edit([=](scenario& s) {
                    auto& list = s.routines[r].body[i].routines;
                    list.erase(list.begin() + static_cast<std::ptrdiff_t>(k));
                    return true;
                });
            }
        });
    }

    void entries() {
        runs_of([](scenario& s) -> auto& { return s.world; });
    }

    void used_objects() {
        for (const auto& row : objects) {
            for (auto k = declared(best_, row); k-- > 0;) {
                attempt_edit([&](scenario& s) { return remove_object(s, row, k); });
            }
        }
    }

    void inlined() {
        for_each_statement([this](std::size_t r, std::size_t i) {
            attempt_edit([=](scenario& s) { return inline_statement(s, r, i); });
        });
    }

    void chosen_settings() {
        attempt_edit([](scenario& s) { return std::exchange(s.close, closing::destroy) != closing::destroy; });
        for (const auto& row : settings) {
            smaller(row.get(best_), row.usual, row.low, [&](scenario& s, std::int64_t v) { row.set(s, v); });
        }
        for (const auto& row : objects) {
            if (!row.initial) continue;
            for (std::size_t k = 0; k < (best_.*row.initial).size(); ++k) {
                smaller((best_.*row.initial)[k], row.low, row.low,
                        [&](scenario& s, std::int64_t v) { (s.*row.initial)[k] = v; });
            }
        }
    }

    void numbers() {
        for_each_statement([this](std::size_t r, std::size_t i) {
            const auto row = info(best_.routines[r].body[i].what).operands();
            for (std::size_t o = 0; o < row.size(); ++o) {
                if (row[o].kind == operand_kind::routine || row[o].kind == operand_kind::routines) continue;
                smaller(best_.routines[r].body[i].operands[o], row[o].low, row[o].low,
                        [=](scenario& s, std::int64_t v) { s.routines[r].body[i].operands[o] = v; });
            }
        });
        for (std::size_t e = 0; e < best_.world.size(); ++e) {
            const auto before = e == 0 ? 0 : best_.world[e - 1].at;
            smaller(best_.world[e].at, before, before, [=](scenario& s, std::int64_t v) { s.world[e].at = v; });
            const auto row = info(best_.world[e].what).operands();
            for (std::size_t o = 0; o < row.size(); ++o) {
                const auto least = std::max<std::int64_t>(row[o].low, 0);
                smaller(best_.world[e].operands[o], least, row[o].low,
                        [=](scenario& s, std::int64_t v) { s.world[e].operands[o] = v; });
            }
        }
    }

    /// Tries numbers nearer to `target` (not below `low`), the nearest first, as long as one is accepted.
    template <typename Put>
    void smaller(std::int64_t value, std::int64_t target, std::int64_t low, Put put) {
        const auto accepted = [&](std::int64_t v) {
            return v >= low && attempt_edit([&](scenario& s) {
                       put(s, v);
                       return true;
                   });
        };
        for (bool more = true; more;) {
            const auto tries = nearer(value, target);
            const auto found = std::ranges::find_if(tries, accepted);
            more = found != tries.end();
            if (more) value = *found;
        }
    }

    /// The best may change under the visit, and bodies shrink: bounds are read anew.
    template <typename Visit>
    void for_each_statement(Visit visit) {
        for (std::size_t r = 0; r < best_.routines.size(); ++r) {
            for (std::size_t i = 0; r < best_.routines.size() && i < best_.routines[r].body.size(); ++i) visit(r, i);
        }
    }

    scenario best_;
    function_ref<bool(const scenario&)> accept_;
    std::size_t left_;
    bool accepted_{false};
};

}  // namespace

scenario shrink(scenario s, function_ref<bool(const scenario&)> still_fails, shrink_limits limits) {
    return shrinker{std::move(s), still_fails, limits.attempts}.run();
}

std::vector<scenario> shrink_candidates(const scenario& s) {
    std::vector<scenario> found;
    const auto collect = [&found](const scenario& candidate) {
        found.push_back(candidate);
        return false;  // so that each candidate is one step from s
    };
    shrinker{s, collect, static_cast<std::size_t>(-1)}.passes();
    return found;
}

}  // namespace galley::spec
