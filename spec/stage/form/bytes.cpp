// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/bytes.hpp"

#include <algorithm>
#include <utility>

#include "spec/stage/form/byte_codes.hpp"
#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {

namespace {

namespace codes = byte_codes;

constexpr std::size_t usual_statements = 8;  // of a routine, for fewer allocations

class reader {
public:
    explicit reader(std::span<const std::uint8_t> bytes) : left_{bytes} {}

    bool done() const noexcept { return left_.empty(); }

    std::uint8_t byte() noexcept {
        if (left_.empty()) return 0;
        const auto b = left_.front();
        left_ = left_.subspan(1);
        return b;
    }

    std::int64_t number(std::int64_t low, std::int64_t high) noexcept { return std::clamp(any_number(), low, high); }

    /// Indices and routines as raw bytes: what they mean is known when all records have been read.
    std::int64_t operand(const operand_info& row) noexcept {
        return is_number(row.kind) ? number(row.low, row.high) : byte();
    }

private:
    std::int64_t any_number() noexcept {
        const auto code = byte();
        if (code < codes::literals) return code;
        const std::size_t edge = code - std::size_t{codes::literals};
        if (edge < codes::edges.size()) return codes::edges[edge];
        if (code != codes::escape) return code % codes::literals;
        std::uint64_t bits = 0;
        for (unsigned shift = 0; shift < 64; shift += 8) bits |= std::uint64_t{byte()} << shift;
        return static_cast<std::int64_t>(bits);
    }

    std::span<const std::uint8_t> left_;
};

class decoder {
public:
    explicit decoder(std::span<const std::uint8_t> bytes) : in_{bytes} { result_.routines.emplace_back(); }

    scenario decode() {
        while (!in_.done()) record(codes::tag_of(in_.byte()));
        for (std::size_t r = result_.routines.size(); r-- > 0;) settle_routine(r);
        for (auto& entry : result_.world) settle_objects(info(entry.what), entry.operands);
        return std::move(result_);
    }

private:
    void record(std::size_t tag) {
        if (tag < codes::next_routine) {
            read_statement(static_cast<verb>(tag - codes::statements));
        } else if (tag == codes::next_routine) {
            if (result_.routines.size() < most_routines) result_.routines.emplace_back();
        } else if (tag < codes::first_setting) {
            read_entry(static_cast<world_verb>(tag - codes::entries));
        } else if (tag < codes::orderly) {
            read_setting(settings[tag - codes::first_setting]);
        } else if (tag == codes::orderly) {
            result_.close = closing::orderly;
        } else {
            read_object(objects[tag - codes::first_object]);
        }
    }

    void read_statement(verb what) {
        statement s{what};
        const auto row = info(what).operands();
        if (has_list(what)) {
            const auto low = static_cast<std::size_t>(row[0].low);
            const auto lengths = static_cast<std::size_t>(row[0].high - row[0].low) + 1;
            s.routines.resize(low + codes::wrapped(in_.byte(), lengths));
            for (auto& r : s.routines) r = in_.byte();
        } else {
            for (std::size_t i = 0; i < row.size(); ++i) s.operands[i] = in_.operand(row[i]);
        }
        auto& body = result_.routines.back().body;
        if (body.empty()) body.reserve(usual_statements);
        if (body.size() < most_statements) body.push_back(std::move(s));
    }

    void read_entry(world_verb what) {
        const auto later = in_.number(operands::at.low, operands::at.high);
        const auto before = result_.world.empty() ? 0 : result_.world.back().at;
        world_entry e{before + std::min(later, last_time - before), what};
        const auto row = info(what).operands();
        for (std::size_t i = 0; i < row.size(); ++i) e.operands[i] = in_.operand(row[i]);
        if (result_.world.size() < most_entries) result_.world.push_back(e);
    }

    void read_setting(const setting_info& row) {
        if (row.key == "resolution") {
            result_.resolution = std::int64_t{1} << in_.number(0, 40);
        } else {
            row.set(result_, in_.number(row.low, row.high));
        }
    }

    void read_object(const object_info& row) {
        const auto initial = row.initial ? in_.number(row.low, row.high) : 0;
        const auto count = declared(result_, row);
        if (count == static_cast<std::int64_t>(most_objects)) return;
        declare(result_, row, count + 1);
        if (row.initial) (result_.*row.initial).back() = initial;
    }

    /// Gives raw bytes their meaning, and leaves out what would cost too much; higher routines are settled already.
    void settle_routine(std::size_t own) {
        auto& body = result_.routines[own].body;
        auto kept = body.begin();
        for (auto& s : body) {
            settle_routines(s, own);
            const auto price = price_of(s);
            if (costs_[own] + price > most_cost_from_bytes) continue;
            costs_[own] += price;
            settle_objects(info(s.what), s.operands);
            std::swap(*kept++, s);
        }
        body.erase(kept, body.end());
    }

    [[nodiscard]] std::int64_t price_of(const statement& s) const {
        std::int64_t price = 1;
        for (const auto named : s.routines) price += costs_[named];
        const auto row = info(s.what).operands();
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (row[i].kind == operand_kind::routine) price += costs_[static_cast<std::size_t>(s.operands[i])];
        }
        return price;
    }

    void settle_routines(statement& s, std::size_t own) {
        const auto higher = result_.routines.size() - own - 1;
        const auto settle = [&](std::int64_t raw) { return own + 1 + static_cast<std::size_t>(raw) % higher; };
        const auto row = info(s.what).operands();
        const bool names = std::ranges::find(row, operand_kind::routine, &operand_info::kind) != row.end();
        if (higher == 0 && (names || !s.routines.empty())) {
            s = statement{};
            return;
        }
        for (auto& r : s.routines) r = static_cast<std::uint8_t>(settle(r));
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (row[i].kind == operand_kind::routine) s.operands[i] = static_cast<std::int64_t>(settle(s.operands[i]));
        }
    }

    void settle_objects(const verb_info& verb, std::array<std::int64_t, 2>& operands) {
        for (std::size_t i = 0; i < verb.count; ++i) {
            const auto& row = verb.slots[i];
            const auto raw = static_cast<std::uint8_t>(operands[i]);
            if (is_slot(row.kind)) {
                operands[i] = static_cast<std::int64_t>(codes::wrapped(raw, static_cast<std::size_t>(row.high) + 1));
            } else if (is_object(row.kind)) {
                const auto& kind = object(row.kind);
                if (declared(result_, kind) == 0) declare(result_, kind, 1);
                operands[i] = raw % declared(result_, kind);
            }
        }
    }

    reader in_;
    scenario result_{};
    std::array<std::int64_t, most_routines> costs_{};
};

}  // namespace

scenario from_bytes(std::span<const std::uint8_t> bytes) { return decoder{bytes}.decode(); }

}  // namespace galley::spec
