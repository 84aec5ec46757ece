// SPDX-License-Identifier: BSL-1.0
// What the model of a channel has that the kernel has not.
#include <spec/stage/form/vocabulary.hpp>
#include <spec/stage/real/real_channels.hpp>
#include <spec/stage/real/real_run.hpp>

namespace galley::spec {

namespace {

/// What the model calls room must be more than a program can use up, and what it writes at once must fit.
constexpr std::int64_t plenty = 1'000'000;
constexpr std::int64_t most_transferred = 1'024;
/// So much the kernel keeps of what nobody reads, in the smallest of its buffers, whatever the pieces.
constexpr std::int64_t most_pieces = 50;

std::optional<std::string> why_not(const world_entry& e, bool has_ended) {
    switch (e.what) {
        case world_verb::break_: return "a failure that stays, with a code of choice";
        case world_verb::room:
            if (e.operands[1] < plenty) {
                return "room to the byte";
            }
            break;
        case world_verb::data:
            if (has_ended) {
                return "data after the end";
            }
            if (e.operands[1] > most_transferred) {
                return "so much data at once";
            }
            break;
        default: break;
    }
    return std::nullopt;
}

bool fits(verb what, wire w) noexcept {
    switch (what) {
        case verb::read:
        case verb::readable:
        case verb::write:
        case verb::writable: return !is_listener(w) && w != wire::connector;
        case verb::accept: return is_listener(w);
        default: return what != verb::connect;  // it is not the world's to say when a connection is made
    }
}

bool fits(world_verb what, wire w) noexcept {
    switch (what) {
        case world_verb::peer: return is_listener(w);
        case world_verb::room: return true;
        default: return !is_listener(w);
    }
}

}  // namespace

std::optional<std::string> why_not_lockstep(const scenario& s) {
    const std::vector<wire> wires = wires_of(s);
    for (const std::int64_t room : s.channels) {
        if (room > 0 && room < plenty) {
            return "room to the byte";
        }
    }
    for (const routine& r : s.routines) {
        for (const statement& st : r.body) {
            const auto& operands = info(st.what).operands();
            if (operands.empty() || operands[0].kind != operand_kind::channel) {
                continue;
            }
            if (!fits(st.what, wires[static_cast<std::size_t>(st.operands[0])])) {
                return std::string{info(st.what).name} + " on such a channel";
            }
            if (st.operands[1] > most_transferred) {
                return "such long transfers";
            }
        }
    }
    std::vector<bool> has_ended(s.channels.size());
    std::vector<std::int64_t> pieces(s.channels.size());
    for (const world_entry& e : s.world) {
        if (!concerns_channel(e.what)) {
            continue;
        }
        const auto c = static_cast<std::size_t>(e.operands[0]);
        if (!fits(e.what, wires[c])) {
            return std::string{info(e.what).name} + " on such a channel";
        }
        if (const auto reason = why_not(e, has_ended[c])) {
            return reason;
        }
        if (e.what != world_verb::room && ++pieces[c] > most_pieces) {
            return "so many pieces of data";
        }
        has_ended[c] = has_ended[c] || e.what == world_verb::end;
    }
    return std::nullopt;
}

}  // namespace galley::spec
