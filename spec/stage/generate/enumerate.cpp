// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/generate/enumerate.hpp"

#include <algorithm>
#include <stdexcept>

namespace galley::spec {

namespace {

bool fills_slot(verb what) { return what == verb::spawn || what == verb::group || what == verb::scope; }

/// Builds programs of exactly one size in scan order (routine by routine, statement by statement), so that first uses
/// come in order by construction; the numbering of routines is pruned on the way and judged at the end.
class enumerator {
public:
    enumerator(const alphabet& letters, std::size_t size, function_ref<void(const scenario&)> visit)
        : letters_{letters}, size_{size}, left_{size}, visit_{visit}, program_{letters.base} {
        program_.routines.clear();
        for (const auto& l : letters_.letters) most_named_at_once_ = std::max(most_named_at_once_, l.list);
        for (const auto& entry : program_.world) {
            const auto row = info(entry.what).operands();
            for (std::size_t i = 0; i < row.size(); ++i) {
                if (!is_object(row[i].kind)) continue;
                auto& used = used_of(row[i].kind);
                if (entry.operands[i] > used) throw std::invalid_argument{"a world uses objects out of order"};
                used = std::max(used, entry.operands[i] + 1);
            }
        }
    }

    void run() { begin_routine(); }

private:
    void begin_routine() {
        program_.routines.emplace_back();
        extend();
        program_.routines.pop_back();
    }

    std::vector<statement>& body() { return program_.routines.back().body; }

    std::int64_t& used_of(operand_kind kind) { return used_[static_cast<std::size_t>(kind)]; }

    void extend() {
        if (!can_be_completed()) return;
        end_routine();
        if (left_ == 0) return;
        if (!body().empty() && (body().back().what == verb::fail || body().back().what == verb::return_)) return;
        --left_;
        for (const auto& l : letters_.letters) {
            body().push_back(statement{l.what, l.numbers, std::vector<std::uint8_t>(l.list)});
            choose(0);
            body().pop_back();
        }
        ++left_;
    }

    /// Not if there are more slots to fill than statements to come, or more routines than can differ (one may be empty)
    /// or can still be named. Early, as most programs that are begun would fail this in the end.
    bool can_be_completed() const {
        if (empty_slots_ > left_) return false;
        const auto own = program_.routines.size() - 1;
        if (highest_named_ <= own) return true;
        const auto named = times_named_.begin();
        const auto unnamed = std::count(named + static_cast<std::ptrdiff_t>(own) + 1,
                                        named + static_cast<std::ptrdiff_t>(highest_named_) + 1, 0);
        return highest_named_ - own <= left_ + 1 && static_cast<std::size_t>(unnamed) <= left_ * most_named_at_once_;
    }

    void end_routine() {
        const auto own = program_.routines.size() - 1;
        for (std::size_t r = 0; r < own; ++r) {
            if (program_.routines[r].body == body()) return;
        }
        if (own == highest_named_) {
            if (left_ == 0) complete();
            return;
        }
        if (times_named_[own + 1] == 0) return;  // all its namers have lower numbers, so nobody would name it
        const bool empty_one = std::ranges::any_of(program_.routines, [](const routine& r) { return r.body.empty(); });
        if (highest_named_ - own > left_ + (empty_one ? 0 : 1)) return;  // the rest could not all differ
        begin_routine();
    }

    /// Chooses the operands of the last statement from operand i on.
    void choose(std::size_t i) {
        const auto& verb = info(body().back().what);
        if (i == verb.count) return extend();
        const auto kind = verb.slots[i].kind;
        if (is_number(kind)) return choose(i + 1);
        if (kind == operand_kind::routines) return choose_list(0);
        if (kind == operand_kind::routine) {
            choose_routine([&](std::size_t r) { body().back().operands[i] = static_cast<std::int64_t>(r); },
                           [&] { choose(i + 1); });
            return;
        }
        auto& used = used_of(kind);
        const auto before = used;
        const auto limit = is_object(kind)             ? declared(letters_.base, object(kind))
                           : letters_.limits.slots > 0 ? letters_.limits.slots
                                                       : verb.slots[i].high + 1;
        for (std::int64_t index = 0; index <= std::min(before, limit - 1); ++index) {
            body().back().operands[i] = index;
            used = std::max(before, index + 1);
            fill(kind, index, [&] { choose(i + 1); });
            used = before;
        }
    }

