// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <bit>

#include "spec/stage/form/byte_codes.hpp"
#include "spec/stage/form/bytes.hpp"
#include "spec/stage/form/vocabulary.hpp"

namespace galley::spec {

namespace {

namespace codes = byte_codes;

class encoder {
public:
    std::vector<std::uint8_t> encode(const scenario& s) {
        settings_of(s);
        objects_of(s);
        for (std::size_t r = 0; r < s.routines.size(); ++r) {
            if (r > 0) tag(codes::next_routine);
            for (const auto& st : s.routines[r].body) statement_of(st, r);
        }
        world_of(s);
        return std::move(bytes_);
    }

private:
    void tag(std::size_t t) { bytes_.push_back(static_cast<std::uint8_t>(t)); }

    void byte(std::int64_t v) { bytes_.push_back(static_cast<std::uint8_t>(v)); }

    void number(std::int64_t v) {
        if (v >= 0 && v < codes::literals) return byte(v);
        const auto edge = std::ranges::find(codes::edges, v);
        if (edge != codes::edges.end()) return byte(codes::literals + (edge - codes::edges.begin()));
        byte(codes::escape);
        for (unsigned shift = 0; shift < 64; shift += 8) {
            bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(v) >> shift));
        }
    }

    void settings_of(const scenario& s) {
        for (std::size_t i = 0; i < settings.size(); ++i) {
            const auto& row = settings[i];
            const auto value = row.get(s);
            if (value == row.usual) continue;
            tag(codes::first_setting + i);
            number(row.key == "resolution" ? std::countr_zero(static_cast<std::uint64_t>(value)) : value);
        }
        if (s.close == closing::orderly) tag(codes::orderly);
    }

    void objects_of(const scenario& s) {
        for (std::size_t i = 0; i < objects.size(); ++i) {
            for (std::int64_t k = 0; k < declared(s, objects[i]); ++k) {
                tag(codes::first_object + i);
                if (objects[i].initial) number((s.*objects[i].initial)[static_cast<std::size_t>(k)]);
            }
        }
    }

    void statement_of(const statement& s, std::size_t own) {
        tag(codes::statements + static_cast<std::size_t>(s.what));
        const auto above = [own](std::int64_t r) { return r - static_cast<std::int64_t>(own) - 1; };
        const auto row = info(s.what).operands();
        if (has_list(s.what)) {
            byte(static_cast<std::int64_t>(s.routines.size()) - row[0].low);
            for (const auto r : s.routines) byte(above(r));
            return;
        }
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (is_number(row[i].kind)) {
                number(s.operands[i]);
            } else {
                byte(row[i].kind == operand_kind::routine ? above(s.operands[i]) : s.operands[i]);
            }
        }
    }

    void world_of(const scenario& s) {
        std::int64_t before = 0;
        for (const auto& e : s.world) {
            tag(codes::entries + static_cast<std::size_t>(e.what));
            number(e.at - before);
            before = e.at;
            const auto row = info(e.what).operands();
            for (std::size_t i = 0; i < row.size(); ++i) {
                if (is_number(row[i].kind)) {
                    number(e.operands[i]);
                } else {
                    byte(e.operands[i]);
                }
            }
        }
    }

    std::vector<std::uint8_t> bytes_{};
};

}  // namespace

std::vector<std::uint8_t> to_bytes(const scenario& s) { return encoder{}.encode(s); }

}  // namespace galley::spec
