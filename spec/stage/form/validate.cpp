// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/form/validate.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <string_view>

#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {

namespace {

std::string indexed(std::string_view list, std::size_t i) { return std::string{list} + '[' + std::to_string(i) + ']'; }

std::string range_text(std::int64_t low, std::int64_t high) {
    return std::to_string(low) + " to " + std::to_string(high);
}

void check_range(const std::string& where, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return;
    throw scenario_error{where, "expected an integer from " + range_text(low, high) + ", got " + std::to_string(value)};
}

void check_count(const std::string& where, std::size_t count, std::size_t low, std::size_t high,
                 std::string_view of_what) {
    if (count >= low && count <= high) return;
    throw scenario_error{where, "expected " + std::to_string(low) + " to " + std::to_string(high) + ' ' +
                                    std::string{of_what} + ", got " + std::to_string(count)};
}

void check_name(const std::string& where, const std::string& name) {
    if (name.size() > longest_name) {
        throw scenario_error{where, "expected at most " + std::to_string(longest_name) + " bytes, got " +
                                        std::to_string(name.size())};
    }
    try {
        static_cast<void>(nlohmann::json(name).dump());  // the writer must be able to write it
    } catch (const nlohmann::json::type_error&) {
        throw scenario_error{where, "expected UTF-8"};
    }
}

void check_settings(const scenario& s) {
    check_name("name", s.name);
    for (const auto& row : settings) check_range(std::string{row.key}, row.get(s), row.low, row.high);
    if (!std::has_single_bit(static_cast<std::uint64_t>(s.resolution))) {
        throw scenario_error{"resolution", "expected a power of two, got " + std::to_string(s.resolution)};
    }
    if (s.close != closing::destroy && s.close != closing::orderly) {
        throw scenario_error{"close", "expected destroy or orderly"};
    }
    for (const auto& row : objects) {
        const std::string key{row.key};
        if (!row.initial) {
            check_range(key, s.*row.count, 0, most_objects);
            continue;
        }
        const auto& initial = s.*row.initial;
        check_count(key, initial.size(), 0, most_objects, "entries");
        for (std::size_t i = 0; i < initial.size(); ++i) check_range(indexed(key, i), initial[i], row.low, row.high);
    }
}

void check_routine(const scenario& s, const std::string& where, std::size_t own, std::int64_t named) {
    const auto count = static_cast<std::int64_t>(s.routines.size());
    if (named > static_cast<std::int64_t>(own) && named < count) return;
    const std::string got = ", got " + std::to_string(named);
    const bool last = own + 1 == s.routines.size();
    throw scenario_error{where, "expected a routine with a higher number than its own (" +
                                    (last ? "there is none above " + std::to_string(own)
                                          : range_text(static_cast<std::int64_t>(own) + 1, count - 1)) +
                                    ')' + got};
}

void check_index(const scenario& s, const std::string& where, operand_kind kind, std::int64_t index) {
    const auto& row = object(kind);
    const auto count = declared(s, row);
    if (index < count) return;
    throw scenario_error{where, "expected one of the " + std::to_string(count) + " declared " + std::string{row.key} +
                                    ", got " + std::to_string(index)};
}

void check_unused(const std::string& where, std::span<const std::int64_t> unused) {
    for (const auto v : unused) {
        if (v != 0) throw scenario_error{where, "expected an unused operand to be 0, got " + std::to_string(v)};
    }
}

void check_statement(const scenario& s, const std::string& where, std::size_t own, const statement& st) {
    if (static_cast<std::size_t>(st.what) >= verb_count) {
        throw scenario_error{where + ".do", "expected a verb, got number " + std::to_string(static_cast<int>(st.what))};
    }
    const auto row = info(st.what).operands();
    if (has_list(st.what)) {
        check_unused(where, st.operands);
        check_count(where + ".routines", st.routines.size(), static_cast<std::size_t>(row[0].low),
                    static_cast<std::size_t>(row[0].high), "routines");
        for (std::size_t i = 0; i < st.routines.size(); ++i) {
            check_routine(s, indexed(where + ".routines", i), own, st.routines[i]);
        }
        return;
    }
    check_unused(where, std::span{st.operands}.subspan(row.size()));
    if (!st.routines.empty()) throw scenario_error{where, "expected a list of routines for all and any only"};
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string field = where + '.' + std::string{row[i].key};
        if (row[i].kind == operand_kind::routine) {
            check_routine(s, field, own, st.operands[i]);
            continue;
        }
        check_range(field, st.operands[i], row[i].low, row[i].high);
        if (is_object(row[i].kind)) check_index(s, field, row[i].kind, st.operands[i]);
    }
}

void check_world(const scenario& s) {
    check_count("world", s.world.size(), 0, most_entries, "entries");
    std::int64_t before = 0;
    for (std::size_t e = 0; e < s.world.size(); ++e) {
        const auto& entry = s.world[e];
        const std::string where = indexed("world", e);
        check_range(where + ".at", entry.at, operands::at.low, operands::at.high);
        if (entry.at < before) {
            throw scenario_error{where + ".at", "expected entries sorted by time: at least " + std::to_string(before) +
                                                    ", got " + std::to_string(entry.at)};
        }
        before = entry.at;
        if (static_cast<std::size_t>(entry.what) >= world_verb_count) {
            throw scenario_error{where + ".do", "expected a verb of the world, got number " +
                                                    std::to_string(static_cast<int>(entry.what))};
        }
        const auto row = info(entry.what).operands();
        check_unused(where, std::span{entry.operands}.subspan(row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string field = where + '.' + std::string{row[i].key};
            check_range(field, entry.operands[i], row[i].low, row[i].high);
            if (is_object(row[i].kind)) check_index(s, field, row[i].kind, entry.operands[i]);
        }
    }
}

}  // namespace

std::int64_t cost(const scenario& s, std::size_t routine) {
    std::vector<std::int64_t> costs(s.routines.size(), 0);
    for (std::size_t r = s.routines.size(); r-- > routine;) {
        for (const auto& st : s.routines[r].body) {
            costs[r] += 1;
            for (const auto named : named_routines(st)) costs[r] += costs[named];
        }
        costs[r] = std::min(costs[r], most_cost + 1);  // so that the sums of the lower routines cannot overflow
    }
    return costs.at(routine);
}

void validate(const scenario& s) {
    check_settings(s);
    check_count("routines", s.routines.size(), 1, most_routines, "routines");
    for (std::size_t r = 0; r < s.routines.size(); ++r) {
        const std::string where = indexed("routines", r);
        check_name(where + ".name", s.routines[r].name);
        const auto& body = s.routines[r].body;
        check_count(where + ".body", body.size(), 0, most_statements, "statements");
        for (std::size_t i = 0; i < body.size(); ++i) check_statement(s, indexed(where + ".body", i), r, body[i]);
    }
    check_world(s);
    if (cost(s) > most_cost) {
        throw scenario_error{"routines[0]", "expected main to cost at most " + std::to_string(most_cost) +
                                                ": it costs more, counting each statement and what it calls"};
    }
}

}  // namespace galley::spec