    /// Goes on with what the last statement does to the slot: fill it, or only use it.
    template <typename Go>
    void fill(operand_kind kind, std::int64_t index, Go go) {
        if (letters_.limits.slots == 0 || !is_slot(kind)) return go();
        auto& use = slots_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(index)];
        const auto before = use;
        const auto empty_before = empty_slots_;
        if (fills_slot(body().back().what)) {
            empty_slots_ -= use == slot_use::empty ? 1 : 0;
            use = slot_use::filled;
        } else if (use == slot_use::none) {
            ++empty_slots_;
            use = slot_use::empty;
        }
        go();
        empty_slots_ = empty_before;
        use = before;
    }

    void choose_list(std::size_t k) {
        if (k == body().back().routines.size()) return extend();
        choose_routine([&](std::size_t r) { body().back().routines[k] = static_cast<std::uint8_t>(r); },
                       [&] { choose_list(k + 1); });
    }

    /// Any higher routine up to the highest that a program of this size can have: each but one has a statement.
    template <typename Put, typename Go>
    void choose_routine(Put put, Go go) {
        const auto before = highest_named_;
        for (auto r = program_.routines.size(); r <= size_; ++r) {
            put(r);
            ++times_named_[r];
            highest_named_ = std::max(before, r);
            go();
            highest_named_ = before;
            --times_named_[r];
        }
    }

    void complete() {
        if (!numbered_in_order()) return;
        for (const auto& row : objects) {
            declare(program_, row, used_of(row.kind));
            if (row.initial) {
                std::copy_n((letters_.base.*row.initial).begin(), used_of(row.kind), (program_.*row.initial).begin());
            }
        }
        visit_(program_);
    }

    /// The last rule but one of the header: whoever has the next number was named first of those that could take it.
    bool numbered_in_order() const {
        constexpr auto never = static_cast<std::size_t>(-1);
        std::array<std::size_t, most_routines> first_named{};
        std::array<std::size_t, most_routines> last_namer{};
        first_named.fill(never);
        std::size_t position = 0;
        for (std::size_t r = 0; r < program_.routines.size(); ++r) {
            for (const auto& s : program_.routines[r].body) {
                for (const auto named : named_routines(s)) {
                    first_named[named] = std::min(first_named[named], position++);
                    last_namer[named] = r;
                }
            }
        }
        for (std::size_t next = 1; next < program_.routines.size(); ++next) {
            for (std::size_t other = next + 1; other < program_.routines.size(); ++other) {
                if (last_namer[other] < next && first_named[other] < first_named[next]) return false;
            }
        }
        return true;
    }

    const alphabet& letters_;
    std::size_t size_;
    std::size_t left_;
    function_ref<void(const scenario&)> visit_;
    scenario program_;
    std::array<std::int64_t, operand_kind_count> used_{};
    enum class slot_use : std::uint8_t { none, empty, filled };
    std::array<std::array<slot_use, 16>, operand_kind_count> slots_{};
    std::size_t empty_slots_{0};  // that are used and not filled yet
    std::array<int, most_routines> times_named_{};
    std::size_t highest_named_{0};
    std::size_t most_named_at_once_{1};  // by one statement
};

}  // namespace

void for_each_program(const alphabet& letters, std::size_t most_operations, function_ref<void(const scenario&)> visit) {
    if (most_operations >= most_routines) throw std::invalid_argument{"for_each_program: too many operations"};
    for (std::size_t size = 0; size <= most_operations; ++size) enumerator{letters, size, visit}.run();
}

}  // namespace galley::spec
