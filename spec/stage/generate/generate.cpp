// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/generate/generate.hpp"

#include "spec/stage/form/byte_codes.hpp"
#include "spec/stage/form/bytes.hpp"
#include "spec/stage/generate/random_source.hpp"

namespace galley::spec {

namespace {

namespace codes = byte_codes;

/// Writes the byte form, which makes any choice a valid scenario.
class byte_generator {
public:
    byte_generator(std::uint64_t seed, const leaning& to) : random_{seed}, to_{to} {}

    std::vector<std::uint8_t> generate(std::size_t size) {
        while (random_.one_in(3)) setting();
        for (std::size_t i = 0; i < objects.size(); ++i) {
            for (auto count = random_.below(3); count > 0; --count) object_of(i);
        }
        const auto routines = 1 + random_.below(1 + size / 4 < 8 ? 1 + size / 4 : 8);
        for (std::size_t r = 0; r < routines; ++r) {
            if (r > 0) tag(codes::next_routine);
            for (auto count = random_.below(2 + 2 * size / routines); count > 0; --count) statement_of();
        }
        for (auto count = random_.below(2 + size / 4); count > 0; --count) entry();
        return std::move(bytes_);
    }

private:
    void tag(std::size_t t) { bytes_.push_back(static_cast<std::uint8_t>(t)); }

    void setting() {
        tag(random_.one_in(3) ? codes::orderly : codes::first_setting + random_.below(settings.size()));
        if (bytes_.back() != codes::orderly) bytes_.push_back(static_cast<std::uint8_t>(random_.below(8)));
    }

    void object_of(std::size_t kind) {
        tag(codes::first_object + kind);
        if (objects[kind].initial) number();
    }

    void statement_of() {
        // Structure first: a program that starts no second task shows little.
        constexpr std::array starters{verb::spawn, verb::all,     verb::any, verb::go,
                                      verb::group, verb::timeout, verb::call};
        const auto what = leans(to_.verbs)    ? to_.verbs[random_.below(to_.verbs.size())]
                          : random_.one_in(4) ? starters[random_.below(starters.size())]
                                              : static_cast<verb>(random_.below(verb_count));
        // What ends the routine or the run cuts the rest off, so it is rare.
        const bool cuts = what == verb::fail || what == verb::return_ || what == verb::stop || what == verb::keep_alive;
        if (cuts && !random_.one_in(3)) return statement_of();
        tag(codes::statements + static_cast<std::size_t>(what));
        operands_of(info(what));
    }

    void entry() {
        const auto what = leans(to_.world) ? to_.world[random_.below(to_.world.size())]
                                           : static_cast<world_verb>(random_.below(world_verb_count));
        if (what == world_verb::stop && !random_.one_in(4)) return entry();
        tag(codes::entries + static_cast<std::size_t>(what));
        number();
        operands_of(info(what));
    }

    void operands_of(const verb_info& verb) {
        for (const auto& row : verb.operands()) {
            if (is_number(row.kind)) {
                number();
            } else if (row.kind == operand_kind::routines) {
                const auto length = random_.below(4);
                bytes_.push_back(static_cast<std::uint8_t>(length));
                for (std::size_t i = 0; i < length + static_cast<std::size_t>(row.low); ++i) any_byte();
            } else if (is_slot(row.kind)) {
                bytes_.push_back(static_cast<std::uint8_t>(random_.below(3)));
            } else {
                any_byte();
            }
        }
    }

    void any_byte() { bytes_.push_back(static_cast<std::uint8_t>(random_.below(256))); }

    /// A leaning to nothing takes no random number: the scenarios are what they were.
    template <class Words>
    bool leans(const Words& to) {
        return !to.empty() && random_.one_in(2);
    }

    void number() {
        const bool far = to_.far_in > 0 && random_.one_in(to_.far_in);
        const auto reach = far ? std::size_t{codes::literals} + codes::edges.size() : codes::literals;
        bytes_.push_back(static_cast<std::uint8_t>(random_.below(reach)));
    }

    random_source random_;
    const leaning& to_;
    std::vector<std::uint8_t> bytes_{};
};

}  // namespace

scenario random_scenario(std::uint64_t seed, std::size_t size, const leaning& to) {
    return from_bytes(byte_generator{seed, to}.generate(size));
}

}  // namespace galley::spec
