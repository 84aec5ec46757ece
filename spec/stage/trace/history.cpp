// SPDX-License-Identifier: BSL-1.0
#include "spec/stage/trace/history.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string_view>

namespace galley::spec {
namespace {

std::int64_t number(std::string_view text) {
    std::int64_t v{};
    std::from_chars(text.data(), text.data() + text.size(), v);
    return v;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
    return b > std::numeric_limits<std::int64_t>::max() - a ? std::numeric_limits<std::int64_t>::max() : a + b;
}

activity kind_of(std::string_view await) {
    if (await == "sleep") return activity::sleeping;
    if (await == "yield" || await == "budget") return activity::queued;
    for (const auto* io : {"read", "write", "accept", "connect", "readable", "writable"})
        if (await == io) return activity::io;
    return activity::waiting;
}

class historian {
public:
    historian(const trace& t, axis along) : along_{along}, has_rounds_{t.has_level_l} {}

    void take(const event& e) {
        const auto id = e.numbers[0];
        ++index_;
        switch (e.kind) {
            case event_kind::spawn:
                h_.tasks.push_back({.by = e.numbers[1], .routine = h_.tasks.empty() ? 0 : -1});
                since_.push_back({activity::queued, at(), at()});
                if (e.numbers[2] != 0) spawned_in_[e.numbers[2]].push_back(id);
                break;
            case event_kind::step:
                if (along_ == axis::rounds && !has_rounds_) ++round_;
                clock_ = std::max(clock_, number(e.texts[0]));
                begin(id, activity::running,
                      along_ == axis::rounds ? std::max<std::int64_t>(round_ - 1, 0) * round_length : at());
                break;
            case event_kind::sample: clock_ = std::max(clock_, number(e.texts[0])); break;
            case event_kind::round: round_ = static_cast<std::int64_t>(e.numbers[0]); break;
            case event_kind::await:
                begin(id, kind_of(e.texts[0]), at());
                if (e.texts[0] == "all" || e.texts[0] == "any") name_children(e);
                break;
            case event_kind::ready:
                if (along_ == axis::events && known(id) && since_[id - 1].what != activity::running)
                    begin(id, activity::queued, at());
                break;
            case event_kind::did: did(e); break;
            case event_kind::scope:
                if (opens(e)) innermost_[id] = e.numbers[1];
                break;
            case event_kind::end:
                finish(id, e.texts[0] == "value"       ? ending::value
                           : e.texts[0] == "exception" ? ending::failed
                                                       : ending::cancelled);
                break;
            case event_kind::destroyed: finish(id, ending::destroyed); break;
            default: break;
        }
    }

    history result() && {
        for (std::uint64_t id = 1; id <= h_.tasks.size(); ++id)
            if (known(id) && h_.tasks[id - 1].end == ending::none) close(id, after());
        h_.end = std::max(h_.end, at());
        return std::move(h_);
    }

private:
    [[nodiscard]] std::int64_t at() const {
        return along_ == axis::time ? clock_ : along_ == axis::rounds ? round_ * round_length : index_;
    }
    // What never ended is drawn beyond the last round, or nothing of it would be seen.
    [[nodiscard]] std::int64_t after() const {
        return along_ == axis::time ? clock_ : along_ == axis::rounds ? (round_ + 1) * round_length : index_ + 1;
    }
    [[nodiscard]] bool known(std::uint64_t id) const { return id >= 1 && id <= h_.tasks.size(); }

    void close(std::uint64_t id, std::int64_t at) {
        auto& open = since_[id - 1];
        open.to = std::max(open.from, at);
        h_.end = std::max(h_.end, open.to);
        if (open.what == activity::sleeping || open.what == activity::io) h_.waits = sum(h_.waits, open.to - open.from);
        h_.tasks[id - 1].spans.push_back(open);
    }

    void begin(std::uint64_t id, activity what, std::int64_t at) {
        if (!known(id)) return;
        close(id, at);
        since_[id - 1] = {what, at, at};
    }

    void finish(std::uint64_t id, ending how) {
        if (!known(id)) return;
        const auto at_end = how == ending::destroyed && along_ != axis::events ? after() : at();
        close(id, at_end);
        h_.tasks[id - 1].end = how;
        h_.tasks[id - 1].ended_at = at_end;
    }

    void did(const event& e) {
        const auto& [verb, operands, result] = e.texts;
        const std::string_view arg = operands;
        if (verb == "burn") clock_ = sum(clock_, number(arg));
        const auto id = static_cast<std::uint64_t>(number(result));
        const auto comma = std::min(arg.find(','), arg.size());
        if (verb == "spawn" && known(id)) h_.tasks[id - 1].routine = static_cast<int>(number(arg));
        if (verb == "go" && known(id))
            h_.tasks[id - 1].routine = static_cast<int>(number(arg.substr(std::min(comma + 1, arg.size()))));
    }

    // The children of all and any are spawned in the order of the list, in the scope that was opened last.
    void name_children(const event& e) {
        std::string_view list = e.texts[1];
        for (const auto child : spawned_in_[innermost_[e.numbers[0]]]) {
            if (list.empty()) break;
            if (known(child)) h_.tasks[child - 1].routine = static_cast<int>(number(list));
            list.remove_prefix(std::min(list.find(','), list.size() - 1) + 1);
        }
    }

    axis along_;
    bool has_rounds_;
    std::int64_t clock_{0};
    std::int64_t round_{0};
    std::int64_t index_{-1};  // of the event that is being told
    history h_{};
    std::vector<span> since_{};
    std::map<std::uint64_t, std::vector<std::uint64_t>> spawned_in_{};
    std::map<std::uint64_t, std::uint64_t> innermost_{};
};

}  // namespace

history history_of(const trace& t, axis along) {
    historian h{t, along};
    for (const auto& e : t.events) h.take(e);
    return std::move(h).result();
}

}  // namespace galley::spec
